from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from executor.domain.goal import Origin
from executor.domain.notice import Notice, NoticeKind, NoticeState
from storage.fetching import fetch
from storage.outbox import OutboxRows
from storage.rows import notice_from
from storage.store import Database
from storage.tables import notices
from tests.fakes import START
from tests.storage.making import later, notice, running, save


@pytest.fixture
def outbox(database: Database) -> OutboxRows:
    return database.outbox


async def stored(database: Database, key: str = "1/card") -> Notice:
    """The notice in whatever state it is."""
    async with database._connections.read_once() as connection:
        [row] = await fetch(connection, select(notices).where(notices.c.key == key))
        return notice_from(row)


async def sent(database: Database, *, revision: int = 0) -> None:
    """The card is in the chat as message 5."""
    await save(database, notices=[notice()])
    await database.outbox.mark_sending("1/card", 4)
    await database.outbox.mark_sent("1/card", 5, "hash", revision, later(1))


async def test_a_notice_comes_back_as_it_was_put(outbox: OutboxRows) -> None:
    full = notice(
        "1/milestone/50",
        NoticeKind.MILESTONE,
        chat_id=-100123456789012,
        thread_id=7,
        decision_number=3,
        facts={"percentage": 50, "lines": ["a", "b"], "none": None},
    )

    await outbox.put([full])

    assert await outbox.pending(START) == [full]


async def test_pending_notices_come_by_chat_then_priority_then_age(outbox: OutboxRows) -> None:
    card, old, new = notice("a"), notice("b", NoticeKind.TEXT), notice("c", NoticeKind.TEXT, created_at=later(1))
    urgent, other = notice("d", NoticeKind.ANSWER, created_at=later(2)), notice("e", chat_id=-1)
    await outbox.put([new, card, urgent, old, other, notice("f", due_at=later(1))])

    assert [n.key for n in await outbox.pending(START)] == ["e", "d", "b", "c", "a"]
    assert [n.key for n in await outbox.pending(START, limit=2)] == ["e", "d"]


async def test_only_one_gets_a_notice_to_send(outbox: OutboxRows) -> None:
    await outbox.put([notice()])

    first = await outbox.mark_sending("1/card", 41)
    second = await outbox.mark_sending("1/card", 41)

    assert first == notice(state=NoticeState.SENDING, attempts=1, probe_after=41)
    assert second is None
    assert await outbox.pending(START) == []
    assert await outbox.unfinished() == [first]


async def test_a_sent_notice_keeps_its_message(outbox: OutboxRows, database: Database) -> None:
    await sent(database)

    assert await stored(database) == notice(
        state=NoticeState.SENT, probe_after=4, message_id=5, content_hash="hash", sent_revision=0, sent_at=later(1)
    )
    assert [await outbox.message_of("1/card"), await outbox.message_of("2/card")] == [5, None]


async def test_a_sent_card_with_new_facts_is_pending_again(outbox: OutboxRows, database: Database) -> None:
    await sent(database)

    await save(database, notices=[notice(facts={"done": 1}, due_at=later(9))])

    [again] = await outbox.pending(later(9))
    assert (again.revision, again.message_id, again.facts, again.due_at) == (1, 5, {"done": 1}, later(9))


async def test_a_card_that_changes_while_it_is_sent_is_pending_as_soon_as_it_is_sent(
    outbox: OutboxRows, database: Database
) -> None:
    await outbox.put([notice()])
    row = await outbox.mark_sending("1/card", None)
    assert row is not None

    await save(database, notices=[notice(facts={"done": 1})])
    meanwhile = await outbox.pending(later(99))
    await outbox.mark_sent("1/card", 5, "hash", row.revision, later(1))

    assert meanwhile == []
    [again] = await outbox.pending(later(1))
    assert (again.revision, again.sent_revision, again.message_id) == (1, 0, 5)


async def test_a_pause_of_a_pending_card_outlives_new_facts(outbox: OutboxRows, database: Database) -> None:
    await outbox.put([notice()])
    await outbox.mark_pending("1/card", later(60), "429")

    await save(database, notices=[notice(facts={"done": 1})])

    assert await outbox.pending(later(59)) == []
    assert [n.facts for n in await outbox.pending(later(60))] == [{"done": 1}]


@pytest.mark.parametrize("kind", [NoticeKind.MILESTONE, NoticeKind.ANSWER, NoticeKind.TEXT])
async def test_what_may_be_said_once_is_said_once(database: Database, outbox: OutboxRows, kind: NoticeKind) -> None:
    await save(database, notices=[notice("k", kind, facts={"n": 1})])

    await save(database, notices=[notice("k", kind, facts={"n": 2}), notice("k", kind, facts={"n": 3})])

    assert await outbox.pending(START) == [notice("k", kind, facts={"n": 1})]


async def test_putting_a_known_key_changes_nothing(outbox: OutboxRows) -> None:
    await outbox.put([notice(facts={"n": 1})])

    await outbox.put([notice(facts={"n": 2})])

    assert await outbox.pending(START) == [notice(facts={"n": 1})]


async def test_an_edit_without_a_message_of_its_own_keeps_the_message(outbox: OutboxRows, database: Database) -> None:
    await sent(database)
    await save(database, notices=[notice()])
    await outbox.mark_sending("1/card", None)

    await outbox.mark_sent("1/card", None, "hash 2", 1, later(2))

    assert (await stored(database)).message_id == 5
    assert (await stored(database)).content_hash == "hash 2"


async def test_what_nobody_knows_can_be_sent_again_or_found(outbox: OutboxRows, database: Database) -> None:
    await outbox.put([notice()])
    await outbox.mark_sending("1/card", 3)
    await outbox.mark_unknown("1/card", "no answer")
    unknown = await outbox.unfinished()

    again = await outbox.mark_sending("1/card", 3)
    await outbox.mark_unknown("1/card", "no answer")
    await outbox.mark_sent("1/card", 4, "", 0, later(1))

    assert [(n.state, n.error) for n in unknown] == [(NoticeState.UNKNOWN, "no answer")]
    assert again is not None
    assert again.attempts == 2
    assert (await stored(database)).state is NoticeState.SENT


async def test_a_dead_notice_stays_dead(outbox: OutboxRows, database: Database) -> None:
    await outbox.put([notice()])
    await outbox.mark_dead("1/card", "chat not found")

    await outbox.mark_pending("1/card", START, "")
    await outbox.mark_sent("1/card", 1, "", 0, START)
    await save(database, notices=[notice()])

    assert await outbox.mark_sending("1/card", None) is None
    assert (await stored(database)).error == "chat not found"
    assert (await database.pulse()).dead_notices == 1


Mark = Callable[[OutboxRows], Awaitable[object]]


@pytest.mark.parametrize(
    "mark",
    [
        lambda outbox: outbox.mark_sent("1/card", 9, "other", 9, later(9)),
        lambda outbox: outbox.mark_pending("1/card", later(9), "late"),
        lambda outbox: outbox.mark_unknown("1/card", "late"),
        lambda outbox: outbox.mark_dead("1/card", "late"),
    ],
    ids=["sent", "pending", "unknown", "dead"],
)
async def test_a_mark_that_comes_after_sent_changes_nothing(database: Database, outbox: OutboxRows, mark: Mark) -> None:
    await sent(database)
    before = await stored(database)

    await mark(outbox)

    assert await stored(database) == before


async def test_a_message_that_is_gone_is_forgotten(outbox: OutboxRows, database: Database) -> None:
    await sent(database)

    await outbox.forget_message("1/card")

    forgotten = await stored(database)
    assert (forgotten.message_id, forgotten.content_hash, forgotten.sent_revision) == (None, "", -1)


async def test_known_messages_are_ours_and_peoples(outbox: OutboxRows, database: Database) -> None:
    await sent(database)
    await database.inbox.put([(1, 1, {"message": {"message_id": 8}}), (2, 2, {"message": {"message_id": 99}})])

    assert await outbox.known_message_ids(1, 4) == {5, 8}
    assert await outbox.known_message_ids(1, 5) == {8}
    assert [await outbox.last_message_id(chat) for chat in (1, 2, 3)] == [8, 99, None]


async def test_a_group_that_moved_has_its_rows_under_the_new_id(outbox: OutboxRows, database: Database) -> None:
    await sent(database)
    await save(database, new_goals=[running(origin=Origin(chat_id=1, message_id=3, person_id=1))])
    await database.inbox.put([(1, 1, {"message": {"message_id": 8}})])
    await database.chats.remember_chat(1, "group", "Team", START)

    await outbox.move_chat(1, -1001)
    await outbox.move_chat(1, -1001)

    assert [g.origin.chat_id for g in await database.goals(open_only=True, chat_id=-1001)] == [-1001]
    assert replace(await stored(database), chat_id=1).message_id is None
    assert (await stored(database)).chat_id == -1001
    assert [w.chat_id for w in await database.inbox.waiting()] == [-1001]
    assert [c.chat_id for c in await database.chats.all()] == [-1001]
    assert await outbox.last_message_id(-1001) is None
