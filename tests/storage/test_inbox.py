from datetime import timedelta

from executor.domain.notice import NoticeKind
from storage.chats import Chat
from storage.inbox import Waiting
from storage.store import Database
from tests.fakes import START, ManualClock
from tests.storage.making import later, notice


def update(update_id: int, chat_id: int | None = 1) -> tuple[int, int | None, dict[str, object]]:
    return update_id, chat_id, {"update_id": update_id, "message": {"message_id": update_id, "text": "hé"}}


async def test_each_update_is_new_once_in_whatever_order_ids_come(database: Database) -> None:
    first = await database.inbox.put([update(900), update(901), update(900)])

    second = await database.inbox.put([update(901), update(3), update(902)])

    assert [first, second, await database.inbox.put([])] == [[900, 901], [3, 902], []]


async def test_updates_wait_in_the_order_of_their_arrival(database: Database, clock: ManualClock) -> None:
    await database.inbox.put([update(900)])
    clock.advance(1)
    await database.inbox.put([update(3, None)])

    assert await database.inbox.waiting() == [
        Waiting(900, 1, update(900)[2], START),
        Waiting(3, None, update(3)[2], later(1)),
    ]


async def test_a_handled_update_is_done_together_with_its_answer(database: Database) -> None:
    await database.inbox.put([update(1), update(2)])
    answer = notice("answer/1", NoticeKind.ANSWER)

    await database.inbox.done(1, [answer])
    await database.inbox.done(1, [answer])

    assert [w.update_id for w in await database.inbox.waiting()] == [2]
    assert await database.outbox.pending(START) == [answer]


async def test_an_update_that_failed_is_set_aside_and_still_known(database: Database) -> None:
    await database.inbox.put([update(1)])

    await database.inbox.failed(1, "ValueError")

    assert await database.inbox.waiting() == []
    assert await database.inbox.put([update(1)]) == []


async def test_pruning_forgets_old_handled_updates_alone(database: Database, clock: ManualClock) -> None:
    await database.inbox.put([update(1), update(2)])
    await database.inbox.done(1)
    clock.advance(timedelta(days=3).total_seconds())
    await database.inbox.put([update(3)])
    await database.inbox.done(3)

    pruned = await database.inbox.prune(clock.now() - timedelta(days=2))

    assert pruned == 1
    assert await database.inbox.put([update(1), update(2), update(3)]) == [1]


async def test_a_chat_is_remembered_and_comes_back_to_life(database: Database) -> None:
    await database.chats.remember_chat(1, "private", "Ann", START)
    await database.chats.set_chat_inactive(1, "Forbidden: bot was blocked by the user", later(2))
    [gone] = await database.chats.all()

    await database.chats.remember_chat(1, "private", "Ann B", later(5))

    assert (gone.active, gone.reason) == (False, "Forbidden: bot was blocked by the user")
    assert await database.chats.all() == [
        Chat(
            chat_id=1,
            kind="private",
            title="Ann B",
            active=True,
            reason="",
            first_seen_at=START,
            last_seen_at=later(5),
        )
    ]
