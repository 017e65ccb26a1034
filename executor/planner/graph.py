"""Which task waits for which: keys to the keys they wait for."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter


def cycle(waits: Mapping[str, Iterable[str]]) -> list[str] | None:
    """One cycle, in the order in which its tasks would have to run, the first key again at the end; None: there is
    none, and the tasks can run."""
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return None


def all_before(key: str, waits: Mapping[str, Iterable[str]]) -> set[str]:
    """Everything that is over when `key` runs, however indirectly."""
    before: set[str] = set()
    ahead = list(waits.get(key, ()))
    while ahead:
        if (one := ahead.pop()) not in before:
            before.add(one)
            ahead.extend(waits.get(one, ()))
    return before
