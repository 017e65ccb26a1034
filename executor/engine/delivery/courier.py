"""The courier: takes notices from the outbox to the chats, each chat in its own order and at its own pace.

Here is decided what goes next and when; how one notice gets into its chat, and what becomes of one whose answer was
never seen, is the carrier's part.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from functools import partial
from typing import Any

from loguru import logger

from executor.domain.errors import MilepostError
from executor.domain.notice import Notice
from executor.engine.delivery.carrier import Carrier
from executor.engine.delivery.pace import LIVELY, Lanes, Pace, most_urgent_first
from executor.ports import Clock, CrashPoints, Outbox, Sender

READ_MAX = 200
IDLE_S = 5.0
TROUBLE_S = 4.0  # a full disk has room again: what waits goes out soon after
HOLD_S_MAX = 10.0

StartSoon = Callable[[Coroutine[Any, Any, None], str], object]


class Courier:
    """`pace` says how fast a chat may be spoken to; `grace_s` is how long a request may still be on its way after its
    answer was lost (0 for a local chat that died with us)."""

    def __init__(
        self,
        outbox: Outbox,
        sender: Sender,
        clock: Clock,
        crash: CrashPoints,
        start_soon: StartSoon,
        *,
        pace: Pace = LIVELY,
        grace_s: float = 120.0,
    ) -> None:
        self._outbox = outbox
        self._clock = clock
        self._start_soon = start_soon
        self._lanes = Lanes(pace, clock.monotonic)
        self._carrier = Carrier(outbox, sender, clock, crash, self._lanes, grace_s=grace_s)
        self._woken = asyncio.Event()
        self._stopping = False
        self._busy: set[int] = set()
        self._held: dict[int, tuple[int, float]] = {}  # how many commands hold a chat, and until when at most

    # ----------------------------------------------------------------------------------------------------- from outside

    def wake(self) -> None:
        """There may be something to deliver. Call it after a commit; cheap, from the event loop only."""
        self._woken.set()

    def chat_is_back(self, chat_id: int) -> bool:
        """Somebody wrote in this chat: it is alive, whatever we were told before. True: it was gone until now."""
        if not self._lanes.resume(chat_id):
            return False
        self.wake()
        return True

    @contextlib.contextmanager
    def holding(self, chat_id: int) -> Iterator[None]:
        """While a command of this chat is carried out: what it causes is not said before its answer. Not for ever: a
        chat is not silenced by a command that hangs."""
        count, _ = self._held.get(chat_id, (0, 0.0))
        self._held[chat_id] = (count + 1, self._clock.monotonic() + HOLD_S_MAX)
        try:
            yield
        finally:
            count, until = self._held.pop(chat_id)
            if count > 1:
                self._held[chat_id] = (count - 1, until)
            self.wake()

    async def stop(self) -> None:
        """Start nothing more; run() returns when what is under way has ended."""
        self._stopping = True
        self.wake()

    async def recover(self) -> None:
        """Take over what a dead predecessor left between `sending` and `sent`."""
        await self._carrier.take_over()

    async def run(self) -> None:
        """Deliver until stop() is called. Cancelling it leaves running deliveries to their nursery."""
        trouble_s = 0.0
        await self._until_it_works(self.recover)
        while not self._stopping or self._busy:
            self._woken.clear()
            try:
                wait_s = await self._pass()
                trouble_s = 0.0
            except Exception:  # noqa: BLE001 - the database may be full or locked; delivery must outlive that
                logger.exception("The courier could not read the outbox")
                wait_s = trouble_s = min(max(trouble_s * 2, 1.0), TROUBLE_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):  # not wait_for: before Python 3.12 it may swallow a cancellation
                    await self._woken.wait()

    async def _until_it_works(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        pause_s = 1.0
        done = False
        while not done and not self._stopping:
            try:
                await work()
                done = True
            except Exception:  # noqa: BLE001 - as in run(): without recovery messages would be lost
                logger.exception("The courier could not take over its predecessor's messages")
                await self._clock.sleep(pause_s)
                pause_s = min(pause_s * 2, TROUBLE_S)

    # -------------------------------------------------------------------------------------------------------- one pass

    async def _pass(self) -> float:
        """Start what may go now. Returns the seconds until something else may become possible."""
        if self._stopping:
            return IDLE_S
        limit = READ_MAX
        while True:
            if (full_s := self._lanes.total.wait_s(self._clock.monotonic())) > 0:
                return full_s  # nothing may go anywhere, so there is nothing to read
            rows = await self._outbox.pending(self._clock.now(), limit)
            now = self._clock.monotonic()
            started, wait_s = self._start(rows, now)
            if started or len(rows) < limit:
                return min(wait_s, self._due_soon(now))
            limit *= 2  # everything read belongs to chats that must wait: others may stand behind it

    def _start(self, rows: Sequence[Notice], now: float) -> tuple[int, float]:
        chats: dict[int, list[Notice]] = {}
        for row in rows:
            chats.setdefault(row.chat_id, []).append(row)
        lost = self._carrier.to_find(now, self._busy)
        for notice in lost:
            self._run(notice.chat_id, partial(self._carrier.find, notice), f"courier finds {notice.key}")
        started, wait_s = len(lost), IDLE_S
        for chat_id, notices in most_urgent_first(chats):
            if (full_s := self._lanes.total.wait_s(now)) > 0:
                return started, min(wait_s, full_s)
            if chat_id in self._busy:
                continue
            if (held_s := self._held.get(chat_id, (0, 0.0))[1] - now) > 0:
                wait_s = min(wait_s, held_s)
                continue
            pick, chat_wait_s = self._lanes.of(chat_id).pick(notices, now)
            if pick is None:
                wait_s = min(wait_s, chat_wait_s)
                continue
            self._lanes.total.take()
            self._run(chat_id, partial(self._carrier.deliver, pick), f"courier sends {pick.key}")
            started += 1
        return started, wait_s

    def _due_soon(self, now: float) -> float:
        """Seconds until the next known retry or search."""
        at = self._carrier.next_at(now, self._busy)
        return max((now + IDLE_S if at is None else at) - now, 0.001)

    def _run(self, chat_id: int, work: Callable[[], Awaitable[None]], name: str) -> None:
        self._busy.add(chat_id)
        self._start_soon(self._hold(chat_id, work), name)

    async def _hold(self, chat_id: int, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except MilepostError as error:  # a database that takes nothing: later, and not in a hot loop
            logger.warning("Nothing can be sent to chat {} now: {}", chat_id, error)
            self._lanes.of(chat_id).pause(self._clock.monotonic() + TROUBLE_S)
        finally:
            self._busy.discard(chat_id)
            self.wake()
