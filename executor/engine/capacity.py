"""Resources that tasks share: who holds them, and who may have them next."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from executor.domain.task import Task, TaskState
from executor.ports import Due, GoalView, Transaction

CAPACITY = 1  # of a resource that the configuration does not name

Capacities = Mapping[str, int]
Running = Sequence[tuple[str, tuple[str, ...]]]  # refs of running tasks with what they need


class Room:
    """What is left of each resource, while one transaction hands it out."""

    def __init__(self, capacities: Capacities, running: Running) -> None:
        self._capacities = capacities
        self._held = Counter(name for _, needs in running for name in set(needs))

    def take(self, needs: Iterable[str]) -> bool:
        """All of them or none. False: one of them is taken."""
        wanted = set(needs)
        if any(self._is_full(name) for name in wanted):
            return False
        self._held.update(wanted)
        return True

    def full(self) -> list[str]:
        return sorted(name for name in self._held if self._is_full(name))

    def _is_full(self, name: str) -> bool:
        return self._held[name] >= self._capacities.get(name, CAPACITY)


async def due_with_room(transaction: Transaction, now: datetime, free: int, capacities: Capacities) -> list[Due]:
    """As `due`, without tasks whose resources are taken. What waits for one costs nothing: once it is full, the
    database leaves out whoever needs it."""
    due = await transaction.due(now, free)
    if not any(one.needs for one in due):
        return due
    room = Room(capacities, await transaction.needs_running())
    chosen: dict[str, Due] = {}
    while True:
        new = [one for one in due if one.task_ref not in chosen]
        for one in new:
            if len(chosen) < free and room.take(one.needs):
                chosen[one.task_ref] = one
        most = free + len(chosen)
        if len(chosen) == free or not new:
            return list(chosen.values())
        due = await transaction.due(now, most, without=room.full())


def holders(task: Task, running: Running, capacities: Capacities) -> tuple[str, tuple[str, ...]] | None:
    """The resource that a task which is ready waits for, and who holds it; None: all that it needs is free."""
    for name in task.spec.needs:
        held_by = tuple(ref for ref, needs in running if name in needs and ref != task.ref)
        if len(held_by) >= capacities.get(name, CAPACITY):
            return name, held_by
    return None


def waits_for(task: Task, running: Running, capacities: Capacities) -> str:
    """``waits for browser (held by 12.3)``; empty where it waits for nothing of this kind."""
    found = holders(task, running, capacities) if task.spec.needs else None
    return f"waits for {found[0]} (held by {', '.join(found[1])})" if found else ""


def kept_back(view: GoalView, capacities: Capacities, now: datetime) -> dict[str, str]:
    """Tasks of a goal that are ready but for a resource: what they wait for, by ref."""
    ready = (
        task
        for task in view.tasks
        if task.state in (TaskState.QUEUED, TaskState.RETRYING) and (task.due_at is None or task.due_at <= now)
    )
    return {task.ref: said for task in ready if (said := waits_for(task, view.needs_running, capacities))}
