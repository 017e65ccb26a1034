"""The courier: takes notices from the outbox to the chats, each chat in its own order and at its own pace.

`sending` is committed before a request leaves, the message id when its answer is there. What lies between is *unknown*:
an edit is simply repeated (it shows the newest state whichever copy arrives), a new message is looked for in the chat
before it may be sent again. So nothing is lost, and nothing is said twice without a mark.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, assert_never

from loguru import logger

from executor.domain.errors import MilepostError
from executor.domain.notice import Notice, NoticeKind, NoticeState
from executor.engine.pace import LIVELY, Lane, Pace, in_order
from executor.ports import (
    ChatMoved,
    Clock,
    CrashPoints,
    Delivered,
    Delivery,
    MaybeDelivered,
    MessageGone,
    NotDelivered,
    Outbox,
    Sender,
    Undeliverable,
)

COURIER_POINTS = (
    "courier.before_mark",
    "courier.before_send",
    "courier.after_send",
    "courier.after_receipt",
    "courier.before_probe",
    "courier.after_probe",
)
"""Crash points, in the order in which one delivery passes them."""

READ_MAX = 200
CANDIDATES_MAX = 10
IDLE_S = 5.0
GONE_PAUSE_S = 600.0
TROUBLE_S = 4.0  # a full disk has room again: what waits goes out soon after
HOLD_S_MAX = 10.0
NEVER_CONFIRMED = "the chat never confirmed it"
REPEATS = frozenset({NoticeKind.CARD, NoticeKind.DECISION, NoticeKind.FAILURE, NoticeKind.END, NoticeKind.ANSWER})
"""Sent once more, with a mark, when nobody can tell whether they arrived. A milestone is better missed than doubled."""
NEWS = frozenset({NoticeKind.CARD, NoticeKind.MILESTONE, NoticeKind.ADAPTATION})
"""What makes no sense any more once the end was told; a card that is in the chat is still edited."""

StartSoon = Callable[[Coroutine[Any, Any, None], str], object]


@dataclass(frozen=True, slots=True)
class _Lost:
    """A message whose request left and whose answer was never seen; looked for at `at` (monotonic seconds)."""

    notice: Notice
    at: float


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
        self._sender = sender
        self._clock = clock
        self._crash = crash
        self._start_soon = start_soon
        self._pace = pace
        self._grace_s = grace_s
        self._woken = asyncio.Event()
        self._stopping = False
        self._lanes: dict[int, Lane] = {}
        self._busy: set[int] = set()
        self._held: dict[int, tuple[int, float]] = {}  # how many commands hold a chat, and until when at most
        self._lost: dict[str, _Lost] = {}
        self._repeated: set[str] = set()
        self._failures: dict[str, int] = {}
        self._retry_at: dict[str, float] = {}

    # ----------------------------------------------------------------------------------------------------- from outside

    def wake(self) -> None:
        """There may be something to deliver. Call it after a commit; cheap, from the event loop only."""
        self._woken.set()

    def chat_is_back(self, chat_id: int) -> bool:
        """Somebody wrote in this chat: it is alive, whatever we were told before. True: it was gone until now."""
        if (lane := self._lanes.get(chat_id)) is None or not lane.gone:
            return False
        lane.resume()
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
        for notice in await self._outbox.unfinished():
            if notice.message_id is not None:
                await self._outbox.mark_pending(notice.key, self._clock.now(), "interrupted")
            else:
                self._lose(notice)

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
            rows = await self._outbox.pending(self._clock.now(), limit)
            now = self._clock.monotonic()
            started, wait_s = self._start(rows, now)
            if started or len(rows) < limit:
                return min(wait_s, self._due_soon(now))
            limit *= 2  # everything read belongs to chats that must wait: others may stand behind it

    def _start(self, rows: Sequence[Notice], now: float) -> tuple[int, float]:
        started, wait_s = 0, IDLE_S
        chats: dict[int, list[Notice]] = {}
        for row in rows:
            chats.setdefault(row.chat_id, []).append(row)
        for lost in [lost for lost in self._lost.values() if lost.at <= now]:
            if lost.notice.chat_id not in self._busy:
                del self._lost[lost.notice.key]
                self._run(lost.notice.chat_id, partial(self._find, lost.notice), f"courier finds {lost.notice.key}")
                started += 1
        for chat_id, notices in chats.items():
            if chat_id in self._busy:
                continue
            if (held_s := self._held.get(chat_id, (0, 0.0))[1] - now) > 0:
                wait_s = min(wait_s, held_s)
                continue
            pick, chat_wait_s = self._lane(chat_id).pick(in_order(notices), now)
            if pick is None:
                wait_s = min(wait_s, chat_wait_s)
                continue
            self._run(chat_id, partial(self._deliver, pick), f"courier sends {pick.key}")
            started += 1
        return started, wait_s

    def _due_soon(self, now: float) -> float:
        """Seconds until the next known retry or search."""
        self._retry_at = {key: at for key, at in self._retry_at.items() if at > now}
        times = [
            *self._retry_at.values(),
            *(lost.at for lost in self._lost.values() if lost.notice.chat_id not in self._busy),
        ]
        return max(min(times, default=now + IDLE_S) - now, 0.001)

    def _lane(self, chat_id: int) -> Lane:
        if chat_id not in self._lanes:
            self._lanes[chat_id] = Lane(self._pace.of(chat_id), self._clock.monotonic())
        return self._lanes[chat_id]

    def _run(self, chat_id: int, work: Callable[[], Awaitable[None]], name: str) -> None:
        self._busy.add(chat_id)
        self._start_soon(self._hold(chat_id, work), name)

    async def _hold(self, chat_id: int, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except MilepostError as error:  # a database that takes nothing: later, and not in a hot loop
            logger.warning("Nothing can be sent to chat {} now: {}", chat_id, error)
            self._lane(chat_id).pause(self._clock.monotonic() + TROUBLE_S)
        finally:
            self._busy.discard(chat_id)
            self.wake()

    # ---------------------------------------------------------------------------------------------------- one delivery

    async def _deliver(self, notice: Notice, *, repeated: bool = False) -> None:
        probe_after = notice.probe_after
        if probe_after is None and notice.message_id is None:
            # Nothing known: whatever is there came after 0, so that even a chat's first message can be looked for.
            probe_after = await self._outbox.last_message_id(notice.chat_id) or 0
        self._crash.reached("courier.before_mark")
        row = await self._outbox.mark_sending(notice.key, probe_after)
        if row is None:
            return
        self._crash.reached("courier.before_send")
        try:
            if notice.attempts and await self._too_late(row):
                delivery: Delivery = Delivered(message_id=None, content_hash="")
            else:
                delivery = await self._sender.deliver(row, repeated=repeated)
        except Exception as error:  # noqa: BLE001 - a surprise: nobody knows whether it arrived, so look for it later
            logger.exception("Sending {} failed unexpectedly", row.key)
            delivery = MaybeDelivered(error=type(error).__name__)
        self._crash.reached("courier.after_send")
        try:
            await self._settle(row, delivery)
        except Exception:  # noqa: BLE001 - the outcome could not be stored: the row is in `sending`, as after a crash
            logger.exception("The outcome of {} could not be stored", row.key)
            self._lose(row)
        self._crash.reached("courier.after_receipt")

    async def _too_late(self, row: Notice) -> bool:
        """News of a goal whose end stands in the chat already, because their first delivery failed: they count as said,
        for the end says it all."""
        if row.kind not in NEWS or row.message_id is not None or row.goal_number is None:
            return False
        return await self._outbox.message_of(f"{row.goal_number}/end") is not None

    async def _settle(self, row: Notice, delivery: Delivery) -> None:
        lane = self._lane(row.chat_id)
        match delivery:
            case Delivered():
                self._failures.pop(row.key, None)
                self._repeated.discard(row.key)
                message_id = row.message_id if delivery.message_id is None else delivery.message_id
                lane.sent(row, self._clock.monotonic())
                await self._outbox.mark_sent(
                    row.key, message_id, delivery.content_hash, row.revision, self._clock.now()
                )
            case NotDelivered():
                wait_s = delivery.wait_s if delivery.whole_chat else max(delivery.wait_s, self._backoff_s(row.key))
                if delivery.whole_chat:
                    lane.pause(self._clock.monotonic() + wait_s)
                await self._later(row, wait_s, delivery.error)
            case MaybeDelivered():
                await self._unsure(row, delivery)
            case Undeliverable():
                logger.warning("{} can't be delivered to chat {}: {}", row.key, row.chat_id, delivery.error)
                if delivery.chat_gone:
                    lane.pause(self._clock.monotonic() + GONE_PAUSE_S, gone=True)
                    await self._outbox.chat_gone(row.chat_id, delivery.error, row.key)
                else:
                    await self._outbox.mark_dead(row.key, delivery.error)
            case MessageGone():
                await self._outbox.forget_message(row.key)
                await self._outbox.mark_pending(row.key, self._clock.now(), "the message was gone")
            case ChatMoved():
                await self._outbox.move_chat(row.chat_id, delivery.chat_id)
                await self._outbox.mark_pending(row.key, self._clock.now(), "the chat has a new id")
            case _:
                assert_never(delivery)

    def _backoff_s(self, key: str) -> float:
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        return float(min(self._pace.retry_first_s * 2 ** (failures - 1), self._pace.retry_max_s))

    async def _later(self, row: Notice, wait_s: float, error: str) -> None:
        self._retry_at[row.key] = self._clock.monotonic() + wait_s
        await self._outbox.mark_pending(row.key, self._clock.now() + timedelta(seconds=wait_s), error)

    # --------------------------------------------------------------------------------------------------- what got lost

    async def _unsure(self, row: Notice, delivery: MaybeDelivered) -> None:
        if row.message_id is not None:  # an edit: repeating it changes nothing
            await self._later(row, self._backoff_s(row.key), delivery.error)
            return
        logger.warning("No answer from chat {} about {}: {}", row.chat_id, row.key, delivery.error)
        if row.key in self._repeated:
            await self._outbox.mark_dead(row.key, NEVER_CONFIRMED)
            return
        await self._outbox.mark_unknown(row.key, delivery.error)
        self._lose(replace(row, state=NoticeState.UNKNOWN))

    def _lose(self, notice: Notice) -> None:
        self._lost[notice.key] = _Lost(notice, self._clock.monotonic() + self._grace_s)

    async def _find(self, notice: Notice) -> None:
        """After the grace period: it is in the chat, or it is sent again, or given up where neither is safe."""
        try:
            if notice.message_id is not None:
                await self._outbox.mark_pending(notice.key, self._clock.now(), "interrupted")
                return
            if notice.state is NoticeState.SENDING:  # as a crash left it: from here on it is known to be unknown
                await self._outbox.mark_unknown(notice.key, "interrupted")
            if self._sender.can_probe and notice.probe_after is not None:
                await self._probe(notice)
            elif notice.kind in REPEATS:
                self._repeated.add(notice.key)
                await self._deliver(notice, repeated=True)
            else:
                await self._outbox.mark_dead(notice.key, NEVER_CONFIRMED)
        except Exception:  # noqa: BLE001 - looking failed, so nothing is known yet: look again later
            logger.exception("Looking for {} failed", notice.key)
            self._lost[notice.key] = _Lost(notice, self._clock.monotonic() + self._backoff_s(notice.key))

    async def _probe(self, notice: Notice) -> None:
        after = notice.probe_after or 0
        known = await self._outbox.known_message_ids(notice.chat_id, after)
        candidates = [after + step for step in range(1, CANDIDATES_MAX + len(known) + 1)]
        candidates = [number for number in candidates if number not in known][:CANDIDATES_MAX]
        self._crash.reached("courier.before_probe")
        found = await self._sender.probe(notice, candidates)
        self._crash.reached("courier.after_probe")
        if found is None:
            await self._deliver(notice)
        else:
            # The hash is left open: whatever the chat shows now, the next edit compares with the chat itself.
            await self._outbox.mark_sent(notice.key, found, "", notice.revision, self._clock.now())
