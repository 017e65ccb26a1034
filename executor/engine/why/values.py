"""What a reason is, and what the answers are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum

from executor.domain.attempt import Attempt, AttemptState
from executor.domain.decision import Decision, DecisionKind, DecisionState
from executor.domain.goal import Goal
from executor.domain.stop import Stop
from executor.domain.task import Task, TaskKind, TaskState
from executor.engine.spans import clock


class Code(StrEnum):
    """Stable: what a script may look at."""

    RUNNING = "running"
    DUE = "due"  # ready; the next tick takes it
    NOT_STARTED = "not_started"  # other tasks come first
    WAITS_FOR_PERSON = "waits_for_person"
    WAITS_FOR_RETRY = "waits_for_retry"
    WAITS_FOR_TIME = "waits_for_time"
    WAITS_FOR_WORKER = "waits_for_worker"
    WAITS_FOR_RESOURCE = "waits_for_resource"
    WAITS_FOR_GOAL = "waits_for_goal"  # a goal that is this task
    CIRCUIT_OPEN = "circuit_open"
    PAUSED = "paused"
    STOPPED = "stopped"
    NOT_RUNNING = "not_running"  # there is no Milepost that would take it
    PLANNING = "planning"
    PLAN_NOT_STARTED = "plan_not_started"
    STUCK = "stuck"  # nothing will ever happen: a stall
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


LIVE = frozenset(
    {
        Code.RUNNING,
        Code.DUE,
        Code.WAITS_FOR_PERSON,
        Code.WAITS_FOR_RETRY,
        Code.WAITS_FOR_TIME,
        Code.WAITS_FOR_WORKER,
        Code.WAITS_FOR_RESOURCE,
        Code.WAITS_FOR_GOAL,
        Code.CIRCUIT_OPEN,
        Code.PAUSED,
        Code.STOPPED,
        Code.NOT_RUNNING,
    }
)
"""A task with such a reason will go on, or somebody has been asked about it."""
HOLDS_NOTHING_UP = frozenset({DecisionKind.DEADLINE, DecisionKind.RESULT, DecisionKind.PROPOSAL})
"""Questions about a whole goal that it does not wait for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """`ref` None: about the goal. `sentence` goes without the task's name, and begins in lower case. `next_at` is when
    it passes by itself, None where that is not known. `needs` are tasks that come first."""

    code: Code
    sentence: str
    ref: str | None = None
    title: str = ""
    since: datetime | None = None
    next_at: datetime | None = None
    needs: tuple[str, ...] = ()
    decision: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A task that is ready and kept back: by a resource that is taken, by a circuit that is open, by a STOP."""

    code: Code
    sentence: str
    since: datetime | None = None
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the answer depends on beside the goal. `ticked_at`: the last tick, None where there never was one.
    `running`: a program that ticks. `holds` by task ref is where whatever keeps ready tasks back puts its reasons.
    `since`: when the goal came into its state. `spent_usd` of `limit_usd`: what the brain has cost it."""

    now: datetime
    zone: tzinfo = UTC
    running: bool = True
    ticked_at: datetime | None = None
    tick_s: float = 5.0
    slots: int = 1
    busy: tuple[str, ...] = ()
    holds: Mapping[str, Hold] = field(default_factory=dict)
    since: datetime | None = None
    limit_usd: Decimal | None = None
    spent_usd: Decimal = Decimal(0)
    stop: Stop | None = None  # everything is stopped

    def clock(self, at: datetime) -> str:
        return clock(at, self.now, self.zone)


def stopped_words(stop: Stop, around: Around) -> str:
    return f"stopped by {stop.by} at {around.clock(stop.at)}; /resume goes on"


_BEFORE: Mapping[TaskKind, frozenset[TaskKind]] = {
    TaskKind.CRITERION: frozenset({TaskKind.WORK}),
    TaskKind.GATE: frozenset({TaskKind.WORK, TaskKind.CRITERION}),
}


@dataclass(frozen=True, slots=True)
class Known:
    """A goal's rows, found by name. Open attempts and open decisions are enough."""

    goal: Goal
    tasks: Mapping[str, Task]
    attempts: Mapping[str, Attempt]
    decisions: tuple[Decision, ...]

    def decision_about(self, ref: str | None) -> Decision | None:
        return next((d for d in self.decisions if d.task_ref == ref and d.state is DecisionState.OPEN), None)

    def proposal_for(self, task: Task) -> Decision | None:
        """The question about a change of the plan that would try this task again."""
        proposed = (d for d in self.decisions if d.amendment is not None and d.state is DecisionState.OPEN)
        return next((d for d in proposed if d.amendment and task.spec.key in d.amendment.again), None)

    def holding(self) -> Decision | None:
        """A question about the whole goal that tasks wait for."""
        about_goal = (d for d in self.decisions if d.task_ref is None and d.state is DecisionState.OPEN)
        return next((d for d in about_goal if d.kind not in HOLDS_NOTHING_UP), None)

    def running(self, ref: str) -> Attempt | None:
        attempt = self.attempts.get(ref)
        return attempt if attempt is not None and attempt.state is AttemptState.RUNNING else None

    def needs(self, task: Task) -> list[Task]:
        """What has to be satisfied before it, and is not, by position. A key that a later version of the plan gave to
        another task means that one. Criteria need all work, and a gate all that is passed before it."""
        if task.kind is not TaskKind.WORK:
            first = _BEFORE[task.kind]
            earlier = [t for t in self.tasks.values() if t.kind is task.kind and t.position < task.position]
            before = [t for t in self.tasks.values() if t.kind in first]
            return [t for t in (*before, *(earlier if task.kind is TaskKind.GATE else ())) if not t.final]
        keys = {*task.spec.depends_on, *task.spec.only_if}
        newest: dict[str, Task] = {}
        for other in self.tasks.values():
            if other.kind is TaskKind.WORK and other.spec.key in keys:
                known = newest.get(other.spec.key)
                if known is None or known.state is TaskState.CANCELLED:
                    newest[other.spec.key] = other
        return sorted((other for other in newest.values() if not other.frees(task)), key=lambda other: other.position)
