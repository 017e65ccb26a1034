"""Goals that are part of others."""

from sqlalchemy import Integer, Text, and_, bindparam, cast, func, literal, not_, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.attempt import AttemptState
from executor.domain.family import MARK, from_text
from executor.domain.goal import GoalState
from executor.domain.task import TaskState
from storage.codec import loads
from storage.fetching import fetch, fetch_first
from storage.tables import attempts, goals, tasks
from storage.tables.goals import GOAL_IS_PART, GOAL_UNFINISHED

_AWAITED = (
    select(tasks.c.ref)
    .where(tasks.c.ref == goals.c.parent_task, tasks.c.waits_on == literal(MARK) + cast(goals.c.number, Text))
    .exists()
)
_FAMILIES = (
    select(goals.c.number, goals.c.parent_task)
    .where(GOAL_IS_PART, or_(GOAL_UNFINISHED, _AWAITED))
    .order_by(goals.c.number)
)
_UNDER = select(func.count()).where(GOAL_IS_PART, goals.c.lineage.like(bindparam("part")))
_TRAILS = (
    select(tasks.c.trail)
    .join(goals, goals.c.number == tasks.c.goal_number)
    .where(
        or_(goals.c.number == bindparam("root"), and_(GOAL_IS_PART, goals.c.lineage.like(bindparam("part")))),
        goals.c.number != bindparam("but"),
        tasks.c.trail.is_not(None),
        tasks.c.state.not_in([TaskState.COMPLETED.value, TaskState.SKIPPED.value]),
    )
)
_CONSUMED = (
    select(attempts.c.task_ref)
    .where(
        attempts.c.task_ref == goals.c.parent_task,
        attempts.c.number >= goals.c.parent_attempt,
        attempts.c.number < bindparam("attempt"),
        attempts.c.state != AttemptState.INTERRUPTED.value,
    )
    .exists()
)
"""An attempt has come to its end with it: the next one wants another."""
_UNDONE = [GoalState.FAILED.value, GoalState.CANCELLED.value]  # a new attempt begins anew
_ONE = (
    select(goals.c.number)
    .where(
        goals.c.parent_task == bindparam("task"),
        not_(_CONSUMED),
        or_(goals.c.parent_attempt == bindparam("attempt"), goals.c.state.not_in(_UNDONE)),
    )
    .order_by(goals.c.number.desc())
    .limit(1)
)


WITH_PARTS = union_all(
    select(cast(bindparam("goal"), Integer)),
    select(goals.c.number).where(GOAL_IS_PART, goals.c.lineage.like(bindparam("part"))),
)
"""A goal and everything that is part of it; see `whole`."""
_LINEAGE = select(goals.c.lineage).where(goals.c.number == bindparam("goal"))


def whole(goal_number: int) -> dict[str, object]:
    """What WITH_PARTS is about."""
    return {"goal": goal_number, "part": f"%/{goal_number}/%"}


async def read_lineage(connection: AsyncConnection, goal_number: int) -> tuple[int, ...]:
    return from_text((await connection.execute(_LINEAGE, {"goal": goal_number})).scalar())


async def read_families(connection: AsyncConnection) -> list[tuple[int, str]]:
    return [(row.number, row.parent_task) for row in await fetch(connection, _FAMILIES)]


async def count_subgoals(connection: AsyncConnection, root: int) -> int:
    return int((await connection.execute(_UNDER, {"part": f"/{root}/%"})).scalar_one())


async def read_trails(connection: AsyncConnection, root: int, but: int) -> list[tuple[str, ...]]:
    found = await fetch(connection, _TRAILS, {"root": root, "part": f"/{root}/%", "but": but})
    return [tuple(loads(row.trail)) for row in found]


async def read_subgoal(connection: AsyncConnection, task_ref: str, attempt: int) -> int | None:
    row = await fetch_first(connection, _ONE, {"task": task_ref, "attempt": attempt})
    return None if row is None else int(row.number)
