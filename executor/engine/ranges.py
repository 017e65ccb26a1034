"""Names of tasks in the order in which people count, and many of them as few words."""

from collections.abc import Sequence


def sortable(ref: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part), "") if part.isdecimal() else (0, part) for part in ref.split("."))


def ranges(refs: Sequence[str]) -> str:
    """``12.4–12.9, 12.11``: runs of neighbouring numbers as one."""
    runs: list[list[str]] = []
    for ref in sorted(refs, key=sortable):
        if runs and _next_to(runs[-1][-1], ref):
            runs[-1].append(ref)
        else:
            runs.append([ref])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def _next_to(one: str, other: str) -> bool:
    head, _, last = one.rpartition(".")
    other_head, _, other_last = other.rpartition(".")
    numbers = last.isdecimal() and other_last.isdecimal()
    return numbers and head == other_head and int(other_last) == int(last) + 1
