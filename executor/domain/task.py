"""A task: one step of a plan as it really goes, with its table of moves (document 004's moves are part of it)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from executor.domain.errors import WrongMove
from executor.domain.lesson import Remedy
from executor.domain.moves import check_move, check_return
from executor.domain.plan import TaskSpec
from executor.domain.values import quick, replace


class TaskState(StrEnum):
    PENDING = "pending"  # waits for other tasks
    QUEUED = "queued"  # ready; waits for a free slot or for `due_at`
    IN_PROGRESS = "in_progress"  # an attempt is running
    RETRYING = "retrying"  # an attempt failed; the next one is due at `due_at`
    AWAITING_APPROVAL = "awaiting_approval"  # waits for a person's word: an approval, an answer, Done
    BLOCKED = "blocked"  # an open blockage; a decision is open beside it
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


_T = TaskState
_ENDS = frozenset({_T.FAILED, _T.SKIPPED, _T.CANCELLED})
_OPEN = frozenset({_T.QUEUED, _T.PAUSED, _T.BLOCKED, _T.AWAITING_APPROVAL})
TASK_MOVES: Mapping[TaskState, frozenset[TaskState]] = {
    _T.PENDING: frozenset({_T.IN_PROGRESS}) | _OPEN | _ENDS,
    _T.QUEUED: frozenset({_T.IN_PROGRESS, _T.PENDING}) | _OPEN | _ENDS,
    _T.IN_PROGRESS: frozenset({_T.COMPLETED, _T.RETRYING, _T.PENDING}) | _OPEN | _ENDS,
    _T.RETRYING: frozenset({_T.IN_PROGRESS, _T.PENDING}) | _OPEN | _ENDS,
    _T.AWAITING_APPROVAL: frozenset({_T.IN_PROGRESS, _T.COMPLETED, _T.PENDING}) | _OPEN | _ENDS,
    _T.BLOCKED: frozenset({_T.IN_PROGRESS, _T.PENDING}) | _OPEN | _ENDS,
    _T.PAUSED: frozenset({_T.IN_PROGRESS, _T.COMPLETED, _T.PENDING, _T.RETRYING}) | _OPEN | _ENDS,
    _T.COMPLETED: frozenset(),
    _T.FAILED: frozenset({_T.QUEUED, _T.PENDING}),  # a person retries, or an adaptation resets it
    _T.SKIPPED: frozenset(),
    _T.CANCELLED: frozenset(),
}
TASK_TAKEN_UP: Mapping[TaskState, frozenset[TaskState]] = {
    _T.FAILED: frozenset({_T.PENDING}),
    _T.CANCELLED: frozenset({_T.PENDING}),
    _T.SKIPPED: frozenset({_T.PENDING}),
}
"""The way back of what an ended goal left undone, and only by `taken_up`."""
CRITERION_TAKEN_UP: Mapping[TaskState, frozenset[TaskState]] = {
    **TASK_TAKEN_UP,
    _T.COMPLETED: frozenset({_T.PENDING}),
}
"""What was seen before the rest of the work was done is looked at again."""
TASK_FINAL = frozenset({_T.COMPLETED, _T.FAILED, _T.SKIPPED, _T.CANCELLED})
TASK_DUE = frozenset({_T.QUEUED, _T.RETRYING})
"""States that the tick takes from, once `due_at` has come."""


class TaskKind(StrEnum):
    WORK = "work"
    CRITERION = "criterion"  # checks one success criterion after all work; weighs nothing in the percentage
    GATE = "gate"  # tests, audit or review after all criteria; weighs nothing either


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person said about this task: the text of an answer, or Done."""

    text: str
    by: str
    at: datetime


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """`ref` is what people call it: 12.3 is task 3 of goal 12, 12.3.1 its subtask.

    `failures` counts attempts since the last fresh start (a person's Retry resets it), `attempts` all of them.
    `taken_over`: a person does it by hand instead of its action; `answer` is then their Done.
    """

    ref: str
    goal_number: int
    position: int  # order on the card, 1 …
    spec: TaskSpec
    kind: TaskKind = TaskKind.WORK
    state: TaskState = TaskState.PENDING
    parent_ref: str | None = None
    plan_version: int = 1
    due_at: datetime | None = None
    attempts: int = 0
    failures: int = 0
    taken_over: bool = False
    verify_first: bool = False  # an attempt was interrupted: try the check before running it again
    verify_only: bool = False  # an effect is unknown: look at the check, and do not run it
    answer: Answer | None = None
    approved: str = ""  # the digest of what a person let run, this once
    summary: str = ""  # one line: the result, or what went wrong
    resume_state: TaskState | None = None  # where a paused task goes back to
    remedy: Remedy | None = None  # what was tried about its last failure, until it is seen whether that helped
    trail: tuple[str, ...] = ()  # how its last attempts ended, in hashes: what shows that it goes in circles
    waits_on: str | None = None  # the circuit, goal or approvals that hold it; "": tried whatever is known to be gone
    revision: int = 0
    created_at: datetime
    started_at: datetime | None = None
    blocked_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def final(self) -> bool:
        return self.state in TASK_FINAL

    @property
    def satisfied(self) -> bool:
        """Tasks that depend on this one may go on."""
        return self.state in (TaskState.COMPLETED, TaskState.SKIPPED) or (
            self.spec.optional and self.state is TaskState.FAILED
        )

    def frees(self, waiting: "Task") -> bool:
        """`waiting`, which needs this one, may go on. A part that is over is out of the way of its whole, however it
        ended: whether the whole is done is seen at its own end."""
        return self.satisfied or (self.final and self.parent_ref == waiting.ref)

    def reopened(self) -> "Task":
        """A criterion or a gate that is to be looked at again, because work was added. Raises WrongMove for work: that
        is done once and for all."""
        if self.kind is TaskKind.WORK:
            raise WrongMove(f"Task {self.ref} can't be reopened.")
        return replace(self, state=TaskState.PENDING, summary="", due_at=None, blocked_at=None, finished_at=None)

    def moved(self, state: TaskState, now: datetime, *, summary: str | None = None) -> "Task":
        """The task in its new state, held by nothing. Raises WrongMove where the table has no such move."""
        check_move(TASK_MOVES, self.state, state, f"Task {self.ref}")
        return replace(
            self,
            state=state,
            summary=self.summary if summary is None else summary,
            due_at=now if state is TaskState.QUEUED else None,
            started_at=self.started_at or (now if state is TaskState.IN_PROGRESS else None),
            blocked_at=now if state is TaskState.BLOCKED else None,
            finished_at=now if state in TASK_FINAL else None,
            resume_state=None,
            waits_on=None,
        )

    def taken_up(self) -> "Task":
        """The task as it begins again, after its goal had ended without it. Raises WrongMove for finished work."""
        table = TASK_TAKEN_UP if self.kind is TaskKind.WORK else CRITERION_TAKEN_UP
        check_return(table, self.state, TaskState.PENDING, f"Task {self.ref}")
        return replace(self, state=TaskState.PENDING, summary="", due_at=None, finished_at=None, taken_over=False)
