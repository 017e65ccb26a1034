"""The carrier: takes one notice to its chat, and settles what came of it.

`sending` is committed before a request leaves, the message id when its answer is there. What lies between is *unknown*:
an edit is simply repeated (it shows the newest state whichever copy arrives), a new message is looked for in the chat
before it may be sent again. So nothing is lost, and nothing is said twice without a mark.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import assert_never

from loguru import logger

from executor.domain.notice import Notice, NoticeKind, NoticeState
from executor.engine.delivery.pace import Lanes
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

CANDIDATES_MAX = 10
GONE_PAUSE_S = 600.0
NEVER_CONFIRMED = "the chat never confirmed it"
REPEATS = frozenset({NoticeKind.CARD, NoticeKind.DECISION, NoticeKind.FAILURE, NoticeKind.END, NoticeKind.ANSWER})
"""Sent once more, with a mark, when nobody can tell whether they arrived. A milestone is better missed than doubled."""
TTL_S: Mapping[NoticeKind, float] = {
    NoticeKind.ANSWER: 3_600.0,
    NoticeKind.CARD: 86_400.0,
    NoticeKind.DECISION: 86_400.0,
    NoticeKind.FAILURE: 86_400.0,
    NoticeKind.END: 86_400.0,
}
"""How long ago (seconds) a message may have been due that is sent a second time because nobody knows whether it
arrived. One that was surely never sent has no such limit. The doctor names what was given up; /status and /why show
what it said."""
TOO_OLD = "nobody knows whether it arrived, and it is too old to be sent again"
NEWS = frozenset({NoticeKind.CARD, NoticeKind.MILESTONE, NoticeKind.ADAPTATION})
"""What makes no sense any more once the end was told; a card that is in the chat is still edited."""


@dataclass(frozen=True, slots=True)
class _Lost:
    """A message whose request left and whose answer was never seen; looked for at `at` (monotonic seconds)."""

    notice: Notice
    at: float


class Carrier:
    """`grace_s` is how long a request may still be on its way after its answer was lost. One delivery to a chat at a
    time: that is the caller's part."""

    def __init__(
        self, outbox: Outbox, sender: Sender, clock: Clock, crash: CrashPoints, lanes: Lanes, *, grace_s: float
    ) -> None:
        self._outbox = outbox
        self._sender = sender
        self._clock = clock
        self._crash = crash
        self._lanes = lanes
        self._grace_s = grace_s
        self._lost: dict[str, _Lost] = {}
        self._repeated: set[str] = set()
        self._last_sent: dict[int, tuple[int, str]] = {}  # the newest message by chat, with its key
        self._failures: dict[str, int] = {}
        self._retry_at: dict[str, float] = {}

    async def take_over(self) -> None:
        """What a dead predecessor left between `sending` and `sent`."""
        for notice in await self._outbox.unfinished():
            if notice.message_id is not None:
                await self._outbox.mark_pending(notice.key, self._clock.now(), "interrupted")
            else:
                self._lose(notice)

    def to_find(self, now: float, busy: Container[int]) -> list[Notice]:
        """What got lost and is to be looked for now; at most one of a chat, none of those that are `busy`. Each is
        handed out once, for `find`."""
        due: dict[int, Notice] = {}
        for lost in self._lost.values():
            if lost.at <= now and lost.notice.chat_id not in busy:
                due.setdefault(lost.notice.chat_id, lost.notice)
        for notice in due.values():
            del self._lost[notice.key]
        return list(due.values())

    def next_at(self, now: float, busy: Container[int]) -> float | None:
        """When the next known retry or search is due (monotonic seconds); None: none is."""
        self._retry_at = {key: at for key, at in self._retry_at.items() if at > now}
        searches = (lost.at for lost in self._lost.values() if lost.notice.chat_id not in busy)
        return min([*self._retry_at.values(), *searches], default=None)

    async def deliver(self, notice: Notice, *, repeated: bool = False) -> None:
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
        delivery = self._doubted(row, delivery)
        try:
            await self._settle(row, delivery)
        except Exception:  # noqa: BLE001 - the outcome could not be stored: the row is in `sending`, as after a crash
            logger.exception("The outcome of {} could not be stored", row.key)
            self._lose(row)
        self._crash.reached("courier.after_receipt")

    def _doubted(self, row: Notice, delivery: Delivery) -> Delivery:
        """A message without an id is only planned by the chat, and one with another message's id is not that one: an
        edit would hit nothing, or the wrong one."""
        if not isinstance(delivery, Delivered) or delivery.message_id is None or row.message_id is not None:
            return delivery
        if delivery.message_id <= 0:
            return MaybeDelivered(error="the chat has only planned to show it")
        number, key = self._last_sent.get(row.chat_id, (0, ""))
        if number == delivery.message_id and key != row.key:
            return MaybeDelivered(error="the chat gave it the number of another message")
        self._last_sent[row.chat_id] = (delivery.message_id, row.key)
        return delivery

    async def _too_late(self, row: Notice) -> bool:
        """News of a goal whose end stands in the chat already, because their first delivery failed: they count as said,
        for the end says it all."""
        if row.kind not in NEWS or row.message_id is not None or row.goal_number is None:
            return False
        return await self._outbox.message_of(f"{row.goal_number}/end") is not None

    async def _settle(self, row: Notice, delivery: Delivery) -> None:
        lane = self._lanes.of(row.chat_id)
        match delivery:
            case Delivered():
                self._failures.pop(row.key, None)
                message_id = row.message_id if delivery.message_id is None else delivery.message_id
                lane.sent(row, self._clock.monotonic())
                await self._outbox.mark_sent(
                    row.key, message_id, delivery.content_hash, row.revision, self._clock.now()
                )
                self._repeated.discard(row.key)  # not before it is noted: else it would be repeated again and again
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
        return float(min(self._lanes.pace.retry_first_s * 2 ** (failures - 1), self._lanes.pace.retry_max_s))

    async def _later(self, row: Notice, wait_s: float, error: str) -> None:
        self._retry_at[row.key] = self._clock.monotonic() + wait_s
        await self._outbox.mark_pending(row.key, self._clock.now() + timedelta(seconds=wait_s), error)

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

    async def find(self, notice: Notice) -> None:
        """After the grace period: it is in the chat, or it is sent again, or given up where neither is safe."""
        try:
            if notice.message_id is not None:
                await self._outbox.mark_pending(notice.key, self._clock.now(), "interrupted")
                return
            if notice.state is NoticeState.SENDING:  # as a crash left it: from here on it is known to be unknown
                await self._outbox.mark_unknown(notice.key, "interrupted")
            if self._sender.can_probe and notice.probe_after is not None:
                await self._probe(notice)
            elif self._is_too_old(notice) or notice.key in self._repeated:
                await self._outbox.mark_dead(notice.key, TOO_OLD if self._is_too_old(notice) else NEVER_CONFIRMED)
            elif notice.kind in REPEATS:
                self._repeated.add(notice.key)
                await self.deliver(notice, repeated=True)
            else:
                await self._outbox.mark_dead(notice.key, NEVER_CONFIRMED)
        except Exception:  # noqa: BLE001 - looking failed, so nothing is known yet: look again later
            logger.exception("Looking for {} failed", notice.key)
            self._lost[notice.key] = _Lost(notice, self._clock.monotonic() + self._backoff_s(notice.key))

    def _is_too_old(self, notice: Notice) -> bool:
        """Since it was to be sent: a card that somebody deleted is as young as its next one."""
        most_s = TTL_S.get(notice.kind)
        return most_s is not None and (self._clock.now() - notice.due_at).total_seconds() > most_s

    async def _probe(self, notice: Notice) -> None:
        after = notice.probe_after or 0
        known = await self._outbox.known_message_ids(notice.chat_id, after)
        candidates = [after + step for step in range(1, CANDIDATES_MAX + len(known) + 1)]
        candidates = [number for number in candidates if number not in known][:CANDIDATES_MAX]
        self._crash.reached("courier.before_probe")
        found = await self._sender.probe(notice, candidates)
        self._crash.reached("courier.after_probe")
        if found is None:
            await self.deliver(notice)
        else:
            # The hash is left open: whatever the chat shows now, the next edit compares with the chat itself.
            await self._outbox.mark_sent(notice.key, found, "", notice.revision, self._clock.now())
