"""Subtasks: a task that proves too big is done in parts, in place. Its parts run instead of its action, and then its
own check decides whether it is done.

A part is a task of the plan like any other, with the key of its parent beside it; the parent waits for it. The weight
of the parent is shared out among its parts and itself, so that what the goal has done and what it has ahead stay the
same in sum, and the parent's own end counts as much as one part.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from executor.domain.keys import with_references
from executor.domain.plan import ExecutionType, Plan, TaskSpec

SUBTASKS = "subtasks"
"""The action of a task whose work its parts do."""
KEY_CHARACTERS_MAX = 48  # of a parent's key within the keys of its parts


def is_split(spec: TaskSpec) -> bool:
    return spec.action == SUBTASKS


IN_PARTS = "is done in its parts, and then by its own check"
"""Of a task that a change of the plan splits, for people."""


def newly_split(before: TaskSpec, after: TaskSpec) -> bool:
    return is_split(after) and not is_split(before)


def part_keys(parent: TaskSpec) -> list[str]:
    """Of a task that is split, in the order of its parts."""
    return sorted((key for key in parent.depends_on if _is_part(key, parent)), key=_place)


def _is_part(key: str, parent: TaskSpec) -> bool:
    return is_split(parent) and key.startswith(_stem(parent)) and key[len(_stem(parent)) :].isdecimal()


def _place(key: str) -> int:
    return int(key.rpartition(".")[2])


def split(parent: TaskSpec, parts: Sequence[TaskSpec], taken: Iterable[str] = ()) -> tuple[TaskSpec, ...]:
    """The parts and then the parent, as they stand in the plan from now on. What `parts` say about each other by their
    keys is kept under their new keys, which are none of `taken`; a part that waits for no other part waits for what the
    parent waited for."""
    names = _names(parent, parts, taken)
    share = parent.weight / (sum(part.weight for part in parts) + 1)
    own = set(names.values())
    before = tuple(key for key in parent.depends_on if not _is_part(key, parent))
    made = []
    for part in parts:
        waits = tuple(dict.fromkeys(names.get(key, key) for key in part.depends_on))
        only_if = tuple(dict.fromkeys(names.get(key, key) for key in part.only_if))
        first = not own & {*waits, *only_if}
        made.append(
            replace(
                part,
                key=names[part.key],
                parent=parent.key,
                depends_on=tuple(dict.fromkeys((*before, *waits))) if first else waits,
                only_if=tuple(dict.fromkeys((*parent.only_if, *only_if))) if first else only_if,
                parameters=with_references(part.parameters, names),
                role=part.role or parent.role,
                assignee=part.assignee or parent.assignee,
                optional=part.optional or parent.optional,
                critical=False,
                weight=part.weight * share,
            )
        )
    waiting = replace(
        parent,
        action=SUBTASKS,
        parameters={},
        depends_on=tuple(dict.fromkeys((*parent.depends_on, *(part.key for part in made)))),
        execution_type=ExecutionType.FULLY_AUTOMATED,
        confidence=1.0,
        weight=share,
        attempts_max=1,  # the same look again would see the same
        timeout_s=None,
        estimated_minutes=None,
    )
    return (*made, waiting)


def with_parts(plan: Plan, wanted: Sequence[TaskSpec], splittable: Collection[str]) -> tuple[TaskSpec, ...]:
    """The tasks of a plan that takes the place of `plan`. What was a part stays one. Where new tasks have the key of a
    `splittable` task with a number behind it (3.1, 3.2), they are its parts, and it stays as it was but for them."""
    known = {spec.key: spec for spec in plan.tasks}
    tasks = [replace(one, parent=known[one.key].parent) if one.key in known else one for one in wanted]
    for key in splittable:
        form = re.compile(re.escape(key) + r"\.\d+")
        parts = [one for one in tasks if one.key not in known and form.fullmatch(one.key)]
        if key in known and parts:
            own = {key, *(one.key for one in parts)}
            inside = [replace(one, depends_on=tuple(k for k in one.depends_on if k != key)) for one in parts]
            *made, whole = split(known[key], inside, known)
            place = min(index for index, one in enumerate(tasks) if one.key in own)
            tasks[place:place] = [whole, *made]
            tasks = [one for one in tasks if one.key not in own or one in (whole, *made)]
    return nested(tasks)


def _stem(parent: TaskSpec) -> str:
    return f"{parent.key[:KEY_CHARACTERS_MAX]}."


def _names(parent: TaskSpec, parts: Sequence[TaskSpec], taken: Iterable[str]) -> Mapping[str, str]:
    used, names, number = set(taken), {}, 0
    for part in parts:
        number += 1
        while (key := f"{_stem(parent)}{number}") in used:
            number += 1
        names[part.key] = key
    return names


def nested(specs: Sequence[TaskSpec]) -> tuple[TaskSpec, ...]:
    """In the order of the card: each task with its parts right behind it; else as given."""
    keys = {spec.key for spec in specs}
    if not any(spec.parent in keys for spec in specs):
        return tuple(specs)
    below: dict[str | None, list[TaskSpec]] = {}
    for spec in specs:
        below.setdefault(spec.parent if spec.parent in keys else None, []).append(spec)

    def walk(key: str | None) -> Iterator[TaskSpec]:
        for spec in below.get(key, ()):
            yield spec
            yield from walk(spec.key)

    return tuple(walk(None))


def refs_of(number: int, specs: Sequence[TaskSpec], known: Mapping[str, str], taken: Iterable[str]) -> dict[str, str]:
    """What people call the tasks that have no name yet, by key: 12.3, and 12.3.1 where the parent is 12.3. `known` are
    names by key, `taken` all names that were ever given; `specs` are `nested`."""
    last: dict[str, int] = {}
    for ref in taken:
        head, _, tail = ref.rpartition(".")
        last[head] = max(last.get(head, 0), int(tail))
    refs = dict(known)
    for spec in specs:
        if spec.key not in refs:
            head = refs.get(spec.parent or "", str(number))
            last[head] = last.get(head, 0) + 1
            refs[spec.key] = f"{head}.{last[head]}"
    return {spec.key: refs[spec.key] for spec in specs if spec.key not in known}


def depth(specs: Iterable[TaskSpec], key: str) -> int:
    """0 for a task of the plan's first level, 1 for its parts …"""
    parents = {spec.key: spec.parent for spec in specs}
    found = 0
    while (key := parents.get(key) or "") in parents and found < len(parents):
        found += 1
    return found
