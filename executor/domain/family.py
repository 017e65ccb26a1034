"""Goals within goals: a task that waits for a goal of its own, and the limits of that.

A sub-goal names the task and the attempt that wanted it: that pair is its identity, so no crash makes a second one.
`lineage` holds the numbers of the goals that it is part of, the root first.
"""

LEVELS_MAX = 3
"""A goal, its sub-goals, and theirs."""
SUBGOALS_MAX = 20
"""Of one goal, with those of its sub-goals, ended ones too: a goal that makes goals for ever ends here."""
MARK = "goal:"


def waits_for(number: int) -> str:
    """What a task's `waits_on` says while it waits for this goal."""
    return f"{MARK}{number}"


def awaited(waits_on: str | None) -> int | None:
    """The goal that a task waits for; None: it waits for none."""
    tail = (waits_on or "").removeprefix(MARK)
    return int(tail) if waits_on and waits_on.startswith(MARK) and tail.isdecimal() else None


def as_text(lineage: tuple[int, ...]) -> str | None:
    """``/12/13/``: what a query finds one of them in. None: no sub-goal."""
    return f"/{'/'.join(map(str, lineage))}/" if lineage else None


def from_text(text: str | None) -> tuple[int, ...]:
    return tuple(int(part) for part in text.strip("/").split("/")) if text else ()
