"""The durable inbox: an update is stored before Telegram hears that we have it.

python-telegram-bot confirms an update as soon as its queue has taken it, so the queue is where it must be committed.
What a crash leaves unhandled is handled after the next start; handling twice is safe, because commands carry the
update's id.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from loguru import logger
from telegram import Update

from bot.telegram.discreet import Stored
from executor.domain.notice import Notice
from executor.ports import Clock

PAUSE_S_MAX = 4.0  # what waits for room on a disk goes on soon after there is some


class Letter(Protocol):
    """One stored update: `payload` is the Bot API's own object."""

    @property
    def update_id(self) -> int: ...

    @property
    def payload(self) -> Mapping[str, Any]: ...

    @property
    def sealed(self) -> str | None: ...


class Heard(Letter, Protocol):
    """A person's new message. `waiting`: it was not handled to the end yet."""

    @property
    def received_at(self) -> datetime: ...

    @property
    def waiting(self) -> bool: ...


class InboxRows(Protocol):
    """The inbox as storage keeps it. Every method is one transaction, and safe to call twice."""

    async def put(
        self,
        updates: list[tuple[int, int | None, Mapping[str, Any]]],
        *,
        sealed: Mapping[int, str] | None = None,
    ) -> list[int]:
        """Store (update id, chat id, payload), and by id what was sealed of it. Returns the ids that were new: an id is
        known by itself, never by being smaller than another (after a quiet week Telegram continues anywhere)."""
        ...

    async def waiting(self) -> Sequence[Letter]:
        """What was stored and neither done nor failed, oldest first."""
        ...

    async def messages_since(self, chat_id: int, message_id: int, limit: int = 20) -> Sequence[Heard]:
        """New messages of people in that chat from this one on, itself included, in their order."""
        ...

    async def messages_before(self, chat_id: int, message_id: int, limit: int = 20) -> Sequence[Heard]:
        """New messages of people in that chat before this one, the newest first."""
        ...

    async def done(self, update_id: int, notices: Sequence[Notice] = (), also: Sequence[int] = ()) -> None:
        """It was handled, together with the updates `also`; its answers go to the outbox in the same transaction."""
        ...

    async def failed(
        self, update_id: int, error: str, notices: Sequence[Notice] = (), also: Sequence[int] = ()
    ) -> None:
        """It can't be handled; set aside with the reason, and what the chat is told goes to the outbox with it."""
        ...


class InboxQueue(asyncio.Queue[object]):
    """Stands where python-telegram-bot expects its update queue. `put` returns when the update is on disk, and never
    raises: an exception there would end the polling without a sound. `arrived` gets each new update, once, as it came;
    `stored` says what of it may be stored in clear; `not_stored` hears of what the database did not take."""

    def __init__(
        self,
        rows: InboxRows,
        clock: Clock,
        arrived: Callable[[int, Update], None],
        stored: Callable[[Update], Awaitable[Stored]],
        not_stored: Callable[[Update], None] = lambda update: None,
    ) -> None:
        super().__init__()
        self._not_stored = not_stored
        self._stored = stored
        self._rows = rows
        self._clock = clock
        self._arrived = arrived
        self.blocked = False  # True: the database takes nothing, so that a silent poll is not the network's fault

    async def put(self, item: object) -> None:
        if not isinstance(item, Update):
            logger.warning("Something that is no update came in: {}", type(item).__name__)
            return
        if await self._store(item):
            self._arrived(item.update_id, item)

    async def _store(self, update: Update) -> bool:
        """Try until it is stored. True: it is new."""
        number, pause_s = update.update_id, 0.5
        while True:
            try:
                kept = await self._stored(update)
                sealed = {} if kept.sealed is None else {number: kept.sealed}
                new = await self._rows.put([(number, chat_of(update), kept.payload)], sealed=sealed)
                self.blocked = False
                return bool(new)
            except Exception:  # noqa: BLE001 - see the class: raising would stop all polling in silence
                self.blocked = True
                self._not_stored(update)
                logger.exception("An update can't be stored; nothing is confirmed until it can")
                await self._clock.sleep(pause_s)
                pause_s = min(pause_s * 2, PAUSE_S_MAX)


def chat_of(update: Update) -> int | None:
    return update.effective_chat.id if update.effective_chat is not None else None
