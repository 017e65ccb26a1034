"""Why a task is where it is, as a code and a sentence: one pure function that has an answer for every state.

The same answers drive /why and the look-out for stalls: a reason whose code is in `LIVE` will pass by itself or by
somebody who has been asked; a running goal in which no task has such a reason stands still.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

from executor.domain.attempt import Attempt, AttemptState
from executor.domain.decision import Decision, DecisionKind, DecisionState
from executor.domain.gathered import HELD, waiting
from executor.domain.goal import GOAL_FINAL, GOAL_RUNNING, Goal, GoalState
from executor.domain.stop import Stop
from executor.domain.task import Task, TaskKind, TaskState
from executor.domain.turn import AGENT
from executor.engine.spans import ago, clock, moment


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
_LATER: Mapping[TaskKind, str] = {
    TaskKind.CRITERION: "is looked at after all tasks",
    TaskKind.GATE: "comes after all tasks and criteria",
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


def reason_of(task: Task, known: Known, around: Around) -> Reason:
    """Why this task is where it is."""
    reason = _reason(task, known, around)
    return Reason(
        code=reason.code,
        sentence=reason.sentence,
        ref=task.ref,
        title=task.spec.title,
        since=reason.since,
        next_at=reason.next_at,
        needs=reason.needs,
        decision=reason.decision,
    )


def _reason(task: Task, known: Known, around: Around) -> Reason:
    if task.final:
        return _over(task, around)
    goal = known.goal
    if goal.state not in GOAL_RUNNING and (
        goal.state is not GoalState.PAUSED or task.state is not TaskState.IN_PROGRESS
    ):
        return _goal_holds(goal, known, around)
    match task.state:
        case TaskState.PENDING:
            return _pending(task, known)
        case TaskState.QUEUED | TaskState.RETRYING:
            return _waiting(task, known, around)
        case TaskState.IN_PROGRESS:
            return _in_progress(task, known, around)
        case TaskState.AWAITING_APPROVAL | TaskState.BLOCKED:
            return _asked(task, known, around)
        case TaskState.PAUSED:
            hold = around.holds.get(task.ref)
            return _held(hold) if hold else Reason(code=Code.PAUSED, sentence=task.summary or "paused")
        case TaskState.COMPLETED | TaskState.FAILED | TaskState.SKIPPED | TaskState.CANCELLED:
            return _over(task, around)
        case _:
            assert_never(task.state)


def _stuck(why: str) -> Reason:
    return Reason(code=Code.STUCK, sentence=f"stands still: {why}")


def _over(task: Task, around: Around) -> Reason:
    said = f": {task.summary}" if task.summary else ""
    at = f" at {around.clock(task.finished_at)}" if task.finished_at else ""
    return Reason(code=Code(task.state.value), sentence=f"{task.state}{at}{said}", since=task.finished_at)


def _goal_holds(goal: Goal, known: Known, around: Around) -> Reason:
    """The whole goal stands, so every task does."""
    match goal.state:
        case GoalState.PENDING | GoalState.PLANNING:
            return Reason(code=Code.PLANNING, sentence="the plan is still being made")
        case GoalState.AWAITING_START:
            start = known.decision_about(None)
            return Reason(
                code=Code.PLAN_NOT_STARTED,
                sentence="the plan waits for Start",
                since=start.opened_at if start else None,
                decision=start.number if start else None,
            )
        case GoalState.PAUSED:
            return Reason(code=Code.PAUSED, sentence=_paused(goal), since=around.since)
        case _:
            over = Code.CANCELLED if goal.state not in GOAL_FINAL else Code(goal.state.value)
            return Reason(code=over, sentence=f"the goal is {goal.state}", since=goal.finished_at)


def _paused(goal: Goal) -> str:
    return f"{goal.reason[:1].lower()}{goal.reason[1:]}" if goal.reason else "paused"


def _pending(task: Task, known: Known) -> Reason:
    needs = known.needs(task)
    if not needs:
        return _stuck("nothing holds it back, and it was not released")
    sentence = _LATER.get(task.kind, "")
    return Reason(code=Code.NOT_STARTED, sentence=sentence, needs=tuple(other.ref for other in needs))


def _waiting(task: Task, known: Known, around: Around) -> Reason:
    if around.stop is not None:
        return Reason(code=Code.STOPPED, sentence=stopped_words(around.stop, around), since=around.stop.at)
    if task.waits_on:
        hold = around.holds.get(task.ref)
        back = Reason(code=Code.CIRCUIT_OPEN, sentence="waits until what it needs is back", next_at=task.due_at)
        return _held(hold) if hold else back
    if task.due_at is None:
        return _stuck("it has no time at which it would be taken")
    if task.due_at > around.now:
        when = moment(task.due_at, around.now, around.zone)
        said = task.summary.rstrip(".")
        if task.state is TaskState.RETRYING:
            return Reason(
                code=Code.WAITS_FOR_RETRY,
                sentence=f"attempt {task.attempts + 1} comes {when}" + (f" ({said})" if said else ""),
                next_at=task.due_at,
            )
        return Reason(code=Code.WAITS_FOR_TIME, sentence=f"{said or 'waits'}; goes on {when}", next_at=task.due_at)
    return _due(task, known, around)


def _due(task: Task, known: Known, around: Around) -> Reason:
    """Ready now: what keeps it back, if anything does."""
    if (hold := around.holds.get(task.ref)) is not None:
        return _held(hold)
    if not around.running:
        return Reason(code=Code.NOT_RUNNING, sentence="ready, but Milepost is not running", since=task.due_at)
    if known.running(task.ref) is not None:
        return Reason(code=Code.RUNNING, sentence="is just being stopped, and begins again then")
    if len(around.busy) >= around.slots:
        names = ", ".join(around.busy) or "nothing that is known here"
        sentence = f"ready; {len(around.busy)} of {around.slots} slots busy with {names}"
        return Reason(code=Code.WAITS_FOR_WORKER, sentence=sentence, since=task.due_at)
    return Reason(code=Code.DUE, sentence="ready; the next tick takes it", since=task.due_at)


def _held(hold: Hold) -> Reason:
    return Reason(code=hold.code, sentence=hold.sentence, since=hold.since, next_at=hold.next_at)


def _in_progress(task: Task, known: Known, around: Around) -> Reason:
    attempt = known.running(task.ref)
    if attempt is None:
        return _stuck("no attempt of it is running")
    if not around.running:
        sentence = "was running when Milepost ended; it is taken up again at the next start"
        return Reason(code=Code.NOT_RUNNING, sentence=sentence, since=attempt.started_at)
    again = f" (attempt {attempt.number})" if attempt.number > 1 else ""
    turn = f"; {task.summary[:1].lower()}{task.summary[1:]}" if task.spec.action == AGENT and task.summary else ""
    sentence = f"running for {ago(attempt.started_at, around.now)}{again}{turn}"
    return Reason(code=Code.RUNNING, sentence=sentence, since=attempt.started_at)


def _asked(task: Task, known: Known, around: Around) -> Reason:
    decision = known.decision_about(task.ref) or known.proposal_for(task) or known.holding()
    if task.waits_on == HELD and (open_ones := waiting(known.decisions)):
        sentence = f"asks once fewer approvals wait; {len(open_ones)} wait for you now"
        return Reason(code=Code.WAITS_FOR_PERSON, sentence=sentence, decision=open_ones[0].number)
    if decision is None:
        return _stuck("it waits for a person whom nobody has asked")
    what = f"blocked: {task.summary.rstrip('.')}; " if task.state is TaskState.BLOCKED and task.summary else ""
    return Reason(
        code=Code.WAITS_FOR_PERSON,
        sentence=f"{what}waits for you: question {decision.number}, since {around.clock(decision.opened_at)}",
        since=decision.opened_at,
        decision=decision.number,
    )
