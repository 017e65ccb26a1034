"""From the outbox to the program's notifier: each notice of its goals once, in order, when a call has ended.

The same promises as a chat's courier keeps: `sending` is stored before the notifier is called and `sent` after it, and
what a crash left between the two is said again with a mark, or, where saying it twice would be worse, not at all.
"""

from dataclasses import dataclass
from datetime import timedelta, tzinfo

from loguru import logger

from bot.library.wording import card_text, decision_text, notice_text, priority_of, stage_of
from executor.domain.decision import Decision, DecisionState
from executor.domain.gathered import ALSO_ALONE, waiting
from executor.domain.notice import Notice, NoticeKind
from executor.engine.delivery.carrier import NEVER_CONFIRMED, REPEATS
from executor.engine.delivery.pace import in_order
from executor.ports import Clock, Outbox, Store

HERE = 0
"""The chat of goals whose program has a notifier. No chat of Telegram has this id."""

TRIES_MAX = 5
PAUSE_S = 60.0  # before a notifier that raised is tried again, by the first call after that
_ROWS = 200


@dataclass(frozen=True, slots=True)
class Message:
    """`shown` is kept in the outbox as what was told last."""

    notice: Notice
    text: str
    priority: str
    shown: str


class Notifications:
    """Every method is a coroutine of the engine's loop; one thread at a time asks for messages."""

    def __init__(self, outbox: Outbox, store: Store, clock: Clock, timezone: tzinfo) -> None:
        self._outbox = outbox
        self._store = store
        self._clock = clock
        self._timezone = timezone
        self._repeated: set[str] = set()

    async def recover(self) -> None:
        """Once, before anything else: what a predecessor began to say and nobody saw the end of."""
        for notice in await self._outbox.unfinished():
            if notice.chat_id != HERE:
                continue
            if notice.kind in REPEATS:
                self._repeated.add(notice.key)
                await self._outbox.mark_pending(notice.key, self._clock.now(), "interrupted")
            else:
                await self._outbox.mark_dead(notice.key, NEVER_CONFIRMED)

    async def next(self) -> Message | None:
        """The next message to send, marked as being sent; None: nothing is left to say now."""
        while (pending := await self._pending()) is not None:
            notice = await self._outbox.mark_sending(pending.key, None)
            if notice is None:
                continue
            if (message := await self._message(notice)) is not None:
                return message
            await self._outbox.mark_sent(notice.key, None, notice.content_hash, notice.revision, self._clock.now())
        return None

    async def sent(self, message: Message) -> None:
        notice = message.notice
        self._repeated.discard(notice.key)
        await self._outbox.mark_sent(notice.key, None, message.shown, notice.revision, self._clock.now())

    async def failed(self, message: Message, error: Exception) -> None:
        """The notifier raised: tried again later, and given up in the end."""
        notice, said = message.notice, f"{type(error).__name__}: {error}"
        logger.warning("The notifier did not take {}: {}", notice.key, said)
        if notice.attempts >= TRIES_MAX:
            await self._outbox.mark_dead(notice.key, said)
        else:
            await self._outbox.mark_pending(notice.key, self._clock.now() + timedelta(seconds=PAUSE_S), said)

    async def _pending(self) -> Notice | None:
        """Rows come by chat, so ours may stand behind those of others."""
        limit = _ROWS
        while True:
            rows = await self._outbox.pending(self._clock.now(), limit)
            ours = in_order([row for row in rows if row.chat_id == HERE])
            if ours:
                return ours[0]
            if len(rows) < limit:
                return None
            limit *= 2

    async def _message(self, notice: Notice) -> Message | None:
        """None: the notifier need not hear of it (any more)."""
        shown, now = "", self._clock.now()
        if notice.kind is NoticeKind.CARD:
            view = await self._store.view(notice.goal_number or 0)
            if view is None or (shown := stage_of(view)) == notice.content_hash:
                return None
            text = card_text(view, now, self._timezone)
        elif notice.kind is NoticeKind.DECISION and notice.decision_number is None:
            asked = await self._asked_since(notice)
            if not asked:
                return None
            text = "\n\n".join(decision_text(decision, now, self._timezone) for decision in asked)
            shown = str(asked[-1].number)
        elif notice.kind is NoticeKind.DECISION:
            decision = await self._store.decision(notice.decision_number or 0)
            if decision is None or decision.state is not DecisionState.OPEN or notice.content_hash:
                return None
            text, shown = decision_text(decision, now, self._timezone), "asked"
        else:
            text = notice_text(notice)
        if notice.key in self._repeated:
            text += "\n\n(possibly repeated)"
        return Message(notice, text, priority_of(notice), shown)

    async def _asked_since(self, notice: Notice) -> list[Decision]:
        """Approvals that share a card in a chat: those that the notifier has not heard of."""
        told = int(notice.content_hash or 0)
        found = await self._store.round_of_approvals(notice.goal_number or 0, int(str(notice.facts["round"])))
        return [
            decision for decision in waiting(found) if decision.number > told and not decision.facts.get(ALSO_ALONE)
        ]
