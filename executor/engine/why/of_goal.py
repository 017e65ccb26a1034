"""Why a goal is where it is: by its own state, and by what holds up its tasks."""

from collections.abc import Sequence

from executor.domain.attempt import Attempt
from executor.domain.decision import Decision
from executor.domain.goal import GOAL_RUNNING, Goal, GoalState
from executor.domain.task import Task
from executor.engine.why.of_task import reason_of
from executor.engine.why.unplanned import why_unplanned
from executor.engine.why.values import LIVE, Around, Code, Known, Reason

_BY_URGENCY = (
    Code.RUNNING,
    Code.DUE,
    Code.WAITS_FOR_WORKER,
    Code.WAITS_FOR_RETRY,
    Code.WAITS_FOR_TIME,
    Code.WAITS_FOR_RESOURCE,
    Code.WAITS_FOR_GOAL,
    Code.CIRCUIT_OPEN,
    Code.STOPPED,
    Code.NOT_RUNNING,
    Code.WAITS_FOR_PERSON,
    Code.PAUSED,
    Code.NOT_STARTED,
)
"""A goal's code is that of the first of these that one of its tasks has."""


def known_of(goal: Goal, tasks: Sequence[Task], attempts: Sequence[Attempt], decisions: Sequence[Decision]) -> Known:
    return Known(
        goal, {task.ref: task for task in tasks}, {attempt.task_ref: attempt for attempt in attempts}, tuple(decisions)
    )


def stands_still(known: Known, around: Around) -> list[Reason]:
    """Of a running goal: the reasons of its open tasks where not one of them will pass; else nothing."""
    if known.goal.state not in GOAL_RUNNING or known.holding() is not None:
        return []
    reasons = [reason_of(task, known, around) for task in known.tasks.values() if not task.final]
    return [] if any(reason.code in LIVE for reason in reasons) else reasons or [_nothing_open(known)]


def _nothing_open(known: Known) -> Reason:
    return Reason(code=Code.STUCK, sentence=f"every task is over, and the goal is still {known.goal.state}")


def why_goal(known: Known, tasks: Sequence[Reason], around: Around) -> Reason:
    goal = known.goal
    since = around.since
    match goal.state:
        case GoalState.PENDING | GoalState.PLANNING:
            return why_unplanned(goal, since, around.now)
        case GoalState.AWAITING_START:
            return _awaiting_start(known, around)
        case GoalState.PAUSED:
            reason = f"{goal.reason[:1].lower()}{goal.reason[1:]}" if goal.reason else "paused"
            at = f", since {around.clock(since)}" if since else ""
            return Reason(code=Code.PAUSED, sentence=f"is {reason}{at}; /resume {goal.number} goes on", since=since)
        case GoalState.COMPLETED | GoalState.FAILED | GoalState.CANCELLED:
            said = f": {goal.reason}" if goal.reason else ""
            return Reason(code=Code(goal.state.value), sentence=f"is {goal.state}{said}", since=goal.finished_at)
        case _:
            return _at_work(known, tasks, around)


def _awaiting_start(known: Known, around: Around) -> Reason:
    start = known.decision_about(None)
    if start is None:
        return Reason(code=Code.STUCK, sentence="waits for Start, and nobody has been asked")
    return Reason(
        code=Code.PLAN_NOT_STARTED,
        sentence=f"waits for Start: question {start.number}, since {around.clock(start.opened_at)}",
        since=start.opened_at,
        decision=start.number,
    )


def _at_work(known: Known, tasks: Sequence[Reason], around: Around) -> Reason:
    goal = known.goal
    open_ones = [reason for reason in tasks if not known.tasks[reason.ref or ""].final]
    codes = {reason.code for reason in open_ones}
    code = next((code for code in _BY_URGENCY if code in codes), Code.STUCK)
    if stands_still(known, around):
        return Reason(code=Code.STUCK, sentence=f"stands still at {goal.percentage} %", since=around.since)
    if known.holding() is not None and code not in _BY_URGENCY[:2]:
        code = Code.WAITS_FOR_PERSON
    return Reason(code=code, sentence=_stage(known, code, open_ones), since=around.since)


def _stage(known: Known, code: Code, open_ones: Sequence[Reason]) -> str:
    goal = known.goal
    if code is Code.WAITS_FOR_PERSON:
        about_goal = known.holding()
        asked_for = {reason.decision for reason in open_ones} | {about_goal.number if about_goal else None}
        numbers = sorted(number for number in asked_for if number is not None)
        asked = f": question {', '.join(map(str, numbers))}" if numbers else ""
        return f"is at {goal.percentage} % and waits for you{asked}"
    if goal.state is GoalState.VALIDATING:
        return "has no task left, and its result is being checked"
    words = {
        Code.RUNNING: "is being worked on",
        Code.DUE: "goes on with the next tick",
        Code.WAITS_FOR_WORKER: "waits for a free slot",
        Code.WAITS_FOR_RETRY: "waits for its next attempt",
        Code.WAITS_FOR_TIME: "waits for its time",
        Code.WAITS_FOR_RESOURCE: "waits for a resource",
        Code.CIRCUIT_OPEN: "waits for a service that is down",
        Code.STOPPED: "is stopped",
        Code.NOT_RUNNING: "can't go on",
    }
    return f"{words.get(code, 'is in progress')}, {goal.percentage} %"
