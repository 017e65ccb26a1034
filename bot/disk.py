"""Tells the owners that the disk is full and that there is room again, once each, and lets everything go on then. While
there is room it sees to the reserves."""

from collections.abc import Callable, Sequence
from typing import Protocol

from loguru import logger

from executor.domain.errors import MilepostError
from executor.domain.notice import Notice, NoticeKind
from executor.ports import Clock, Room

LOOK_S = 2.0
RESERVE_S = 60.0


class Disk(Room, Protocol):
    def database_bytes(self) -> int: ...

    def give_up(self) -> None: ...


class Database(Protocol):
    async def keep_free(self, size: int) -> bool: ...

    async def write_out(self) -> None: ...


class Outbox(Protocol):
    async def put(self, notices: Sequence[Notice]) -> None: ...


class DiskWatch:
    """`chats` are told; `wake` is called when work may go on, and when there is something to deliver."""

    def __init__(
        self,
        disk: Disk,
        database: Database,
        outbox: Outbox,
        clock: Clock,
        chats: Sequence[int],
        *,
        wake: Callable[[], None],
    ) -> None:
        self._disk = disk
        self._database = database
        self._outbox = outbox
        self._clock = clock
        self._chats = chats
        self._wake = wake
        self._short = False
        self._to_tell: list[Notice] = []
        self._reserved_at = float("-inf")  # monotonic

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.look()
            except MilepostError as error:  # a full disk is what this is about: the next look tries again
                logger.warning("What is to be told about the disk can't be stored yet: {}", error)
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        """Tell what has changed since the last look."""
        said = self._disk.short()
        if (said is not None) != self._short:
            self._short = said is not None
            (logger.error if said else logger.info)("{}", said or _OVER)
            self._to_tell = self._notices(f"⚠️ {said}. {_KEPT}" if said else f"✅ {_OVER}")
        elif self._short:
            self._disk.give_up()  # whoever filled the disk has found it full by now
        if self._short:
            await self._database.write_out()  # so that the log is written over instead of growing
        if self._to_tell:
            await self._outbox.put(self._to_tell)
            self._to_tell = []
            self._wake()
        if not self._short:
            await self._reserve()

    async def _reserve(self) -> None:
        now = self._clock.monotonic()
        if now - self._reserved_at >= RESERVE_S and await self._database.keep_free(self._disk.database_bytes()):
            self._reserved_at = now

    def _notices(self, text: str) -> list[Notice]:
        now = self._clock.now()
        return [
            Notice(
                key=f"disk/{now.isoformat()}/{chat}",
                kind=NoticeKind.TEXT,
                chat_id=chat,
                facts={"text": text},
                due_at=now,
                created_at=now,
            )
            for chat in self._chats
        ]


_KEPT = "What is planned is kept, and I go on by myself. /doctor shows how much is free."
_OVER = "There is room on the disk again. Everything goes on."
