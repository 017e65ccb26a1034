"""(a) What a tick costs with ten due tasks among ever more goals that wait for a later time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.engine import CHAT, Engine, open_engine
from benchmarks.table import Line, Section
from benchmarks.timing import Times, milliseconds, times
from executor.domain.goal import Goal, GoalState
from executor.domain.milestone import milestones_of
from executor.domain.plan import TaskSpec
from executor.domain.task import Task, TaskState
from executor.ports import Changes

WAITING = (100, 10_000, 100_000)
DUE = 10
ROUNDS = 60
RATIO_MAX = 1.3
_AT_ONCE = 5_000
_SPEC = TaskSpec(key="1", title="Nothing", action="nothing")

HOW = (
    f"Each tick finds {DUE} due tasks of {DUE} goals among goals that are in progress with a task due in a year. "
    f'"Take" claims the ten and commits; "settle" stores their ten results, which completes their goals. '
    "The three databases take turns, so that whatever else runs on the machine slows all of them; warm, "
    f"{ROUNDS} rounds."
)


@dataclass(slots=True)
class _Crowd:
    """One database with so many waiting goals."""

    waiting: int
    engine: Engine
    next_number: int
    take: Times = field(default_factory=Times)
    settle: Times = field(default_factory=Times)
    sleep: Times = field(default_factory=Times)

    async def round(self) -> None:
        now = datetime.now(UTC)
        await _insert(self.engine, self.next_number, DUE, now, now)
        self.next_number += DUE
        with self.take.one():
            took = await self.engine.ticker.tick()
        while self.engine.workers.held():  # noqa: ASYNC110 - one turn of the loop is all that they need
            await asyncio.sleep(0)
        with self.settle.one():
            settled = await self.engine.ticker.tick()
        with self.sleep.one():
            await self.engine.database.next_due_at(now)
        if (took, settled) != (DUE, DUE):
            raise SystemExit(f"a tick took {took} and settled {settled} of {DUE} tasks")

    @property
    def tick_s(self) -> float:
        return self.take.median_s + self.settle.median_s


async def run(folder: Path) -> Section:
    """The three databases beside each other, in turns."""
    async with AsyncExitStack() as stack:
        crowds = [await stack.enter_async_context(_crowd(folder / str(count), count)) for count in WAITING]
        for crowd in crowds:
            await crowd.round()
            crowd.take, crowd.settle, crowd.sleep = Times(), Times(), Times()
        for _ in range(ROUNDS):
            for crowd in crowds:
                await crowd.round()
        return Section(title="(a) A tick with 10 due tasks", how=HOW, lines=_lines(crowds))


def _lines(crowds: list[_Crowd]) -> list[Line]:
    first = crowds[0]
    lines = []
    for crowd in crowds:
        ratio = crowd.tick_s / first.tick_s
        lines.append(
            Line(
                what=f"among {crowd.waiting:,} waiting goals: take + settle",
                value=f"{milliseconds(crowd.tick_s)} = {crowd.take} + {crowd.settle}",
                ratio=times(ratio),
                target=f"≤ {RATIO_MAX} ×" if crowd is crowds[-1] else "",
                met=ratio <= RATIO_MAX if crowd is crowds[-1] else None,
            )
        )
    for crowd in crowds:
        ratio = crowd.sleep.median_s / first.sleep.median_s
        what = f"among {crowd.waiting:,}: when is the next task due?"
        lines.append(Line(what=what, value=str(crowd.sleep), ratio=times(ratio)))
    return lines


@asynccontextmanager
async def _crowd(folder: Path, waiting: int) -> AsyncIterator[_Crowd]:
    now = datetime.now(UTC)
    async with open_engine(folder, concurrency=4 * DUE) as engine:
        for start in range(1, waiting + 1, _AT_ONCE):
            many = min(_AT_ONCE, waiting + 1 - start)
            await _insert(engine, start, many, now, now + timedelta(days=365))
        yield _Crowd(waiting, engine, waiting + 1)


async def _insert(engine: Engine, first: int, many: int, now: datetime, due_at: datetime) -> None:
    """Goals in progress, each with one task that is due at `due_at`, through the store's own writing."""
    numbers = range(first, first + many)
    goals = [
        Goal(
            number=number,
            title=f"Goal {number}",
            state=GoalState.IN_PROGRESS,
            origin=CHAT,
            plan_version=1,
            percentage=10,
            created_at=now,
            updated_at=now,
            started_at=now,
        )
        for number in numbers
    ]
    tasks = [
        Task(
            ref=f"{number}.1",
            goal_number=number,
            position=1,
            spec=_SPEC,
            state=TaskState.QUEUED,
            due_at=due_at,
            created_at=now,
        )
        for number in numbers
    ]
    milestones = [milestone for number in numbers for milestone in milestones_of(number)]
    async with engine.database.transaction() as transaction:
        await transaction.save(Changes(new_goals=goals, new_tasks=tasks, new_milestones=milestones))
