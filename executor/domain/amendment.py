"""An amendment: a change of a plan that is worked out but waits for a person's word, kept beside its question."""

from dataclasses import dataclass

from executor.domain.plan import Criterion, TaskSpec
from executor.domain.subtasks import nested


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """`tasks`: where `whole`, all tasks of the new plan; else one task as it would be tried next, last, behind whatever
    has to come before it. `criteria` None: they stay. Tasks whose key is in `again` begin afresh. `because` says why it
    waits for a person, a sentence each, and is never empty."""

    tasks: tuple[TaskSpec, ...]
    whole: bool = True
    criteria: tuple[Criterion, ...] | None = None
    again: tuple[str, ...] = ()
    reason: str = ""
    deviation: float | None = None  # 0..1, where it was measured
    because: tuple[str, ...] = ()
    chosen: str = ""  # the alternative that it takes, where it takes one


def put_in(plan: tuple[TaskSpec, ...], part: tuple[TaskSpec, ...]) -> tuple[TaskSpec, ...]:
    """The plan with the last task of `part` as it is tried next, and the others of `part` ahead of it; its own parts
    (domain/subtasks.py) stand behind it."""
    *ahead, task = part
    before = {spec.key for spec in ahead}
    tasks: list[TaskSpec] = []
    for spec in plan:
        if spec.key == task.key:
            tasks += [*(one for one in ahead if one.parent != task.key), task]
        elif spec.key not in before:
            tasks.append(spec)
    return nested([*tasks, *(one for one in ahead if one.parent == task.key)])
