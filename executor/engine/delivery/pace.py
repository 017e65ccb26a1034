"""How fast a chat may be spoken to, and who goes first: a token bucket per chat, with a reserve for what matters.

Telegram publishes no limits; these keep to what its own support names: about one message a second in a private chat,
twenty a minute in a group, edits and new messages counted together.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from executor.domain.notice import PRIORITY, Notice, NoticeKind

RESERVED_FROM = PRIORITY[NoticeKind.MILESTONE]
"""Kinds of this priority and below leave the reserve to the others."""
MINUTE_S = 60.0
LIVE_S = 60.0
"""A card that was edited within this time counts as live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatPace:
    """`per_s` tokens a second up to `burst`; inf: no budget at all. `reserve` tokens are kept for answers, decisions
    and ends. A card is edited at most every `card_s`, or every `card_each_s` × live cards if that is more. No
    minute sees more than `minute_max`."""

    per_s: float
    burst: float
    reserve: float
    card_s: float
    card_each_s: float = 0.0
    minute_max: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Groups have negative ids. Retries double from `retry_first_s` to `retry_max_s`. All in seconds. `total_per_s` is
    for all chats together, up to `total_burst` at once."""

    private: ChatPace
    group: ChatPace
    retry_first_s: float = 1.0
    retry_max_s: float = 60.0
    total_per_s: float = float("inf")
    total_burst: float = 5

    def of(self, chat_id: int) -> ChatPace:
        return self.group if chat_id < 0 else self.private


TELEGRAM = Pace(
    private=ChatPace(per_s=1.0, burst=5, reserve=4, card_s=2.0),
    group=ChatPace(per_s=20 / 60, burst=8, reserve=4, card_s=5.0, card_each_s=3.0, minute_max=20),
    total_per_s=20.0,  # with the burst, 25 within any second
)
_FREE = ChatPace(per_s=float("inf"), burst=1, reserve=0, card_s=0.3)
LIVELY = Pace(private=_FREE, group=_FREE, retry_first_s=0.2, retry_max_s=5.0)
"""For the local chat: no budget, but still one edit of a card for many changes."""


def in_order(notices: Sequence[Notice]) -> list[Notice]:
    """By priority, then age, with two exceptions for the sake of sense: a card that is not in the chat yet goes before
    the first message of its goal, and what a goal said before its end goes before its end."""
    goals: dict[int, list[Notice]] = {}
    for notice in notices:
        if notice.goal_number is not None:
            goals.setdefault(notice.goal_number, []).append(notice)

    def place(notice: Notice) -> tuple[int, bool, bool, datetime, str]:
        others = goals.get(notice.goal_number, []) if notice.goal_number is not None else []
        new_card = notice.kind is NoticeKind.CARD and notice.message_id is None
        ends = notice.kind is NoticeKind.END
        return (_urgency(notice, others, new_card), not new_card, ends, notice.created_at, notice.key)

    return sorted(notices, key=place)


def most_urgent_first(chats: Mapping[int, list[Notice]]) -> list[tuple[int, list[Notice]]]:
    """Each chat's notices in their order; first the chats in which something urgent waits, then the longest wait."""
    ordered = [(chat_id, in_order(notices)) for chat_id, notices in chats.items()]
    return sorted(ordered, key=lambda chat: (min(PRIORITY[one.kind] for one in chat[1]), chat[1][0].created_at))


def _urgency(notice: Notice, others: Sequence[Notice], new_card: bool) -> int:
    own = PRIORITY[notice.kind]
    if new_card:
        return min([PRIORITY[NoticeKind.DECISION], *(PRIORITY[other.kind] for other in others)])
    if notice.kind is not NoticeKind.CARD and any(
        other.kind is NoticeKind.END and notice.created_at <= other.created_at for other in others
    ):
        return min(own, PRIORITY[NoticeKind.END])
    return own


@dataclass(slots=True)
class Lane:
    """One chat's budget. Times are monotonic seconds."""

    pace: ChatPace
    refilled_at: float
    tokens: float = field(init=False)
    paused_until: float = 0.0
    gone: bool = False
    cards: dict[str, float] = field(default_factory=dict)  # when each card was last edited
    recent: deque[float] = field(default_factory=deque)  # when what went within the last minute did, where that counts

    def __post_init__(self) -> None:
        self.tokens = self.pace.burst

    def pick(self, notices: Sequence[Notice], now: float) -> tuple[Notice | None, float]:
        """The first of these that may go now, its token taken; else None and the seconds until one may."""
        if now < self.paused_until:
            return None, self.paused_until - now
        self._refill(now)
        if (full_s := self._minute_wait_s(now)) > 0:
            return None, full_s
        wait_s = float("inf")
        for notice in notices:
            needed_s = max(self._token_wait_s(notice), self._card_wait_s(notice, now))
            if needed_s <= 0:
                self.tokens -= 0 if self.pace.per_s == float("inf") else 1
                if self.pace.minute_max is not None:
                    self.recent.append(now)
                return notice, 0.0
            wait_s = min(wait_s, needed_s)
        return None, wait_s

    def sent(self, notice: Notice, now: float) -> None:
        self.gone = False
        if _is_live(notice):
            self.cards[notice.key] = now

    def pause(self, until: float, *, gone: bool = False) -> None:
        self.paused_until = max(self.paused_until, until)
        self.gone = gone

    def resume(self) -> None:
        self.paused_until = 0.0
        self.gone = False

    def _refill(self, now: float) -> None:
        if self.pace.per_s != float("inf"):
            self.tokens = min(self.pace.burst, self.tokens + (now - self.refilled_at) * self.pace.per_s)
        self.refilled_at = now

    def _minute_wait_s(self, now: float) -> float:
        while self.recent and now - self.recent[0] >= MINUTE_S:
            self.recent.popleft()
        if self.pace.minute_max is None or len(self.recent) < self.pace.minute_max:
            return 0.0
        return self.recent[0] + MINUTE_S - now

    def _token_wait_s(self, notice: Notice) -> float:
        if self.pace.per_s == float("inf"):
            return 0.0
        new_card = notice.kind is NoticeKind.CARD and notice.message_id is None
        reserve = self.pace.reserve if PRIORITY[notice.kind] >= RESERVED_FROM and not new_card else 0
        # A hair of tolerance: floating-point refills must not ask for one more nanosecond for ever.
        return max(0.0, (1 + reserve - self.tokens) - 1e-6) / self.pace.per_s

    def _card_wait_s(self, notice: Notice, now: float) -> float:
        if not _is_live(notice) or notice.message_id is None or notice.key not in self.cards:
            return 0.0
        self.cards = {key: at for key, at in self.cards.items() if now - at < LIVE_S or key == notice.key}
        live = sum(now - at < LIVE_S for at in self.cards.values())
        return self.cards[notice.key] + max(self.pace.card_s, self.pace.card_each_s * live) - now


@dataclass(slots=True)
class Total:
    """The budget of all chats together. Times are monotonic seconds."""

    per_s: float
    burst: float
    refilled_at: float
    tokens: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = self.burst

    def wait_s(self, now: float) -> float:
        """Until one more may go; 0: now."""
        if self.per_s == float("inf"):
            return 0.0
        self.tokens = min(self.burst, self.tokens + (now - self.refilled_at) * self.per_s)
        self.refilled_at = now
        return max(0.0, 1 - self.tokens - 1e-6) / self.per_s

    def take(self) -> None:
        self.tokens -= 0 if self.per_s == float("inf") else 1


class Lanes:
    """The lane of each chat that was spoken to, and what they share. `monotonic` gives seconds."""

    def __init__(self, pace: Pace, monotonic: Callable[[], float]) -> None:
        self.pace = pace
        self._monotonic = monotonic
        self._lanes: dict[int, Lane] = {}
        self.total = Total(pace.total_per_s, pace.total_burst, monotonic())

    def of(self, chat_id: int) -> Lane:
        if chat_id not in self._lanes:
            self._lanes[chat_id] = Lane(self.pace.of(chat_id), self._monotonic())
        return self._lanes[chat_id]

    def resume(self, chat_id: int) -> bool:
        """The chat is alive after all. False: nobody had thought otherwise."""
        if (lane := self._lanes.get(chat_id)) is None or not lane.gone:
            return False
        lane.resume()
        return True


def _is_live(notice: Notice) -> bool:
    """It is edited again and again: a goal's card, and one that gathers approvals."""
    gathers = notice.kind is NoticeKind.DECISION and notice.decision_number is None
    return notice.kind is NoticeKind.CARD or gathers
