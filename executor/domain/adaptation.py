"""An adaptation: what one version of a plan changed against another, and why."""

from dataclasses import dataclass
from itertools import zip_longest

from executor.domain.plan import Criterion, Plan, TaskSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDiff:
    """Tasks by key. `minutes`: by how much the estimates grew; None where neither version has any."""

    old_version: int
    new_version: int
    added: tuple[TaskSpec, ...]
    removed: tuple[TaskSpec, ...]
    changed: tuple[tuple[TaskSpec, TaskSpec], ...]  # (before, after)
    criteria: tuple[tuple[Criterion | None, Criterion], ...] = ()  # (before, after); None before: it is new
    minutes: float | None

    @property
    def line(self) -> str:
        """``Plan v3 → v4: +2 −1 ~1, +2 h``."""
        new = sum(before is None for before, _ in self.criteria)
        changed = len(self.changed) + len(self.criteria) - new
        counts = f"+{len(self.added) + new} −{len(self.removed)} ~{changed}"
        time = f", {_signed(self.minutes)}" if self.minutes else ""
        return f"Plan v{self.old_version} → v{self.new_version}: {counts}{time}"


def diff(old: Plan, new: Plan) -> PlanDiff:
    """What `new` does otherwise than `old`."""
    before = {task.key: task for task in old.tasks}
    after = {task.key: task for task in new.tasks}
    estimates = [task.estimated_minutes for task in (*old.tasks, *new.tasks)]
    known = any(minutes is not None for minutes in estimates)
    return PlanDiff(
        old_version=old.version,
        new_version=new.version,
        added=tuple(task for key, task in after.items() if key not in before),
        removed=tuple(task for key, task in before.items() if key not in after),
        changed=tuple((before[key], task) for key, task in after.items() if key in before and before[key] != task),
        criteria=_criteria(old, new),
        minutes=_estimate(new) - _estimate(old) if known else None,
    )


def _criteria(old: Plan, new: Plan) -> tuple[tuple[Criterion | None, Criterion], ...]:
    """By their place: none is ever taken away."""
    pairs = zip_longest(old.criteria, new.criteria)
    return tuple((before, after) for before, after in pairs if after is not None and before != after)


def _estimate(plan: Plan) -> float:
    return sum(task.estimated_minutes or 0.0 for task in plan.tasks)


def _signed(minutes: float) -> str:
    sign, size = ("+" if minutes > 0 else "−"), abs(minutes)
    return f"{sign}{size / 60:g} h" if size >= 60 else f"{sign}{size:g} min"
