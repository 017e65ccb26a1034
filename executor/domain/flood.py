"""How much a goal and a chat may be told within a minute and within an hour.

A goal whose tasks notify, ask or adapt without end must not bury a chat. What a live card shows is edited in place and
counts nothing; neither do milestones, of which there are few, the end, and answers to commands.
"""

from dataclasses import dataclass

from executor.domain.notice import NoticeKind

NEWS = frozenset({NoticeKind.TEXT, NoticeKind.ADAPTATION, NoticeKind.FAILURE})
COUNTED = NEWS | {NoticeKind.DECISION}
"""Of a goal. In a chat only news count: many goals may have one question each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Messages of the last minute and of the last hour."""

    minute: int = 0
    hour: int = 0


OF_A_GOAL = Said(minute=30, hour=200)
"""About as much as a person reads; beyond it the goal is paused until somebody resumes it."""
IN_A_CHAT = Said(minute=120, hour=1_000)
"""News of all goals together: twice what Telegram takes within a minute, so that it meets only what never stops."""
MARK = "/flood/"
"""In the key of the message about a flood: what was said before it counts no more."""


def room(most: Said, said: Said) -> int:
    """How many messages more there may be now."""
    return max(min(most.minute - said.minute, most.hour - said.hour), 0)
