"""Milestones: five thresholds with their titles, reached in order, each announced or recorded once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from executor.domain.task import Task, TaskKind, TaskState

MILESTONES: tuple[tuple[int, str], ...] = (
    (10, "Planning Complete"),
    (25, "Quarter Complete"),
    (50, "Half Complete"),
    (75, "Three Quarters Complete"),
    (100, "Goal Complete"),
)
PLANNED = 10
COMPLETE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """`achieved_at` None: ahead. `announced`: a message was put in the outbox; a jump announces only the highest."""

    goal_number: int
    percentage: int
    title: str
    type: str  # "planning" | "checkpoint" | "completion"
    achieved_at: datetime | None = None
    announced: bool = False


def milestones_of(goal_number: int) -> tuple[Milestone, ...]:
    """The five milestones of a new goal, none achieved."""
    kinds = {PLANNED: "planning", COMPLETE: "completion"}
    return tuple(
        Milestone(goal_number=goal_number, percentage=at, title=title, type=kinds.get(at, "checkpoint"))
        for at, title in MILESTONES
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """`completed` of `total` tasks are done, `failed` failed; skipped and cancelled ones count in none of them."""

    completed: int
    failed: int
    total: int
    percentage: int  # 0..100 by weight, before the floors of a goal


def progress_of(tasks: Iterable[Task]) -> Progress:
    """The weighted share of finished work (contract section 3): skipped and cancelled tasks leave the weights."""
    work = [t for t in tasks if t.kind is TaskKind.WORK and t.state not in (TaskState.SKIPPED, TaskState.CANCELLED)]
    done = [t for t in work if t.state is TaskState.COMPLETED]
    failed = sum(t.state is TaskState.FAILED for t in work)
    weights = sum(t.spec.weight for t in work)
    share = sum(t.spec.weight for t in done) / weights if weights else 0.0
    return Progress(len(done), failed, len(work), int(share * 100 + 1e-9))


def passed(old: int, new: int) -> list[int]:
    """Thresholds in (old, new], lowest first."""
    return [at for at, _ in MILESTONES if old < at <= new]


def title_of(percentage: int) -> str:
    return dict(MILESTONES)[percentage]
