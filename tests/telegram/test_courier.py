"""Nothing is lost, nothing is said twice without a mark, and each chat goes at its own pace."""

from dataclasses import replace
from datetime import timedelta

import pytest

from executor.domain.errors import DataFolderError
from executor.domain.notice import Notice, NoticeKind
from executor.engine.delivery.carrier import COURIER_POINTS, Carrier
from executor.engine.delivery.pace import LIVELY, TELEGRAM, Lanes
from executor.ports import (
    ChatMoved,
    Delivered,
    Delivery,
    MaybeDelivered,
    MessageGone,
    NotDelivered,
    Undeliverable,
)
from storage.outbox import OutboxRows
from storage.store import Database
from tests.fakes import START, CrashAt, Crashed
from tests.telegram.conftest import Post, ScriptedChat
from tests.telegram.values import notice

LOST = MaybeDelivered(error="ReadTimeout")
CARD, DECISION, END = NoticeKind.CARD, NoticeKind.DECISION, NoticeKind.END
MILESTONE, ANSWER, TEXT = NoticeKind.MILESTONE, NoticeKind.ANSWER, NoticeKind.TEXT


def card(goal: int = 1, **more: object) -> Notice:
    return notice(f"{goal}/card", CARD, goal_number=goal, facts={}, **more)


async def test_a_new_notice_is_sent_and_its_message_id_is_kept(post: Post, database: Database) -> None:
    await post.put(card())

    await post.round()

    assert post.chat.calls == [("1/card", None, False)]
    assert await post.states() == {"1/card": "sent"}
    assert await database.outbox.message_of("1/card") == 101


async def test_a_chat_hears_a_goals_card_then_questions_then_news_then_edits(post: Post) -> None:
    await post.put(card(2))
    await post.round()
    post.chat.calls.clear()

    await post.put(
        card(2),
        notice("2/milestone/50", MILESTONE, goal_number=2),
        notice("17/decision", DECISION, goal_number=1, decision_number=17),
        card(1, created_at=START + timedelta(seconds=1)),
        notice("answer/5/1", ANSWER),
    )
    await post.round()
    post.clock.advance(1)
    await post.round()

    assert post.chat.keys == ["answer/5/1", "1/card", "17/decision", "2/milestone/50", "2/card"]


async def test_what_a_goal_said_before_its_end_is_not_overtaken_by_its_end(post: Post) -> None:
    await post.put(
        notice("1/end", END, goal_number=1, created_at=START + timedelta(seconds=1)),
        notice("1/milestone/75", MILESTONE, goal_number=1),
        notice("1.1#1/text/1", TEXT, goal_number=1),
        notice("2.1#1/text/1", TEXT, goal_number=2),
    )

    await post.round()

    assert post.chat.keys == ["1.1#1/text/1", "1/milestone/75", "1/end", "2.1#1/text/1"]


async def test_many_changes_of_a_card_become_one_edit(post: Post) -> None:
    await post.put(card())
    await post.round()

    for _ in range(20):
        await post.put(card())
        await post.round()
    post.clock.advance(0.3)
    await post.round()

    assert post.chat.calls == [("1/card", None, False), ("1/card", 101, False)]
    assert await post.states() == {"1/card": "sent"}


async def test_a_change_while_a_card_is_on_its_way_is_shown_later(post: Post, database: Database) -> None:
    await post.put(card())
    row = await database.outbox.mark_sending("1/card", None)
    assert row is not None
    await post.put(card())

    await database.outbox.mark_sent("1/card", 101, "old", row.revision, START)
    await post.round()

    assert post.chat.calls == [("1/card", 101, False)]


async def test_a_429_pauses_its_chat_alone(post: Post) -> None:
    post.chat.answers = [NotDelivered(wait_s=30, error="429", whole_chat=True)]
    await post.put(notice("a"), notice("b", created_at=START + timedelta(seconds=1)))

    await post.round()
    await post.put(notice("c", chat_id=2))
    await post.round()
    assert post.chat.keys == ["a", "c"]
    post.clock.advance(29)
    await post.round()
    assert post.chat.keys == ["a", "c"]
    post.clock.advance(1.5)
    await post.round()

    assert post.chat.keys == ["a", "c", "a", "b"]


async def test_refused_requests_are_repeated_with_doubling_pauses(post: Post) -> None:
    post.chat.answers = [NotDelivered(wait_s=0.0, error="ConnectError")] * 3
    await post.put(notice("a"))

    waited = 0.0
    for pause_s in (0.2, 0.4, 0.8):
        await post.round()
        sent = len(post.chat.calls)
        post.clock.advance(pause_s - 0.01)
        await post.round()
        assert len(post.chat.calls) == sent
        post.clock.advance(0.02)
        waited += pause_s
    await post.round()

    assert await post.states() == {"a": "sent"}
    assert post.chat.calls == [("a", None, False)] * 4


async def test_a_lost_answer_to_an_edit_is_simply_repeated(post: Post) -> None:
    await post.put(card())
    await post.round()
    post.chat.answers = [LOST]
    await post.put(card())
    post.clock.advance(1)

    await post.round()
    post.clock.advance(1)
    await post.round()

    assert post.chat.calls == [("1/card", None, False), ("1/card", 101, False), ("1/card", 101, False)]


async def test_a_message_that_arrived_although_its_answer_was_lost_is_found_and_not_sent_again(
    post: Post, database: Database
) -> None:
    await post.put(notice("first"))
    await post.round()
    post.chat.answers, post.chat.arrives = [LOST], [True]
    await post.put(notice("17/decision", DECISION, decision_number=17))

    await post.round()
    await post.round()

    assert post.chat.keys == ["first", "17/decision"]
    assert post.chat.probed == [list(range(102, 112))]
    assert await database.outbox.message_of("17/decision") == 102


async def test_a_message_that_did_not_arrive_is_sent_again_without_a_mark(post: Post) -> None:
    await post.put(notice("first"))
    await post.round()
    post.chat.answers = [LOST]
    await post.put(notice("1/milestone/50", MILESTONE))

    await post.round()
    await post.round()

    assert post.chat.calls[1:] == [("1/milestone/50", None, False)] * 2
    assert list(post.chat.there.values()) == ["first", "1/milestone/50"]


async def test_messages_of_others_are_no_candidates(post: Post) -> None:
    await post.put(notice("first"))
    await post.round()
    post.make(grace_s=5)
    post.chat.answers, post.chat.arrives = [LOST], [True]
    await post.put(notice("lost"))
    await post.round()
    await post.put(notice("next"))
    await post.round()

    post.clock.advance(5)
    await post.round()

    assert post.chat.probed == [[102, *range(104, 113)]]


async def test_while_nothing_is_known_a_chat_still_hears_the_rest(post: Post) -> None:
    post.make(grace_s=120)
    post.chat.answers = [LOST]
    await post.put(notice("a"), notice("b", created_at=START + timedelta(seconds=1)))

    await post.round()

    assert post.chat.keys == ["a", "b"]
    assert await post.states() == {"a": "unknown", "b": "sent"}


@pytest.mark.parametrize("kind", [DECISION, END, ANSWER, NoticeKind.FAILURE])
async def test_where_nobody_can_look_what_matters_is_repeated_once_with_a_mark(post: Post, kind: NoticeKind) -> None:
    post.chat.can_probe = False
    post.chat.answers = [LOST, LOST]
    await post.put(notice("a", kind))

    await post.round()
    await post.round()
    await post.round()

    assert post.chat.calls == [("a", None, False), ("a", None, True)]
    assert await post.states() == {"a": "dead"}


async def test_where_nobody_can_look_news_is_rather_missed_than_doubled(post: Post) -> None:
    post.chat.can_probe = False
    post.chat.answers = [LOST]
    await post.put(notice("1/milestone/50", MILESTONE))

    await post.round()
    await post.round()

    assert post.chat.calls == [("1/milestone/50", None, False)]
    assert await post.states() == {"1/milestone/50": "dead"}


async def test_a_deleted_card_is_sent_anew(post: Post, database: Database) -> None:
    await post.put(card())
    await post.round()
    post.chat.answers = [MessageGone()]
    await post.put(card())
    post.clock.advance(1)

    await post.round()

    assert post.chat.calls[1:] == [("1/card", 101, False), ("1/card", None, False)]
    assert await database.outbox.message_of("1/card") == 102


async def test_a_group_that_became_a_supergroup_takes_everything_along(post: Post) -> None:
    post.chat.answers = [ChatMoved(chat_id=-1007)]
    await post.put(notice("a", chat_id=-7), notice("b", chat_id=-7, created_at=START + timedelta(seconds=1)))

    await post.round()

    pending = await post.database.outbox.pending(START + timedelta(days=1))
    assert post.chat.keys == ["a", "a", "b"]
    assert pending == []


async def test_a_chat_that_blocked_us_is_left_alone_until_somebody_writes_there(post: Post) -> None:
    post.chat.answers = [Undeliverable(error="Forbidden", chat_gone=True)]
    await post.put(notice("a"), notice("b", created_at=START + timedelta(seconds=1)))

    await post.round()
    await post.put(notice("c", chat_id=2))
    await post.round()
    assert await post.states() == {"a": "dead", "b": "dead", "c": "sent"}
    await post.put(notice("d"))
    await post.round()
    assert post.chat.keys == ["a", "c"]
    back = [post.courier.chat_is_back(1), post.courier.chat_is_back(1)]
    await post.round()

    assert back == [True, False]
    assert await post.states() == {"a": "dead", "b": "dead", "c": "sent", "d": "sent"}


async def test_a_chat_waits_for_the_answer_to_a_command_but_not_for_ever(post: Post) -> None:
    await post.put(notice("news"), notice("other", chat_id=2))
    with post.courier.holding(1), post.courier.holding(1):
        await post.round()
        held = list(post.chat.keys)
        await post.put(notice("answer/1/1", ANSWER, created_at=START + timedelta(seconds=1)))
    await post.round()
    with post.courier.holding(1):
        await post.put(notice("late"))
        post.clock.advance(10)
        await post.round()

    assert held == ["other"]
    assert post.chat.keys == ["other", "answer/1/1", "news", "late"]


@pytest.mark.parametrize("kind", [MILESTONE, NoticeKind.ADAPTATION, CARD])
async def test_news_whose_retry_comes_after_the_end_count_as_said(post: Post, kind: NoticeKind) -> None:
    post.chat.answers = [NotDelivered(wait_s=1, error="500")]
    await post.put(notice("1/news", kind, goal_number=1, facts={}))
    await post.round()
    await post.put(notice("1/end", END, goal_number=1), notice("2/news", kind, goal_number=2, facts={}))
    await post.round()

    post.clock.advance(60)
    await post.round()

    assert post.chat.keys.count("1/news") == 1
    assert set(await post.states()) == {"1/end", "1/news", "2/news"}
    assert set((await post.states()).values()) == {"sent"}


async def test_a_card_that_stands_in_the_chat_is_edited_after_the_end_too(post: Post) -> None:
    await post.put(card())
    await post.round()
    await post.put(notice("1/end", END, goal_number=1))
    post.chat.answers = [Delivered(message_id=200, content_hash="e"), NotDelivered(wait_s=1, error="500")]
    await post.put(card())
    post.clock.advance(1)
    await post.round()
    post.clock.advance(60)
    await post.round()

    assert post.chat.calls[-1] == ("1/card", 101, False)


async def test_a_chat_with_thousands_of_waiting_notices_starves_nobody(post: Post) -> None:
    post.chat.answers = [NotDelivered(wait_s=300, error="429", whole_chat=True)]
    await post.database.outbox.put([notice(f"{n:04}", chat_id=1) for n in range(450)])
    await post.round()
    await post.put(notice("other", chat_id=2))

    await post.round()

    assert post.chat.keys == ["0000", "other"]


async def test_a_private_chat_gets_a_message_a_second_after_its_burst_and_edits_leave_a_reserve(post: Post) -> None:
    post.make(TELEGRAM)
    await post.put(*(notice(f"{n}", MILESTONE) for n in range(3)))
    await post.put(*(notice(f"answer/{n}/1", ANSWER) for n in range(4)))

    await post.round()
    assert post.chat.keys == [f"answer/{n}/1" for n in range(4)]
    post.clock.advance(3)
    await post.round()
    assert len(post.chat.calls) == 4
    for _ in range(3):
        post.clock.advance(1.01)
        await post.round()

    assert post.chat.keys[4:] == ["0", "1", "2"]


@pytest.mark.parametrize("point", COURIER_POINTS)
@pytest.mark.parametrize("arrived", [True, False])
async def test_a_crash_at_any_point_loses_and_doubles_nothing(post: Post, point: str, arrived: bool) -> None:
    await post.put(notice("first"))
    await post.round()
    looks = "probe" in point or not arrived
    post.chat.answers, post.chat.arrives = ([LOST], [arrived]) if looks else ([], [])
    post.make(crash=CrashAt(point))
    await post.put(notice("17/decision", DECISION, decision_number=17))
    await post.round()
    assert [type(error) for error in post.errors] == [Crashed]

    await post.make().recover()
    await post.round()
    await post.round()

    assert await post.states() == {"17/decision": "sent", "first": "sent"}
    assert sorted(post.chat.there.values()) == ["17/decision", "first"]


async def test_an_edit_that_a_crash_interrupted_is_repeated_after_the_restart(post: Post) -> None:
    await post.put(card())
    await post.round()
    await post.put(card())
    post.clock.advance(1)
    post.make(crash=CrashAt("courier.after_send"))
    await post.round()

    await post.make().recover()
    await post.round()

    assert await post.states() == {"1/card": "sent"}
    assert post.chat.calls[1:] == [("1/card", 101, False)] * 2


async def test_a_surprise_while_sending_counts_as_a_lost_answer(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(one: Notice, *, repeated: bool = False) -> Delivery:
        raise ZeroDivisionError

    post.make(grace_s=5)
    taken = post.chat.deliver
    monkeypatch.setattr(post.chat, "deliver", broken)
    await post.put(notice("17/decision", DECISION))
    await post.round()
    monkeypatch.setattr(post.chat, "deliver", taken)
    assert await post.states() == {"17/decision": "unknown"}

    post.clock.advance(5)
    await post.round()

    assert await post.states() == {"17/decision": "sent"}


async def test_a_database_that_takes_nothing_is_asked_again_after_a_pause_and_not_in_a_hot_loop(
    post: Post, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def full(key: str, probe_after: int | None) -> None:
        asked.append(key)
        raise DataFolderError("The disk is full.")

    taken = database.outbox.mark_sending
    monkeypatch.setattr(database.outbox, "mark_sending", full)
    await post.put(notice("17/decision", DECISION))
    for _ in range(3):
        await post.round()
    monkeypatch.setattr(database.outbox, "mark_sending", taken)
    post.clock.advance(5)
    await post.round()

    assert asked == ["17/decision"]
    assert post.chat.keys == ["17/decision"]
    assert await post.states() == {"17/decision": "sent"}


async def test_running_it_delivers_at_once_when_woken_and_stops_when_told(post: Post, script: ScriptedChat) -> None:
    running = post.nursery.start(post.courier.run(), "courier")
    await post.put(notice("a"))
    post.courier.wake()
    while await post.states() != {"a": "sent"}:
        assert not running.done()

    await post.courier.stop()
    await running

    assert script.keys == ["a"]


async def test_a_notice_that_somebody_else_took_is_left_alone(post: Post, database: Database) -> None:
    await post.put(notice("a"))
    (row,) = await database.outbox.pending(START)
    await database.outbox.mark_sending("a", None)
    lanes = Lanes(LIVELY, post.clock.monotonic)
    carrier = Carrier(database.outbox, post.chat, post.clock, CrashAt(), lanes, grace_s=0.0)

    await carrier.deliver(replace(row, attempts=0))

    assert post.chat.calls == []


async def test_many_chats_together_get_no_more_than_the_server_takes_and_the_urgent_go_first(post: Post) -> None:
    post.make(TELEGRAM)
    await post.database.outbox.put(
        [notice(f"{chat:03}/text", TEXT, chat_id=chat) for chat in range(1, 100)]
        + [notice("17/decision", DECISION, chat_id=150, decision_number=17), notice("end", END, chat_id=151)]
    )
    moments: list[float] = []
    while len(post.chat.calls) < 101:
        before = len(post.chat.calls)
        await post.round()
        moments += [post.clock.monotonic()] * (len(post.chat.calls) - before)
        post.clock.advance(0.05)

    assert {"17/decision", "end"} <= set(post.chat.keys[:5])  # what goes at once goes beside each other
    assert len(set(post.chat.keys)) == 101
    assert max(sum(at <= one < at + 1 for one in moments) for at in moments) <= 25
    assert moments[-1] - moments[0] <= 101 / 20 + 1


async def test_a_group_gets_no_more_than_twenty_within_any_minute(post: Post) -> None:
    post.make(TELEGRAM)
    await post.database.outbox.put([notice(f"{n:02}", ANSWER, chat_id=-7) for n in range(45)])
    moments: list[float] = []
    while len(post.chat.calls) < 45:
        before = len(post.chat.calls)
        await post.round()
        moments += [post.clock.monotonic()] * (len(post.chat.calls) - before)
        post.clock.advance(1)

    assert max(sum(at <= one < at + 60 for one in moments) for at in moments) == 20


async def test_a_message_that_the_chat_only_plans_is_not_taken_for_sent(post: Post, database: Database) -> None:
    post.make(grace_s=60)
    post.chat.answers = [Delivered(message_id=0, content_hash="x")]
    await post.put(notice("17/decision", DECISION, decision_number=17))

    await post.round()

    assert await post.states() == {"17/decision": "unknown"}
    assert await database.outbox.message_of("17/decision") is None


async def test_the_same_number_for_two_messages_is_believed_once(post: Post, database: Database) -> None:
    post.make(grace_s=60)
    post.chat.answers = [Delivered(message_id=101, content_hash="x"), Delivered(message_id=101, content_hash="y")]
    await post.put(notice("a"), notice("b", created_at=START + timedelta(seconds=1)))

    await post.round()

    assert await post.states() == {"a": "sent", "b": "unknown"}
    assert await database.outbox.message_of("b") is None


class Forgetful:
    """An outbox whose disk refuses to note that something was sent."""

    def __init__(self, outbox: OutboxRows) -> None:
        self._outbox = outbox

    def __getattr__(self, name: str) -> object:
        return getattr(self._outbox, name)

    async def mark_sent(self, *_: object) -> None:
        raise OSError(28, "No space left on device")


async def test_what_can_never_be_noted_as_sent_is_sent_once_a_life_and_not_for_ever(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.chat.can_probe = False
    copies = []
    await post.put(notice("17/decision", DECISION, decision_number=17))
    for _ in range(3):
        courier = post.make(grace_s=1)
        monkeypatch.setattr(courier._carrier, "_outbox", Forgetful(post.database.outbox))
        await courier.recover()
        before = len(post.chat.calls)
        for _ in range(5):
            await post.round()
            post.clock.advance(2)
        copies.append(len(post.chat.calls) - before)
        post.clock.advance(6 * 3_600)

    assert copies[0] == 2  # the message, and one copy with a mark, because nobody could know
    assert set(copies[1:]) == {0}
    assert await post.states() == {"17/decision": "dead"}


async def test_a_message_older_than_its_time_is_not_repeated_after_a_restart(post: Post) -> None:
    post.chat.can_probe = False
    post.make(crash=CrashAt("courier.after_send"))
    await post.put(notice("17/decision", DECISION, decision_number=17), notice("answer/1/1", ANSWER, chat_id=2))
    await post.round()
    sent = list(post.chat.keys)
    post.clock.advance(25 * 3_600)

    await post.make().recover()
    await post.round()
    await post.round()

    once = [key for key in post.chat.keys if key in sent]
    assert sorted(once) == sorted(sent)
    assert {(await post.states())[key] for key in sent} == {"dead"}
