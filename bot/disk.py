"""Tells the owners that the disk is full and that there is room again, once each, and lets everything go on then."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from loguru import logger

from executor.domain.errors import MilepostError
from executor.domain.notice import Notice, NoticeKind
from executor.ports import Clock, Room

LOOK_S = 2.0


class Outbox(Protocol):
    async def put(self, notices: Sequence[Notice]) -> None: ...


class DiskWatch:
    """`chats` are told; `make_room` gives back what the database itself can do without; `wake` is called when work may
    go on, and when there is something to deliver."""

    def __init__(
        self,
        room: Room,
        outbox: Outbox,
        clock: Clock,
        chats: Sequence[int],
        *,
        make_room: Callable[[], Awaitable[None]],
        wake: Callable[[], None],
    ) -> None:
        self._room = room
        self._outbox = outbox
        self._clock = clock
        self._chats = chats
        self._make_room = make_room
        self._wake = wake
        self._short = False
        self._to_tell: list[Notice] = []

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
        said = self._room.short()
        if (said is not None) != self._short:
            self._short = said is not None
            (logger.error if said else logger.info)("{}", said or _OVER)
            self._to_tell = self._notices(f"⚠️ {said}. {_KEPT}" if said else f"✅ {_OVER}")
            if not said:
                self._wake()
        if self._to_tell:
            if self._short:
                await self._make_room()
            await self._outbox.put(self._to_tell)
            self._to_tell = []
            self._wake()

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
