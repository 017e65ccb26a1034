"""An update is on disk before it is confirmed, each counts once, and a chat's words keep their order."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from telegram import Message, MessageEntity, Update

from bot.telegram.discreet import Stored
from bot.telegram.inbox import InboxQueue
from bot.telegram.lanes import Lanes, lane_of
from bot.telegram.typed import with_marks
from executor.engine.nursery import Nursery
from storage.inbox import InboxRows
from storage.store import Database
from tests.fakes import ManualClock


def update(number: int, text: str = "hello", chat: int = 1, thread: int | None = None) -> Update:
    message: dict[str, Any] = {"message_id": number, "date": 1, "chat": {"id": chat, "type": "private"}, "text": text}
    if thread is not None:
        message |= {"message_thread_id": thread, "is_topic_message": True}
    made = Update.de_json({"update_id": number, "message": message}, None)
    assert made is not None
    return made


async def as_it_is(update: Update) -> Stored:
    return Stored(update.to_dict())


def press(number: int, chat: int = 1) -> Update:
    under = {"message_id": 1, "date": 1, "chat": {"id": chat, "type": "private"}}
    who = {"id": 1, "is_bot": False, "first_name": "Ann"}
    query = {"id": str(number), "from": who, "message": under, "chat_instance": "1", "data": "d:1:1:start"}
    made = Update.de_json({"update_id": number, "callback_query": query}, None)
    assert made is not None
    return made


async def test_an_update_is_stored_whole_before_put_returns(database: Database, manual: ManualClock) -> None:
    arrived: list[int] = []
    queue = InboxQueue(database.inbox, manual, lambda number, _: arrived.append(number), as_it_is)

    await queue.put(update(7, "👍 <b>"))

    (row,) = await database.inbox.waiting()
    assert (row.update_id, row.chat_id, row.payload) == (7, 1, update(7, "👍 <b>").to_dict())
    assert arrived == [7]


async def test_ids_are_compared_as_a_set_and_not_by_size(database: Database, manual: ManualClock) -> None:
    arrived: list[int] = []
    queue = InboxQueue(database.inbox, manual, lambda number, _: arrived.append(number), as_it_is)

    for number in (900, 5, 900, 901, 5):
        await queue.put(update(number))

    assert arrived == [900, 5, 901]


async def test_a_database_that_refuses_holds_the_update_back_and_ends_nothing(
    database: Database, manual: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = InboxRows.put, [OSError("disk full"), OSError("disk full")]

    async def full(self: InboxRows, updates: list[tuple[int, int | None, Mapping[str, Any]]], **how: Any) -> list[int]:
        if failures:
            raise failures.pop()
        return await real(self, updates, **how)

    monkeypatch.setattr(InboxRows, "put", full)
    arrived: list[int] = []
    queue = InboxQueue(database.inbox, manual, lambda number, _: arrived.append(number), as_it_is)
    nursery = Nursery(lambda name, error: None)

    putting = nursery.start(queue.put(update(7)), "put")
    while failures:
        await asyncio.sleep(0)
        blocked = queue.blocked
        manual.advance(1)
    while not putting.done():
        await asyncio.sleep(0)
        manual.advance(1)

    assert blocked
    assert not queue.blocked
    assert arrived == [7]


async def test_something_that_is_no_update_is_passed_over(database: Database, manual: ManualClock) -> None:
    queue = InboxQueue(database.inbox, manual, lambda number, _: None, as_it_is)

    await queue.put("nonsense")

    assert await database.inbox.waiting() == []


async def test_a_lane_keeps_its_order_while_others_go_on() -> None:
    nursery = Nursery(lambda name, error: None)
    lanes = Lanes(nursery.start)
    gate, said = asyncio.Event(), list[str]()

    async def work(text: str, wait: bool = False) -> None:
        if wait:
            await gate.wait()
        said.append(text)

    lanes.add(lane_of(update(1)), work("first", wait=True))
    lanes.add(lane_of(update(2)), work("second"))
    lanes.add(lane_of(press(3)), work("press"))
    lanes.add(lane_of(update(4, chat=2)), work("other chat"))
    lanes.add(lane_of(update(5, thread=9)), work("other topic"))
    while len(said) < 3:
        await asyncio.sleep(0)
    gate.set()
    await nursery.stop(grace_s=5)

    assert said == ["press", "other chat", "other topic", "first", "second"]


async def test_work_that_has_not_begun_can_be_dropped() -> None:
    nursery = Nursery(lambda name, error: None)
    lanes = Lanes(nursery.start)
    gate, said = asyncio.Event(), list[str]()

    async def work(text: str) -> None:
        await gate.wait()
        said.append(text)

    lanes.add(lane_of(update(1)), work("begun"))
    lanes.add(lane_of(update(2)), work("not begun"))
    await asyncio.sleep(0)
    lanes.clear()
    gate.set()
    await nursery.stop(grace_s=5)

    assert said == ["begun"]


@pytest.mark.parametrize(
    ("text", "kind", "offset", "length", "typed"),
    [
        ("Make: mkdir x", MessageEntity.CODE, 6, 7, "Make: `mkdir x`"),
        ("👍 run ls now", MessageEntity.CODE, 7, 2, "👍 run `ls` now"),
        ("echo `date`", MessageEntity.CODE, 0, 11, "`` echo `date` ``"),
        ("a\nb", MessageEntity.PRE, 0, 3, "```\na\nb\n```"),
        ("one line", MessageEntity.PRE, 0, 8, "`one line`"),
        ("bold text", MessageEntity.BOLD, 0, 4, "bold text"),
    ],
)
def test_code_gets_its_backticks_back(text: str, kind: str, offset: int, length: int, typed: str) -> None:
    assert with_marks(text, [MessageEntity(kind, offset, length)]) == typed


def test_text_without_entities_is_left_as_it_is() -> None:
    message = update(1, "`x` \u202e👍").message
    assert isinstance(message, Message)
    assert with_marks(message.text or "", ()) == "`x` \u202e👍"
