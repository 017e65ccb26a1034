"""Reading what was learned, and how sure plans were against how it went."""

from collections import defaultdict

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.lesson import Calibration, Lesson
from executor.domain.task import TaskKind, TaskState
from storage.codec import specs
from storage.fetching import fetch
from storage.rows import lesson_from
from storage.tables import lessons, tasks
from storage.tables.base import among

LESSONS_MAX = 500  # looked through with every failure; the last used ones count
TASKS_MAX = 2_000  # the newest ones: how things are, not how they were

_LESSONS = (
    select(lessons)
    .where(lessons.c.revoked_at.is_(None), lessons.c.successes > 0)
    .order_by(lessons.c.used_at.desc(), lessons.c.number.desc())
    .limit(LESSONS_MAX)
)
_OVER = (
    select(tasks.c.spec, tasks.c.state)
    .where(
        tasks.c.ai_confidence < 1,
        tasks.c.attempts > 0,
        among(tasks.c.kind, (TaskKind.WORK,)),
        among(tasks.c.state, (TaskState.COMPLETED, TaskState.FAILED, TaskState.BLOCKED))
        | and_(among(tasks.c.state, (TaskState.CANCELLED,)), tasks.c.retry_count > 0),
    )
    .order_by(tasks.c.created_at.desc(), tasks.c.ref)
    .limit(TASKS_MAX)
)


async def read_lessons(connection: AsyncConnection) -> list[Lesson]:
    return [lesson_from(row) for row in await fetch(connection, _LESSONS)]


async def read_calibrations(connection: AsyncConnection) -> list[Calibration]:
    """What is blocked, or was given up after a failure, counts as not succeeded."""
    found: dict[tuple[str, str], list[tuple[float, bool]]] = defaultdict(list)
    for row in await fetch(connection, _OVER):
        spec = specs.decode(row.spec)
        found[spec.action, spec.role or ""].append((spec.confidence, row.state == TaskState.COMPLETED))
    counted = [
        Calibration(
            action=action,
            role=role,
            count=len(ends),
            expected=sum(confidence for confidence, _ in ends) / len(ends),
            succeeded=sum(done for _, done in ends) / len(ends),
        )
        for (action, role), ends in found.items()
    ]
    return sorted(counted, key=lambda one: (-one.count, one.action, one.role))
