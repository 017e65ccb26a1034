"""Reading goals with all that belongs to them. Every statement is built once.

A press on a button and every tick wait for these, and what they cost is not the database but the way there: so all of
it is asked for at once, the tables too that mostly hold nothing open, which partial indexes say in microseconds.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import Any, Protocol, TypeVar

from sqlalchemy import Column, ColumnElement, Table, and_, bindparam, literal_column, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.attempt import Attempt, AttemptState
from executor.domain.blockage import Blockage
from executor.domain.decision import Decision
from executor.domain.effect import Effect
from executor.domain.goal import GOAL_RUNNING, Goal, GoalState
from executor.domain.plan import Plan
from executor.domain.task import TASK_DUE, Task
from executor.ports import CaseRows, GoalView
from storage.codec import loads
from storage.fetching import Question, ask, fetch
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
from storage.sqlite import listed, one_of
from storage.tables import attempts, blockages, decisions, effects, goals, milestones, plans, tasks
from storage.tables.attempts import ATTEMPT_OPEN, ATTEMPT_RUNNING
from storage.tables.base import among, columns
from storage.tables.blockages import BLOCKAGE_OPEN
from storage.tables.decisions import DECISION_OPEN
from storage.tables.effects import EFFECT_UNSETTLED


class _AboutGoal(Protocol):
    @property
    def goal_number(self) -> int: ...


T = TypeVar("T")
G = TypeVar("G", bound=_AboutGoal)

TASKS_REMEMBERED = 4096  # most tasks of a goal are the same as when it was last looked at

# Beside the spec, where they are read from, or following from the state: there for whoever looks with SQL.
TASK_ONLY_WRITTEN = (
    *("key", "title", "action", "dependencies", "unblocks", "critical", "optional", "priority", "assignee"),
    *("execution_type", "ai_confidence", "expected_outcome", "estimated_duration_minutes", "max_retries"),
    *("failed_at", "actual_outcome", "error", "blocked_reason", "failure_reason", "actual_duration_minutes", "needs"),
)
GOAL_COLUMNS = columns(goals, without=("draft",))
TASK_COLUMNS = columns(tasks, without=TASK_ONLY_WRITTEN)


_GOALS = Question(select(*GOAL_COLUMNS).where(one_of(goals.c.number, "numbers")).order_by(goals.c.number), goal_from)
_TASKS = Question(
    select(*TASK_COLUMNS)
    .where(one_of(tasks.c.goal_number, "numbers"))
    .order_by(tasks.c.goal_number, tasks.c.position, tasks.c.ref),
    task_from,
    remember=TASKS_REMEMBERED,
)


def _open(table: Table, open_: ColumnElement[bool], make: Callable[[Record], T], *order: Column[Any]) -> Question[T]:
    return Question(select(*columns(table)).where(one_of(table.c.goal_number, "numbers"), open_).order_by(*order), make)


_ATTEMPTS = _open(attempts, ATTEMPT_OPEN, attempt_from, attempts.c.task_ref, attempts.c.number)
_DECISIONS = _open(decisions, DECISION_OPEN, decision_from, decisions.c.number)
_BLOCKAGES = _open(blockages, BLOCKAGE_OPEN, blockage_from, blockages.c.detected_at, blockages.c.id)
_EFFECTS = _open(effects, EFFECT_UNSETTLED, effect_from, effects.c.intended_at, effects.c.id)
_CASE = (_GOALS, _TASKS, _ATTEMPTS, _DECISIONS, _BLOCKAGES, _EFFECTS)
_NEEDS_RUNNING = Question(
    select(tasks.c.ref, tasks.c.needs)
    .join(attempts, attempts.c.task_ref == tasks.c.ref)
    .where(ATTEMPT_RUNNING, tasks.c.needs.is_not(None))
    .order_by(attempts.c.started_at, tasks.c.ref),
    lambda row: (row.ref, tuple(loads(row.needs))),
)
_MILESTONES = Question(
    select(*columns(milestones))
    .where(milestones.c.goal_number == bindparam("number"))
    .order_by(milestones.c.percentage),
    milestone_from,
)
_PRESENT_PLAN = Question(
    select(plans.c.body)
    .join(goals, and_(goals.c.number == plans.c.goal_number, goals.c.plan_version == plans.c.version))
    .where(goals.c.number == bindparam("number")),
    lambda row: plan_from(row.body),
)
_PLAN = select(plans.c.body).where(plans.c.goal_number == bindparam("number"), plans.c.version == bindparam("version"))
_NEWEST_PLAN = (
    select(plans.c.body).where(plans.c.goal_number == bindparam("number")).order_by(plans.c.version.desc()).limit(1)
)


_MAKERS = Question(
    select(plans.c.goal_number, plans.c.version, plans.c.made_by).where(one_of(plans.c.goal_number, "numbers")),
    lambda row: ((row.goal_number, row.version), row.made_by),
)
_PLANS = select(plans.c.body).where(plans.c.goal_number == bindparam("number")).order_by(plans.c.version)


async def read_plans(connection: AsyncConnection, goal_number: int) -> list[Plan]:
    return [plan_from(row.body) for row in await fetch(connection, _PLANS, {"number": goal_number})]


async def read_plan_makers(connection: AsyncConnection, numbers: Iterable[int]) -> dict[tuple[int, int], str]:
    [makers] = await ask(connection, [_MAKERS], {"numbers": listed(numbers)})
    return dict(makers)


async def read_cases(connection: AsyncConnection, numbers: Iterable[int]) -> list[CaseRows]:
    """By goal number; unknown numbers are left out."""
    return _cases(*await ask(connection, _CASE, {"numbers": listed(numbers)}))


async def read_cases_and(
    connection: AsyncConnection, numbers: Iterable[int], besides: Question[T]
) -> tuple[list[CaseRows], list[T]]:
    """What `read_cases` reads, and the answer to one more question, in the same visit."""
    *parts, answer = await ask(connection, (*_CASE, besides), {"numbers": listed(numbers)})
    return _cases(*parts), answer


def _cases(
    heads: list[Goal],
    work: list[Task],
    tries: list[Attempt],
    asked: list[Decision],
    blocks: list[Blockage],
    begun: list[Effect],
) -> list[CaseRows]:
    tasks_of, attempts_of, decisions_of = _by_goal(work), _by_goal(tries), _by_goal(asked)
    blockages_of, effects_of = _by_goal(blocks), _by_goal(begun)
    return [
        CaseRows(
            goal=head,
            tasks=tasks_of.get(head.number, ()),
            attempts=attempts_of.get(head.number, ()),
            decisions=decisions_of.get(head.number, ()),
            blockages=blockages_of.get(head.number, ()),
            effects=effects_of.get(head.number, ()),
        )
        for head in heads
    ]


def _by_goal(values: Iterable[G]) -> dict[int, tuple[G, ...]]:
    sorted_out: dict[int, list[G]] = defaultdict(list)
    for value in values:
        sorted_out[value.goal_number].append(value)
    return {number: tuple(some) for number, some in sorted_out.items()}


async def read_needs_running(connection: AsyncConnection) -> list[tuple[str, tuple[str, ...]]]:
    """Running tasks that need resources, with those."""
    [needs] = await ask(connection, [_NEEDS_RUNNING], {})
    return needs


_ASKED = (
    select(literal_column("1"))
    .where(decisions.c.goal_number == goals.c.number, DECISION_OPEN)
    .correlate(goals)
    .exists()
)
_WATCHED = (
    select(goals.c.number)
    .where(
        or_(
            among(goals.c.state, GOAL_RUNNING),
            and_(among(goals.c.state, (GoalState.AWAITING_START,)), not_(_ASKED)),
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
    """`connection` is in a transaction, so that all of it is of one moment."""
    about = {"numbers": listed([goal_number]), "number": goal_number}
    *parts, reached, planned = await ask(connection, (*_CASE, _MILESTONES, _PRESENT_PLAN), about)
    cases = _cases(*parts)
    if not cases:
        return None
    [case] = cases
    asks = any(task.spec.needs and task.state in TASK_DUE for task in case.tasks)
    return GoalView(
        goal=case.goal,
        plan=planned[0] if planned else None,
        tasks=case.tasks,
        decisions=case.decisions,
        blockages=case.blockages,
        milestones=tuple(reached),
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


DECISION = Question(select(*columns(decisions)).where(decisions.c.number == bindparam("number")), decision_from)


async def read_decision(connection: AsyncConnection, number: int) -> Decision | None:
    [found] = await ask(connection, [DECISION], {"number": number})
    return found[0] if found else None
