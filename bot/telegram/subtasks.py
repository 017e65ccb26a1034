"""How tasks with parts look on a phone."""

from collections.abc import Mapping, Sequence

from executor.domain.task import Task, TaskState

_LEFT_OUT = (TaskState.SKIPPED, TaskState.CANCELLED)


def indent(task: Task) -> str:
    """What its line begins with: a part stands in under its whole."""
    return "   " * (task.ref.count(".") - 1) if task.parent_ref else ""


def parts_done(tasks: Sequence[Task]) -> Mapping[str, str]:
    """``1 of 3 parts done`` by ref, for tasks that wait for their parts."""
    below: dict[str, list[Task]] = {}
    for task in tasks:
        if task.parent_ref and task.state not in _LEFT_OUT:
            below.setdefault(task.parent_ref, []).append(task)
    return {
        task.ref: f"{sum(part.final for part in below[task.ref])} of {len(below[task.ref])} parts done"
        for task in tasks
        if task.state is TaskState.PENDING and task.ref in below
    }
