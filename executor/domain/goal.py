"""A goal: what a person wants, until it is completed, failed or cancelled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from executor.domain.grant import Grant
from executor.domain.moves import check_move, check_return
from executor.domain.outlook import Outlook
from executor.domain.values import quick, replace


class GoalState(StrEnum):
    """Coarse states that drive behaviour; the reason beside them is for people."""

    PENDING = "pending"
    PLANNING = "planning"
    AWAITING_START = "awaiting_start"
    IN_PROGRESS = "in_progress"
    PAUSED = "paused"
    BLOCKED = "blocked"  # nothing can move until a person or the outside does something
    VALIDATING = "validating"  # every task is over; the success criteria are being checked
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


_G = GoalState
_STOPS = frozenset({_G.FAILED, _G.CANCELLED})
GOAL_MOVES: Mapping[GoalState, frozenset[GoalState]] = {
    _G.PENDING: frozenset({_G.PLANNING}) | _STOPS,
    _G.PLANNING: frozenset({_G.AWAITING_START, _G.IN_PROGRESS, _G.BLOCKED, _G.PENDING}) | _STOPS,
    _G.AWAITING_START: frozenset({_G.IN_PROGRESS, _G.PLANNING}) | _STOPS,
    _G.IN_PROGRESS: frozenset({_G.PAUSED, _G.BLOCKED, _G.VALIDATING, _G.PLANNING}) | _STOPS,
    _G.PAUSED: frozenset({_G.IN_PROGRESS, _G.BLOCKED, _G.VALIDATING}) | _STOPS,
    _G.BLOCKED: frozenset({_G.IN_PROGRESS, _G.PAUSED, _G.VALIDATING, _G.PLANNING}) | _STOPS,
    _G.VALIDATING: frozenset({_G.COMPLETED, _G.IN_PROGRESS, _G.BLOCKED, _G.PAUSED}) | _STOPS,
    _G.COMPLETED: frozenset(),
    _G.FAILED: frozenset(),
    _G.CANCELLED: frozenset(),
}
GOAL_TAKEN_UP: Mapping[GoalState, frozenset[GoalState]] = {
    _G.FAILED: frozenset({_G.IN_PROGRESS}),
    _G.CANCELLED: frozenset({_G.IN_PROGRESS}),
}
"""The one way back out of an end, and only by `taken_up`: a person wants to go on with it."""
GOAL_REWORKED: Mapping[GoalState, frozenset[GoalState]] = {_G.COMPLETED: frozenset({_G.IN_PROGRESS})}
"""The one way back out of success, and only by `reworked`: a person wants the result changed."""
GOAL_FINAL = frozenset({_G.COMPLETED, _G.FAILED, _G.CANCELLED})
GOAL_RUNNING = frozenset({_G.IN_PROGRESS, _G.BLOCKED, _G.VALIDATING})
"""States in which ready tasks may be taken: a blocked goal's other branches still run."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a goal came from and where its messages go. `chat_id` None: whoever runs Milepost hears nothing in chat."""

    chat_id: int | None = None
    thread_id: int | None = None
    message_id: int | None = None
    person_id: int = 0
    person_name: str = ""
    via: str = "chat"  # "chat" | "shell" | "http" | "python"


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """`percentage` is 0..100 and never falls within one plan version. `number` is what people call it: 1, 2, 3 …"""

    number: int
    title: str
    description: str = ""
    state: GoalState = GoalState.PENDING
    priority: int = 5  # 1..10, 10 first
    deadline_at: datetime | None = None
    budget_usd: Decimal | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    autonomy: str = "plan"
    origin: Origin = Origin()
    plan_version: int = 0  # 0: no plan yet
    own_adaptations: int = 0  # new versions that Milepost made by itself
    own_tasks: int = 0  # tasks that it added by itself since a person last accepted the plan
    reworks: int = 0  # how often it was completed and then taken up again
    percentage: int = 0
    plan_due_at: datetime | None = None  # not planned before then: the model could not be asked
    plan_tries: int = 0  # in a row that failed
    grants: Mapping[str, Grant] = field(default_factory=dict)  # by digest: always, or never
    plan_trail: tuple[str, ...] = ()  # hashes of its last plan versions, once there is a second
    outlook: Outlook | None = None  # what was foreseen at the last look; None: nothing to say
    reason: str = ""  # why it is paused, blocked, failed or cancelled; for people
    times_taken_up: int = 0  # after it had ended
    parent_task: str | None = None  # the task of another goal that waits for this one (domain/family.py)
    parent_attempt: int = 0  # and which attempt at it
    lineage: tuple[int, ...] = ()  # the goals that it is part of, the root first
    revision: int = 0  # grows with every stored change; compare-and-set uses it
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def final(self) -> bool:
        return self.state in GOAL_FINAL

    def moved(self, state: GoalState, now: datetime, *, reason: str = "") -> "Goal":
        """The goal in its new state. Raises WrongMove where the table has no such move."""
        check_move(GOAL_MOVES, self.state, state, f"Goal {self.number}")
        finished_at = now if state in GOAL_FINAL else None
        started_at = self.started_at or (now if state is GoalState.IN_PROGRESS else None)
        return replace(self, state=state, reason=reason, updated_at=now, started_at=started_at, finished_at=finished_at)

    def taken_up(self, now: datetime) -> "Goal":
        """The goal as it goes on after its end. Raises WrongMove for one that did not fail and was not cancelled."""
        check_return(GOAL_TAKEN_UP, self.state, GoalState.IN_PROGRESS, f"Goal {self.number}")
        times = self.times_taken_up + 1
        return replace(
            self, state=GoalState.IN_PROGRESS, reason="", updated_at=now, finished_at=None, times_taken_up=times
        )

    def reworked(self, now: datetime) -> "Goal":
        """The goal as it goes on after its completion. Raises WrongMove for any other end, and where there is none."""
        check_return(GOAL_REWORKED, self.state, GoalState.IN_PROGRESS, f"Goal {self.number}")
        state, times = GoalState.IN_PROGRESS, self.reworks + 1
        return replace(self, state=state, reason="", updated_at=now, finished_at=None, reworks=times)
