"""The adapter of the port Transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.allowance import Budget
from executor.domain.attempt import Attempt
from executor.domain.circuit import Circuit, CircuitState
from executor.domain.decision import Decision
from executor.domain.errors import Conflict
from executor.domain.flood import Said
from executor.domain.goal import Goal, Origin
from executor.domain.lesson import Lesson
from executor.domain.plan import GoalDraft, Plan
from executor.ports import CaseRows, Changes, Clock, Due
from storage.codec import dumps, loads, plain
from storage.families import count_subgoals, read_families, read_trails
from storage.fetching import Question, ask, fetch
from storage.lessons import read_lessons
from storage.listing import CIRCUIT_HOLDS, read_circuits
from storage.purse import read_budget
from storage.readdressing import give_to
from storage.reading import (
    DECISION,
    GOAL_COLUMNS,
    read_cases_and,
    read_decision,
    read_needs_running,
    read_plan_makers,
    read_plans,
)
from storage.replies import REPLY
from storage.rows import Record, attempt_from, draft_from, goal_from
from storage.said import read_said
from storage.tables import attempts, circuits, decisions, goals, tasks
from storage.tables.attempts import ATTEMPT_RUNNING
from storage.tables.base import among, columns
from storage.tables.goals import GOAL_TAKES, GOAL_UNFINISHED, GOAL_UNPLANNED
from storage.tables.tasks import TASK_FREE, TASK_WAITS_FOR_ITS_TIME
from storage.turning_back import turn_back
from storage.ways import read_refused_ways
from storage.writing import write_changes

_LAST_GOAL = Question(select(func.max(goals.c.number).label("number")), lambda row: row.number or 0)
_LAST_DECISION = Question(select(func.max(decisions.c.number).label("number")), lambda row: row.number or 0)
_ORDER = (
    tasks.c.unblocks.desc(),
    goals.c.started_at.is_(None),
    goals.c.priority.desc(),
    goals.c.deadline_at.is_(None),
    goals.c.deadline_at,
    goals.c.created_at,
    goals.c.number,
    tasks.c.position,
)
DUE = (
    select(tasks.c.ref, tasks.c.goal_number, tasks.c.needs)
    .join(goals, goals.c.number == tasks.c.goal_number)
    .where(TASK_WAITS_FOR_ITS_TIME, tasks.c.due_at <= bindparam("now"), TASK_FREE, GOAL_TAKES)
    .order_by(*_ORDER)
    .limit(bindparam("most"))
)


def _due_from(row: Record) -> Due:
    return Due(row.ref, row.goal_number, () if row.needs is None else tuple(loads(row.needs)))


_DUE = Question(DUE, _due_from)
_WAITING_ON = (
    select(tasks.c.ref, tasks.c.goal_number)
    .join(goals, goals.c.number == tasks.c.goal_number)
    .where(tasks.c.waits_on == bindparam("key"), GOAL_UNFINISHED)
    .order_by(*_ORDER)
)
_FORGET_CIRCUITS = delete(circuits).where(
    among(circuits.c.state, (CircuitState.CLOSED,)), circuits.c.changed_at < bindparam("before"), ~CIRCUIT_HOLDS
)
_UNPLANNED = select(*GOAL_COLUMNS, goals.c.draft).where(GOAL_UNPLANNED).order_by(goals.c.created_at, goals.c.number)
_LEASE_OVER = attempts.c.lease_until <= bindparam("now")
_RUNNING = select(*columns(attempts)).order_by(attempts.c.started_at, attempts.c.task_ref)
_ABANDONED = _RUNNING.where(ATTEMPT_RUNNING, _LEASE_OVER)
_ABANDONED_BY_OTHERS = _RUNNING.where(
    ATTEMPT_RUNNING, _LEASE_OVER | attempts.c.executor_id.not_in(bindparam("living", expanding=True))
)
_THIS_ATTEMPT = (
    attempts.c.task_ref == bindparam("at_ref"),
    attempts.c.number == bindparam("at_number"),
    ATTEMPT_RUNNING,
)
_EXTEND = update(attempts).where(*_THIS_ATTEMPT, attempts.c.executor_id == bindparam("at_executor"))
_PROCESS = update(attempts).where(*_THIS_ATTEMPT)
_HELD = select(attempts.c.task_ref).where(
    tuple_(attempts.c.task_ref, attempts.c.number).in_(bindparam("held", expanding=True)),
    attempts.c.executor_id == bindparam("executor"),
    ATTEMPT_RUNNING,
)


class WriteTransaction:
    """Lives as long as its block. Numbers are the first free ones: rows that hold the highest are never deleted.

    Each visit to the database costs more than what it asks there. So the first one of a command brings along what
    nearly every command asks next; nobody else writes meanwhile, and what we save ourselves makes us forget it.
    """

    def __init__(self, connection: AsyncConnection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._read: dict[int, CaseRows] = {}  # as the rows are now, by goal number
        self._last_goal: int | None = None
        self._last_decision: int | None = None
        self._decisions: dict[int, Decision | None] = {}

    async def reply_to(self, command_id: str, *, decision: int | None = None) -> Mapping[str, object] | None:
        number = -1 if decision is None else decision
        questions: list[Question[Any]] = [REPLY, _LAST_GOAL, _LAST_DECISION, DECISION]
        about = {"id": command_id, "number": number}
        replies, [self._last_goal], [self._last_decision], found = await ask(self._connection, questions, about)
        self._decisions[number] = found[0] if found else None
        return replies[0] if replies else None

    async def next_goal_number(self) -> int:
        if self._last_goal is None:
            [[self._last_goal]] = await ask(self._connection, [_LAST_GOAL], {})
        return int(self._last_goal) + 1

    async def next_decision_number(self) -> int:
        if self._last_decision is None:
            [[self._last_decision]] = await ask(self._connection, [_LAST_DECISION], {})
        return int(self._last_decision) + 1

    async def cases(self, goal_numbers: Sequence[int]) -> list[CaseRows]:
        cases, [self._last_decision] = await read_cases_and(self._connection, goal_numbers, _LAST_DECISION)
        self._read.update((case.goal.number, case) for case in cases)
        return cases

    async def decision(self, number: int) -> Decision | None:
        if number not in self._decisions:
            self._decisions[number] = await read_decision(self._connection, number)
        return self._decisions[number]

    async def plans(self, goal_number: int) -> list[Plan]:
        return await read_plans(self._connection, goal_number)

    async def refused_ways(self, goal_number: int) -> frozenset[str]:
        return await read_refused_ways(self._connection, goal_number)

    async def lessons(self) -> list[Lesson]:
        return await read_lessons(self._connection)

    async def budget(self, goal_number: int) -> Budget | None:
        return await read_budget(self._connection, goal_number)

    async def subgoals(self, root: int) -> int:
        return await count_subgoals(self._connection, root)

    async def trails(self, root: int, *, but: int) -> list[tuple[str, ...]]:
        return await read_trails(self._connection, root, but)

    async def families(self) -> list[tuple[int, str]]:
        return await read_families(self._connection)

    async def plan_makers(self, goal_numbers: Collection[int]) -> Mapping[tuple[int, int], str]:
        return await read_plan_makers(self._connection, goal_numbers)

    async def due(self, now: datetime, limit: int, without: Sequence[str] = ()) -> list[Due]:
        if not without:
            [found] = await ask(self._connection, [_DUE], {"now": now, "most": limit})
            return found
        statement = DUE
        for name in without:  # a name as JSON writes it, whatever characters it has
            statement = statement.where(or_(tasks.c.needs.is_(None), func.instr(tasks.c.needs, dumps(name)) == 0))
        rows = await fetch(self._connection, statement, {"now": now, "most": limit})
        return [_due_from(row) for row in rows]

    async def give_to(self, goal_number: int, origin: Origin) -> None:
        await give_to(self._connection, goal_number, origin)

    async def said(self, goal_number: int, chat_id: int, now: datetime) -> tuple[Said, Said]:
        return await read_said(self._connection, goal_number, chat_id, now)

    async def needs_running(self) -> list[tuple[str, tuple[str, ...]]]:
        return await read_needs_running(self._connection)

    async def circuits(self) -> list[Circuit]:
        return await read_circuits(self._connection)

    async def waiting_on(self, key: str) -> list[Due]:
        return [Due(row.ref, row.goal_number) for row in await fetch(self._connection, _WAITING_ON, {"key": key})]

    async def forget_circuits(self, before: datetime) -> None:
        await self._connection.execute(_FORGET_CIRCUITS, {"before": before})

    async def unplanned(self) -> list[tuple[Goal, GoalDraft]]:
        found = []
        for row in await fetch(self._connection, _UNPLANNED):
            goal = goal_from(row)
            found.append((goal, _draft_of(goal) if row.draft is None else draft_from(row.draft)))
        return found

    async def abandoned(self, now: datetime, living: Sequence[str]) -> list[Attempt]:
        if living:
            found = await fetch(self._connection, _ABANDONED_BY_OTHERS, {"now": now, "living": list(living)})
        else:
            found = await fetch(self._connection, _ABANDONED, {"now": now})
        return [attempt_from(row) for row in found]

    async def extend_leases(self, executor_id: str, held: Sequence[tuple[str, int]], until: datetime) -> list[str]:
        if not held:
            return []
        self._read.clear()
        beats = [
            {"at_ref": ref, "at_number": number, "at_executor": executor_id, "lease_until": until}
            for ref, number in held
        ]
        if (await self._connection.execute(_EXTEND, beats)).rowcount == len(held):
            return []
        ours = await self._connection.execute(_HELD, {"held": list(held), "executor": executor_id})
        still = set(ours.scalars())
        return [ref for ref, _ in held if ref not in still]

    async def turn_back(self, was: datetime, now: datetime) -> None:
        self._read.clear()
        await turn_back(self._connection, was, now)

    async def record_process(self, task_ref: str, number: int, pid: int, pid_started: float, command: str) -> None:
        """Raises Conflict if that attempt is no longer running."""
        self._read.clear()
        process = {"pid": pid, "pid_started": pid_started, "command": plain(command)}
        met = await self._connection.execute(_PROCESS, [process | {"at_ref": task_ref, "at_number": number}])
        if met.rowcount != 1:
            raise Conflict(detail=f"attempt {number} of {task_ref} is not running any more")

    async def save(self, changes: Changes) -> None:
        read, self._read = self._read, {}
        self._last_goal = self._last_decision = None
        self._decisions.clear()
        await write_changes(self._connection, changes, self._clock.now(), read)


def _draft_of(goal: Goal) -> GoalDraft:
    """For a goal that was set without a draft: what the goal itself says."""
    return GoalDraft(
        title=goal.title,
        description=goal.description,
        deadline_at=goal.deadline_at,
        priority=goal.priority,
        budget_usd=goal.budget_usd,
        metadata=goal.metadata,
    )
