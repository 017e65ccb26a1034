"""What unblocks the most others goes first: how urgent each unfinished task of a plan is, by its dependencies."""

from collections.abc import Iterable, Mapping, Sequence

from executor.domain.task import Task
from executor.ports import CaseRows, Changes

_WIDTH_MAX = 99
_Key = tuple[int, str]


def plan_urgency(changes: Changes, read: Mapping[int, CaseRows]) -> dict[str, int]:
    """By ref: of every new task, and of all unfinished tasks of the goals whose plan changes; nothing else is looked
    at. `read` is what the transaction has read and not yet changed, by goal number."""
    return urgency([task for task in _planned(changes, read) if not task.final])


def _planned(changes: Changes, read: Mapping[int, CaseRows]) -> Iterable[Task]:
    changed = {task.ref: task for task in changes.tasks} if changes.plans else {}
    gone = {*changes.removed_tasks, *(task.ref for task in changes.new_tasks)}
    for number in {plan.goal_number for plan in changes.plans} & read.keys():
        yield from (changed.get(task.ref, task) for task in read[number].tasks if task.ref not in gone)
    yield from changes.new_tasks


def urgency(tasks: Sequence[Task]) -> dict[str, int]:
    """By ref: first by the longest chain behind a task (it lies on the critical path), then by how many wait for it
    directly. Ties go to no one."""
    behind: dict[_Key, list[_Key]] = {}
    for task in tasks:
        for key in {*task.spec.depends_on, *task.spec.only_if}:
            behind.setdefault((task.goal_number, key), []).append(_key(task))
    chains: dict[_Key, int] = {}
    for task in reversed(tasks):  # most plans are written in order, so most chains are known when they are asked for
        here = _key(task)
        lengths = [chains.get(other, -1) for other in behind.get(here, ())]
        if -1 in lengths:
            _measure(here, behind, chains)
        else:
            chains[here] = max(lengths, default=-1) + 1
    return {
        task.ref: chains[_key(task)] * (_WIDTH_MAX + 1) + min(len(behind.get(_key(task), ())), _WIDTH_MAX)
        for task in tasks
    }


def _key(task: Task) -> _Key:
    """Among the unfinished tasks of a goal a key stands once; a cancelled one gives it up."""
    return task.goal_number, task.spec.key


def _measure(key: _Key, behind: Mapping[_Key, list[_Key]], chains: dict[_Key, int]) -> None:
    """Without recursion: a chain may be longer than Python's stack. A circle, which no plan has, would count once."""
    open_ones, begun = [key], set[_Key]()
    while open_ones:
        one = open_ones[-1]
        rest = [other for other in behind.get(one, ()) if other not in chains and other not in begun]
        if one in chains or (one in begun and not rest):
            chains.setdefault(one, max((chains.get(other, 0) + 1 for other in behind.get(one, ())), default=0))
            open_ones.pop()
            continue
        begun.add(one)
        open_ones += rest
