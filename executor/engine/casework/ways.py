"""Ways that were weighed when a plan was made and not taken yet: what is left of them, and one of them as a change."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from executor.domain.amendment import Amendment
from executor.domain.envelope import same_action
from executor.domain.keys import with_references
from executor.domain.plan import Alternative, Plan, TaskSpec
from executor.domain.task import TaskState
from executor.engine.casework.case import Case
from executor.ports import Transaction

_KEPT = frozenset({TaskState.COMPLETED, TaskState.SKIPPED, TaskState.IN_PROGRESS})


async def unused(transaction: Transaction, goal_number: int) -> list[Alternative]:
    return left_of(await transaction.plans(goal_number), await transaction.refused_ways(goal_number))


def left_of(plans: Sequence[Plan], refused: Collection[str]) -> list[Alternative]:
    """The alternatives of the newest plan that has any, without those that some version took or a person did not want;
    the likeliest first."""
    weighed = next((plan.alternatives for plan in reversed(plans) if plan.alternatives), ())
    taken = {plan.chosen for plan in plans} | set(refused)
    left = [one for one in weighed if one.tasks and one.name not in taken]
    return sorted(left, key=lambda one: one.probability or 0.0, reverse=True)


def by_alternative(case: Case, other: Alternative, *, deviation: float | None = None) -> Amendment:
    """The rest of the goal that way. What is done counts where the other way has the very same task."""
    tasks = _renamed(other.tasks, _taken_keys(case, other.tasks))
    why = f": {other.rationale.rstrip('.')}" if other.rationale else ""
    return Amendment(tasks=tasks, reason=f"Another way, “{other.name}”{why}", deviation=deviation, chosen=other.name)


def _taken_keys(case: Case, tasks: Sequence[TaskSpec]) -> Mapping[str, str]:
    """New names for keys that stand for something else in this goal already."""
    known = {task.spec.key: task for task in case.work if task.state is not TaskState.CANCELLED}
    others = {spec.key for spec in tasks} | known.keys()
    names: dict[str, str] = {}
    for spec in tasks:
        task = known.get(spec.key)
        if task is not None and not (task.state in _KEPT and same_action(spec, task.spec)):
            number = next(n for n in range(2, len(others) + 3) if f"{spec.key}-{n}" not in others)
            names[spec.key] = f"{spec.key}-{number}"
            others.add(names[spec.key])
    return names


def _renamed(tasks: Sequence[TaskSpec], names: Mapping[str, str]) -> tuple[TaskSpec, ...]:
    def keys(some: Sequence[str]) -> tuple[str, ...]:
        return tuple(names.get(key, key) for key in some)

    return tuple(
        replace(
            spec,
            key=names.get(spec.key, spec.key),
            depends_on=keys(spec.depends_on),
            only_if=keys(spec.only_if),
            parameters=with_references(spec.parameters, names),
        )
        for spec in tasks
    )
