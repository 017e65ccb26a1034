"""Reading goals with all that belongs to them. Every statement is built once.

A press on a button waits for these, and what they cost is the number of statements: so the goals say themselves which
other tables hold something open about them, and only those are asked.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Select, Table, and_, bindparam, literal_column, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.attempt import AttemptState
from executor.domain.decision import Decision
from executor.domain.goal import GOAL_RUNNING, GoalState
from executor.domain.plan import Plan
from executor.domain.task import TASK_DUE
from executor.ports import CaseRows, GoalView
from storage.codec import loads
from storage.fetching import fetch, fetch_first
from storage.rows import (
    Record,
    attempt_from,
    blockage_from,
    decision_from,
    effect_from,
    goal_from,
    milestone_from,
    plan_from,
    task_from,
)
from storage.tables import attempts, blockages, decisions, effects, goals, milestones, plans, tasks
from storage.tables.attempts import ATTEMPT_OPEN, ATTEMPT_RUNNING
from storage.tables.base import among, columns
from storage.tables.blockages import BLOCKAGE_OPEN
from storage.tables.decisions import DECISION_OPEN
from storage.tables.effects import EFFECT_UNSETTLED

T = TypeVar("T")

NUMBERS_MAX = 500  # in one statement; SQLite takes 32,766, but each count is a statement of its own to prepare

# Beside the spec, where they are read from, or following from the state: there for whoever looks with SQL.
TASK_ONLY_WRITTEN = (
    *("key", "title", "action", "dependencies", "unblocks", "critical", "optional", "priority", "assignee"),
    *("execution_type", "ai_confidence", "expected_outcome", "estimated_duration_minutes", "max_retries"),
    *("failed_at", "actual_outcome", "error", "blocked_reason", "failure_reason", "actual_duration_minutes", "needs"),
)
GOAL_COLUMNS = columns(goals, without=("draft",))
TASK_COLUMNS = columns(tasks, without=TASK_ONLY_WRITTEN)


def _some(table: Table, open_: ColumnElement[bool]) -> ColumnElement[Any]:
    about: Select[Any] = (
        select(literal_column("1")).where(table.c.goal_number == goals.c.number, open_).correlate(goals)
    )
    return about.exists().label(f"has_{table.name}")


_NAMED = goals.c.number.in_(bindparam("numbers", expanding=True))
_GOALS = (
    select(
        *GOAL_COLUMNS,
        _some(attempts, ATTEMPT_OPEN),
        _some(decisions, DECISION_OPEN),
        _some(blockages, BLOCKAGE_OPEN),
        _some(effects, EFFECT_UNSETTLED),
    )
    .where(_NAMED)
    .order_by(goals.c.number)
)
_TASKS = (
    select(*TASK_COLUMNS)
    .where(tasks.c.goal_number.in_(bindparam("numbers", expanding=True)))
    .order_by(tasks.c.goal_number, tasks.c.position, tasks.c.ref)
)


def _open(table: Table, open_: ColumnElement[bool], *order: Column[Any]) -> Select[Any]:
    about = table.c.goal_number.in_(bindparam("numbers", expanding=True))
    return select(*columns(table)).where(about, open_).order_by(*order)


_ATTEMPTS = _open(attempts, ATTEMPT_OPEN, attempts.c.task_ref, attempts.c.number)
_DECISIONS = _open(decisions, DECISION_OPEN, decisions.c.number)
_BLOCKAGES = _open(blockages, BLOCKAGE_OPEN, blockages.c.detected_at, blockages.c.id)
_EFFECTS = _open(effects, EFFECT_UNSETTLED, effects.c.intended_at, effects.c.id)
_NEEDS_RUNNING = (
    select(tasks.c.ref, tasks.c.needs)
    .join(attempts, attempts.c.task_ref == tasks.c.ref)
    .where(ATTEMPT_RUNNING, tasks.c.needs.is_not(None))
    .order_by(attempts.c.started_at, tasks.c.ref)
)
_MILESTONES = (
    select(*columns(milestones))
    .where(milestones.c.goal_number == bindparam("number"))
    .order_by(milestones.c.percentage)
)
_PLAN = select(plans.c.body).where(plans.c.goal_number == bindparam("number"), plans.c.version == bindparam("version"))
_NEWEST_PLAN = (
    select(plans.c.body).where(plans.c.goal_number == bindparam("number")).order_by(plans.c.version.desc()).limit(1)
)


_PLANS = select(plans.c.body).where(plans.c.goal_number == bindparam("number")).order_by(plans.c.version)


async def read_plans(connection: AsyncConnection, goal_number: int) -> list[Plan]:
    return [plan_from(row.body) for row in await fetch(connection, _PLANS, {"number": goal_number})]


async def read_cases(connection: AsyncConnection, numbers: Sequence[int]) -> list[CaseRows]:
    """By goal number; unknown numbers are left out."""
    cases: list[CaseRows] = []
    wanted = sorted(set(numbers))
    for start in range(0, len(wanted), NUMBERS_MAX):
        cases += await _read_cases(connection, wanted[start : start + NUMBERS_MAX])
    return cases


async def _read_cases(connection: AsyncConnection, numbers: list[int]) -> list[CaseRows]:
    about = {"numbers": numbers}
    heads = await fetch(connection, _GOALS, about)
    if not heads:
        return []

    async def some(flag: str, statement: Select[Any], make: Callable[[Record], T]) -> dict[int, tuple[T, ...]]:
        known = [head.number for head in heads if getattr(head, flag)]
        if not known:
            return {}
        return _by_goal(await fetch(connection, statement, {"numbers": known}), make)

    work = _by_goal(await fetch(connection, _TASKS, about), task_from)
    tries = await some("has_task_attempts", _ATTEMPTS, attempt_from)
    asked = await some("has_decisions", _DECISIONS, decision_from)
    blocks = await some("has_goal_blockages", _BLOCKAGES, blockage_from)
    begun = await some("has_effects", _EFFECTS, effect_from)
    return [
        CaseRows(
            goal=goal_from(head),
            tasks=work.get(head.number, ()),
            attempts=tries.get(head.number, ()),
            decisions=asked.get(head.number, ()),
            blockages=blocks.get(head.number, ()),
            effects=begun.get(head.number, ()),
        )
        for head in heads
    ]


def _by_goal(rows: Iterable[Record], make: Callable[[Record], T]) -> dict[int, tuple[T, ...]]:
    sorted_out: dict[int, list[T]] = defaultdict(list)
    for row in rows:
        sorted_out[row.goal_number].append(make(row))
    return {number: tuple(values) for number, values in sorted_out.items()}


async def read_needs_running(connection: AsyncConnection) -> list[tuple[str, tuple[str, ...]]]:
    """Running tasks that need resources, with those."""
    return [(row.ref, tuple(loads(row.needs))) for row in await fetch(connection, _NEEDS_RUNNING)]


_WATCHED = (
    select(goals.c.number)
    .where(
        or_(
            among(goals.c.state, GOAL_RUNNING),
            and_(among(goals.c.state, (GoalState.AWAITING_START,)), not_(_some(decisions, DECISION_OPEN).element)),
        )
    )
    .order_by(goals.c.number)
)


async def read_watched(connection: AsyncConnection, numbers: Collection[int] | None = None) -> list[CaseRows]:
    """These goals; None: those that run, and those that wait for Start without a question."""
    if numbers is None:
        numbers = [row.number for row in await fetch(connection, _WATCHED)]
    return await read_cases(connection, list(numbers))


async def read_view(connection: AsyncConnection, goal_number: int) -> GoalView | None:
    cases = await _read_cases(connection, [goal_number])
    if not cases:
        return None
    [case] = cases
    reached = await fetch(connection, _MILESTONES, {"number": goal_number})
    version = case.goal.plan_version
    asks = any(task.spec.needs and task.state in TASK_DUE for task in case.tasks)
    return GoalView(
        goal=case.goal,
        plan=await read_plan(connection, goal_number, version) if version else None,
        tasks=case.tasks,
        decisions=case.decisions,
        blockages=case.blockages,
        milestones=tuple(milestone_from(row) for row in reached),
        attempts=tuple(a for a in case.attempts if a.state in (AttemptState.RUNNING, AttemptState.WAITING)),
        needs_running=tuple(await read_needs_running(connection)) if asks else (),
    )


async def read_plan(connection: AsyncConnection, goal_number: int, version: int | None) -> Plan | None:
    about = {"number": goal_number}
    if version is None:
        body = (await connection.execute(_NEWEST_PLAN, about)).scalar()
    else:
        body = (await connection.execute(_PLAN, about | {"version": version})).scalar()
    return None if body is None else plan_from(body)


_DECISION = select(*columns(decisions)).where(decisions.c.number == bindparam("number"))


async def read_decision(connection: AsyncConnection, number: int) -> Decision | None:
    row = await fetch_first(connection, _DECISION, {"number": number})
    return None if row is None else decision_from(row)
