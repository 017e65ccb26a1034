"""Why a goal is where it is, from its state alone: what waits for what, since when, and what happens next and when.

`explain` gives the whole answer as values; `Why.lines` is the same for people, with long chains in one line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from executor.domain.attempt import Attempt
from executor.domain.decision import Decision, DecisionState
from executor.domain.goal import GOAL_RUNNING, Goal, GoalState
from executor.domain.task import Task, TaskKind
from executor.engine.ranges import ranges, sortable
from executor.engine.reasons import LIVE, Around, Code, Known, Reason, reason_of, stopped_words
from executor.engine.spans import ago, moment
from executor.engine.why_unplanned import next_try, why_unplanned
from executor.ports import GoalView

COLLAPSED_FROM = 3
"""So many tasks in a row that wait for the same become one line."""
_LATE_TICKS = 6
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """`tasks` holds an answer for every task, in the order of the plan; `next_at` is None where nobody can know."""

    goal: Reason
    tasks: tuple[Reason, ...]
    next: str
    next_at: datetime | None
    engine: str
    running: bool
    ticked_at: datetime | None
    slots: int
    busy: tuple[str, ...]
    limit_usd: Decimal | None
    spent_usd: Decimal
    lines: tuple[str, ...]

    def about(self, ref: str) -> Reason | None:
        return next((reason for reason in self.tasks if reason.ref == ref), None)


def explain(view: GoalView, around: Around, only: str | None = None) -> Why:
    """The answer for a goal; `only` names the one task whose lines are wanted."""
    known = known_of(view.goal, view.tasks, view.attempts, view.decisions)
    tasks = {task.ref: reason_of(task, known, around) for task in view.tasks}
    tasks = {ref: _said(reason, tasks, known) for ref, reason in tasks.items()}
    goal = _goal(known, tuple(tasks.values()), around)
    said, at = _next(known, tuple(tasks.values()), around)
    engine = _engine(around)
    if only is None:
        shown = [_named(goal, f"Goal {view.goal.number}"), *_task_lines(view, tasks)]
    else:
        shown = [f"{ref} {tasks[ref].title}: {tasks[ref].sentence}" for ref in _chain(only, tasks)]
    if not view.goal.final:
        shown += [f"Next: {said}", engine, _budget(around)]
    return Why(
        goal=goal,
        tasks=tuple(tasks.values()),
        next=said,
        next_at=at,
        engine=engine,
        running=around.running,
        ticked_at=around.ticked_at,
        slots=around.slots,
        busy=around.busy,
        limit_usd=around.limit_usd,
        spent_usd=around.spent_usd,
        lines=tuple(f"{line.rstrip('.')}." for line in shown if line),
    )


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


# ------------------------------------------------------------------------------------------------------------ the goal


def _goal(known: Known, tasks: Sequence[Reason], around: Around) -> Reason:
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


def _next(known: Known, tasks: Sequence[Reason], around: Around) -> tuple[str, datetime | None]:
    """What happens next, and when."""
    goal = known.goal
    if goal.final:
        return "nothing, it is over", None
    if not around.running:
        return "nothing before Milepost runs: start milepost up", None
    if around.stop is not None:
        return "nothing before a person lifts the STOP: /resume", None
    if (tried := next_try(goal, around.now)) is not None:
        return tried
    open_ones = [reason for reason in tasks if not known.tasks[reason.ref or ""].final]
    if due := [reason for reason in open_ones if reason.code is Code.DUE]:
        return f"{due[0].ref} begins with the next tick", around.now
    timed = [reason for reason in open_ones if reason.next_at is not None]
    if timed:
        first = min(timed, key=lambda reason: reason.next_at or around.now)
        assert first.next_at is not None
        said = f"{first.ref} {moment(first.next_at, around.now, around.zone)}"
    else:
        said = ""
    runs = [reason.ref or "" for reason in open_ones if reason.code is Code.RUNNING]
    if runs:
        end = f"{', '.join(runs)} ends" if len(runs) == 1 else f"one of {', '.join(runs)} ends"
        return (f"{said}, or before that {end}" if said else f"{end}, which nobody can time"), _time(timed)
    if said:
        return said, _time(timed)
    return _next_without_time(known, open_ones), None


def _time(timed: Sequence[Reason]) -> datetime | None:
    return min((reason.next_at for reason in timed if reason.next_at), default=None)


def _next_without_time(known: Known, open_ones: Sequence[Reason]) -> str:
    asked = sorted({decision.number for decision in known.decisions if decision.state is DecisionState.OPEN})
    state = known.goal.state
    if state is GoalState.PAUSED:
        return "nothing before it is resumed"
    if state in (GoalState.PENDING, GoalState.PLANNING) and not asked:
        return "its plan, with a Start button"
    if asked:
        return f"nothing by itself: your answer to question {', '.join(map(str, asked))}"
    if any(reason.code is Code.WAITS_FOR_WORKER for reason in open_ones):
        return "the first slot that becomes free"
    return "the look-out for stalls takes it up"


def _engine(around: Around) -> str:
    """Who works, and when the last tick was."""
    if around.stop is not None:
        return f"Everything is {stopped_words(around.stop, around)}"
    last = f"last tick {ago(around.ticked_at, around.now)} ago" if around.ticked_at else "it has not run yet"
    if not around.running:
        return f"Milepost is not running; {last}"
    silent_s = (around.now - around.ticked_at).total_seconds() if around.ticked_at else 0.0
    late = silent_s > _LATE_TICKS * around.tick_s
    busy = f" ({', '.join(around.busy)})" if around.busy else ""
    sentence = f"1 worker, {len(around.busy)} of {around.slots} slots busy{busy}; {last}"
    return f"{sentence}, which is late" if late else sentence


def _budget(around: Around) -> str:
    limit = f"${around.limit_usd:.2f}" if around.limit_usd is not None else "no limit"
    return f"Budget: ${around.spent_usd:.2f} of {limit} used"


# ----------------------------------------------------------------------------------------------------------- the tasks


def _said(reason: Reason, tasks: Mapping[str, Reason], known: Known) -> Reason:
    """A task that needs others says which, and how those are."""
    if reason.code is not Code.NOT_STARTED or reason.sentence:
        return reason
    parts = [f"{ref} ({_brief(tasks[ref], known)})" for ref in reason.needs]
    return Reason(
        code=reason.code,
        sentence=f"needs {', '.join(parts)}",
        ref=reason.ref,
        title=reason.title,
        needs=reason.needs,
    )


def _brief(reason: Reason, known: Known) -> str:
    """How another task is, within brackets."""
    task = known.tasks[reason.ref or ""]
    match reason.code:
        case Code.NOT_STARTED:
            return "not started"
        case Code.WAITS_FOR_PERSON:
            return f"waits for you: question {reason.decision}"
        case Code.FAILED | Code.CANCELLED:
            return f"{task.state}, so this can't begin"
        case Code.STUCK:
            return "stands still"
        case _:
            return reason.sentence.partition(" (")[0].partition(";")[0]


def _roots(ref: str, tasks: Mapping[str, Reason]) -> frozenset[str]:
    """What a task that has not started really waits for, at the end of the chain."""
    found: set[str] = set()
    seen, ahead_of_it = {ref}, [ref]
    while ahead_of_it:
        for need in tasks[ahead_of_it.pop()].needs:
            if tasks[need].code is not Code.NOT_STARTED:
                found.add(need)
            elif need not in seen:
                seen.add(need)
                ahead_of_it.append(need)
    return frozenset(found)


def _chain(ref: str, tasks: Mapping[str, Reason]) -> list[str]:
    """A task and what it waits for, down to what really holds it up; each once."""
    order: list[str] = []
    ahead_of_it = [ref]
    while ahead_of_it:
        one = ahead_of_it.pop(0)
        if one not in order:
            order.append(one)
            ahead_of_it += tasks[one].needs
    return order


def _task_lines(view: GoalView, tasks: Mapping[str, Reason]) -> list[str]:
    """Every task that is not over, by position; criteria only when there is no work left to speak of."""
    if view.goal.final or view.goal.state not in GOAL_RUNNING | {GoalState.PAUSED}:
        return []
    work_open = any(not task.final for task in view.tasks if task.kind is TaskKind.WORK)
    shown = [t for t in view.tasks if not t.final and (t.kind is TaskKind.WORK or not work_open)]
    shown.sort(key=lambda task: task.position)
    roots = {task.ref: _group(task, view.goal, tasks) for task in shown}
    lines: list[str] = []
    for _, group in groupby(shown, key=lambda task: roots[task.ref]):
        lines += _lines_of([task.ref for task in group], tasks)
    return lines


def _group(task: Task, goal: Goal, tasks: Mapping[str, Reason]) -> tuple[str, frozenset[str]]:
    """Neighbours with the same of these say the same."""
    reason = tasks[task.ref]
    if reason.code is Code.NOT_STARTED:
        return ("waits", _roots(task.ref, tasks))
    if reason.code is Code.PAUSED and goal.state is GoalState.PAUSED:
        return ("paused", frozenset())
    if reason.code in (Code.WAITS_FOR_WORKER, Code.STOPPED):
        return (reason.code, frozenset())
    return (task.ref, frozenset())


def _lines_of(refs: Sequence[str], tasks: Mapping[str, Reason]) -> list[str]:
    if len(refs) < COLLAPSED_FROM:
        return [_named(tasks[ref], ref) for ref in refs]
    first = tasks[refs[0]]
    if first.code is not Code.NOT_STARTED:
        return [f"{ranges(refs)}: {first.sentence}"]
    roots = sorted(_roots(refs[0], tasks), key=sortable)
    return [f"{ranges(refs)} wait for {', '.join(roots) or 'each other'}"]


def _named(reason: Reason, name: str) -> str:
    if reason.ref is None:
        return f"{name} {reason.sentence}"
    return f"{name} {reason.title}: {reason.sentence}"
