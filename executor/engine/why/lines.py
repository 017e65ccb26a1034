"""The reasons of tasks as lines for people: those that wait for others say which, and many alike become one."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from executor.domain.goal import GOAL_RUNNING, Goal, GoalState
from executor.domain.task import Task, TaskKind
from executor.engine.ranges import ranges, sortable
from executor.engine.why.values import Code, Known, Reason
from executor.ports import GoalView

COLLAPSED_FROM = 3
"""So many tasks in a row that wait for the same become one line."""


def said(reason: Reason, tasks: Mapping[str, Reason], known: Known) -> Reason:
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


def chain(ref: str, tasks: Mapping[str, Reason]) -> list[str]:
    """A task and what it waits for, down to what really holds it up; each once."""
    order: list[str] = []
    ahead_of_it = [ref]
    while ahead_of_it:
        one = ahead_of_it.pop(0)
        if one not in order:
            order.append(one)
            ahead_of_it += tasks[one].needs
    return order


def task_lines(view: GoalView, tasks: Mapping[str, Reason]) -> list[str]:
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
        return [named(tasks[ref], ref) for ref in refs]
    first = tasks[refs[0]]
    if first.code is not Code.NOT_STARTED:
        return [f"{ranges(refs)}: {first.sentence}"]
    roots = sorted(_roots(refs[0], tasks), key=sortable)
    return [f"{ranges(refs)} wait for {', '.join(roots) or 'each other'}"]


def named(reason: Reason, name: str) -> str:
    if reason.ref is None:
        return f"{name} {reason.sentence}"
    return f"{name} {reason.title}: {reason.sentence}"
