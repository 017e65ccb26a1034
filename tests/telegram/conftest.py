"""A real database and a courier over it, with a chat that the test scripts."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.localchat import LocalChat
from executor.domain.notice import Notice
from executor.engine.delivery.courier import Courier
from executor.engine.delivery.pace import LIVELY, Pace
from executor.engine.nursery import Nursery
from executor.ports import Changes, CrashPoints, Delivered, Delivery
from storage.store import Database
from tests.fakes import CrashAt, ManualClock
from tests.telegram.talk import Talk, talking


@dataclass
class ScriptedChat:
    """A sender whose next answers the test lines up; without any it takes everything. `there` is what really stands in
    the chat, by message id: a request may arrive although its answer is lost."""

    answers: list[Delivery] = field(default_factory=list)
    arrives: list[bool] = field(default_factory=list)  # of the next unclear answers: whether the request did arrive
    can_probe: bool = True
    calls: list[tuple[str, int | None, bool]] = field(default_factory=list)
    there: dict[int, str] = field(default_factory=dict)
    probed: list[Sequence[int]] = field(default_factory=list)
    next_id: int = 101

    async def deliver(self, notice: Notice, *, repeated: bool = False) -> Delivery:
        self.calls.append((notice.key, notice.message_id, repeated))
        answer = self.answers.pop(0) if self.answers else None
        if answer is None or (self.arrives and self.arrives.pop(0)):
            message_id = self._put(notice)
            return answer or Delivered(message_id=message_id, content_hash=f"hash {notice.revision}")
        return answer

    def _put(self, notice: Notice) -> int:
        message_id = notice.message_id or self.next_id
        self.next_id = max(self.next_id, message_id + 1)
        self.there[message_id] = notice.key
        return message_id

    async def probe(self, notice: Notice, candidates: Sequence[int]) -> int | None:
        self.probed.append(list(candidates))
        return next((number for number in candidates if self.there.get(number) == notice.key), None)

    @property
    def keys(self) -> list[str]:
        return [key for key, _, _ in self.calls]


class Post:
    """A courier that runs one round at a time: everything that can be delivered now is delivered, then it returns."""

    def __init__(self, database: Database, chat: ScriptedChat, clock: ManualClock) -> None:
        self.database = database
        self.chat = chat
        self.clock = clock
        self.errors: list[BaseException] = []
        self.nursery = Nursery(lambda name, error: self.errors.append(error))
        self.make()

    def make(self, pace: Pace = LIVELY, grace_s: float = 0.0, crash: CrashPoints | None = None) -> Courier:
        """A fresh courier, as after a restart."""
        self.errors.clear()
        self.courier = Courier(
            self.database.outbox,
            self.chat,
            self.clock,
            crash or CrashAt(),
            self.nursery.start,
            pace=pace,
            grace_s=grace_s,
        )
        return self.courier

    async def put(self, *notices: Notice) -> None:
        """As the engine would: cards and decisions may be written again."""
        async with self.database.transaction() as transaction:
            await transaction.save(Changes(notices=list(notices)))

    async def round(self) -> None:
        """Passes until nothing more can start now, or until the program has crashed."""
        while not self.errors:
            await self.courier._pass()
            running = set(self.nursery._tasks)
            if not running:
                return
            for task in running:
                await asyncio.wait([task])

    async def states(self) -> dict[str, str]:
        async with self.database._connections.read_once() as connection:
            rows = await connection.exec_driver_sql("SELECT key, state FROM notices ORDER BY key")
            return {row.key: row.state for row in rows}


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[LocalChat]:
    room = LocalChat(tmp_path / "chat", port=0, operator_name="Ann")
    await room.start()
    yield room
    await room.stop()


@pytest.fixture
async def talk(tmp_path: Path, chat: LocalChat) -> AsyncIterator[Talk]:
    async with talking(tmp_path / "data", chat) as running:
        yield running


@pytest.fixture
def manual() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def database(tmp_path: Path, manual: ManualClock) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "data", manual)
    yield opened
    await opened.close()


@pytest.fixture
def script() -> ScriptedChat:
    return ScriptedChat()


@pytest.fixture
async def post(database: Database, script: ScriptedChat, manual: ManualClock) -> AsyncIterator[Post]:
    made = Post(database, script, manual)
    yield made
    await made.nursery.stop()
