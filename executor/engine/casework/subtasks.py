"""Tasks with parts: when their turn comes, what their end means for their parts, and splitting one while it runs."""

from collections.abc import Callable, Sequence

from executor.domain.amendment import Amendment
from executor.domain.plan import Plan, TaskSpec
from executor.domain.subtasks import depth, split
from executor.domain.task import Task, TaskState
from executor.engine.casework.case import Case

LEVELS_MAX = 3  # below a task of the plan: a number like 12.3.1.1.1 is the longest


def parts_of(case: Case, task: Task) -> list[Task]:
    """Its parts and theirs, in the order of the card. What was cancelled is among them."""
    below = sorted((one for one in case.work if one.parent_ref == task.ref), key=lambda one: one.position)
    return [found for one in below for found in (one, *parts_of(case, one))]


def own_parts(case: Case, task: Task) -> list[Task]:
    """Without the parts of its parts."""
    return [one for one in case.work if one.parent_ref == task.ref]


def goes_without_its_parts(case: Case, task: Task) -> bool:
    """Every part was left out, and nothing can be looked at: there is nothing to say that it was done."""
    parts = own_parts(case, task)
    left_out = (TaskState.SKIPPED, TaskState.CANCELLED)
    return bool(parts) and task.spec.check is None and all(one.state in left_out for one in parts)


def end_parts(case: Case, task: Task, end: Callable[[Task], None]) -> list[str]:
    """End what is open of its parts, the last ones first, so that none is released meanwhile. Their names."""
    open_ones = [one for one in parts_of(case, task) if not one.final]
    for part in reversed(open_ones):
        end(case.tasks[part.ref])
    return [part.ref for part in open_ones]


def splitting(plan: Plan, task: Task, parts: Sequence[TaskSpec], *, reason: str) -> Amendment:
    """The change of the plan that does this task in parts; their keys only need to differ among themselves."""
    keys = {spec.key for spec in plan.tasks}
    tasks = split(task.spec, parts, keys)
    return Amendment(tasks=tasks, whole=False, again=(task.spec.key,), reason=reason)


def why_not_split(plan: Plan, task: Task, parts: Sequence[TaskSpec]) -> str | None:
    """A sentence; None: it can be split."""
    if task.state in (TaskState.COMPLETED, TaskState.SKIPPED, TaskState.CANCELLED):
        return f"{task.ref} is {task.state}: there is nothing left to split."
    if task.state is TaskState.IN_PROGRESS:
        return f"{task.ref} is at work right now. Split it when it has ended, or /skip it."
    if not parts:
        return f"Name the parts, a numbered line each, behind /task {task.ref}."
    if depth(plan.tasks, task.spec.key) >= LEVELS_MAX:
        return f"{task.ref} is a part of a part already. Make its parts tasks of their own."
    return None
