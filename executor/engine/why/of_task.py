"""Why a task is where it is, as a code and a sentence: one pure function that has an answer for every state.

The same answers drive /why and the look-out for stalls: a reason whose code is in `LIVE` will pass by itself or by
somebody who has been asked; a running goal in which no task has such a reason stands still.
"""

from collections.abc import Mapping
from typing import assert_never

from executor.domain.gathered import HELD, waiting
from executor.domain.goal import GOAL_FINAL, GOAL_RUNNING, Goal, GoalState
from executor.domain.task import Task, TaskKind, TaskState
from executor.domain.turn import AGENT
from executor.engine.spans import ago, moment
from executor.engine.why.values import Around, Code, Hold, Known, Reason, stopped_words

_LATER: Mapping[TaskKind, str] = {
    TaskKind.CRITERION: "is looked at after all tasks",
    TaskKind.GATE: "comes after all tasks and criteria",
}


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
