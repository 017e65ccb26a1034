"""A notice: something a chat must be told, written in the transaction that made it true and delivered afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from executor.domain.values import quick


class NoticeKind(StrEnum):
    CARD = "card"  # the one live card of a goal in a chat: sent once, then edited in place
    MILESTONE = "milestone"
    DECISION = "decision"  # a new message with buttons; edited once when it is decided
    ADAPTATION = "adaptation"
    FAILURE = "failure"
    END = "end"  # the receipt
    ANSWER = "answer"  # the reply to somebody's command
    TEXT = "text"  # the notify action, and what we say by ourselves


class NoticeState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"  # stored before the request leaves
    SENT = "sent"
    UNKNOWN = "unknown"  # the request left and nobody saw the answer
    DEAD = "dead"  # it can't be delivered; the reason is in `error`, see GONE


NOTICE_MOVES: Mapping[NoticeState, frozenset[NoticeState]] = {
    NoticeState.PENDING: frozenset({NoticeState.SENDING, NoticeState.DEAD}),
    NoticeState.SENDING: frozenset({NoticeState.SENT, NoticeState.UNKNOWN, NoticeState.PENDING, NoticeState.DEAD}),
    NoticeState.UNKNOWN: frozenset({NoticeState.SENT, NoticeState.PENDING, NoticeState.DEAD}),
    NoticeState.SENT: frozenset({NoticeState.PENDING}),  # a card or a decided question is edited again
    NoticeState.DEAD: frozenset({NoticeState.PENDING}),  # its chat was gone, and is back
}
GONE = "the chat is gone"
"""Stands in `error` of a dead notice that is delivered once its chat is back; every other dead one stays dead."""

PRIORITY: Mapping[NoticeKind, int] = {
    NoticeKind.ANSWER: 0,
    NoticeKind.DECISION: 1,
    NoticeKind.FAILURE: 2,
    NoticeKind.END: 2,
    NoticeKind.MILESTONE: 3,
    NoticeKind.ADAPTATION: 3,
    NoticeKind.TEXT: 3,
    NoticeKind.CARD: 4,
}
"""Lower goes first when a chat's budget is short. A goal's card goes out before what replies to it."""

LOUD = frozenset({NoticeKind.DECISION, NoticeKind.FAILURE, NoticeKind.END, NoticeKind.ANSWER})
RINGS_ALWAYS = frozenset({NoticeKind.DECISION, NoticeKind.ANSWER})
"""In quiet hours too: the work waits for the one, a person for the other."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """`key` is unique for ever and chosen by the writer: ``12/milestone/50``, ``12/card``, ``17/decision``,
    ``answer/<update id>``. Writing it a second time changes nothing, except that a sent card or decision becomes
    pending again. `facts` is what the text is made of, rendered when it is sent; plain JSON values only.
    `probe_after` is the highest message id known in the chat when the request left."""

    key: str
    kind: NoticeKind
    chat_id: int
    thread_id: int | None = None
    goal_number: int | None = None
    decision_number: int | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    state: NoticeState = NoticeState.PENDING
    attempts: int = 0
    message_id: int | None = None
    content_hash: str = ""
    probe_after: int | None = None
    revision: int = 0  # grows with each change of what it should show
    sent_revision: int = -1
    due_at: datetime
    created_at: datetime
    sent_at: datetime | None = None
    error: str = ""
