"""The engine on a real database with real workers; only what the tasks do is nothing at all."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from bot.real import NoCrashPoints, SystemClock, calm_the_collector
from executor.actions.checks import Looks
from executor.actions.http import Http
from executor.actions.launcher import PlainLauncher
from executor.actions.project import ProjectFolder
from executor.actions.registry import Registry
from executor.actions.standard import standard_actions
from executor.actions.watches import looks
from executor.actions.workspaces import Folders
from executor.domain.goal import Origin
from executor.domain.limits import Limits
from executor.domain.outcome import Result
from executor.engine.nursery import Nursery
from executor.engine.replies import Caller
from executor.engine.service import Executor
from executor.engine.tick import Ticker
from executor.engine.tools import Tools
from executor.planner.mending import OfflineMender
from executor.planner.offline import OfflineBrain
from executor.planner.workflows import Library
from executor.ports import Ask, Assignment, Blind, Clock, Context
from executor.workers.local import LocalWorkers
from storage.store import Database

ANN = Caller(person_id=1, name="Ann")
CHAT = Origin(chat_id=1, person_id=1, person_name="Ann")


class Nothing:
    """An action that succeeds at once."""

    name = "nothing"

    def check(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        return parameters

    def describe(self, parameters: Mapping[str, Any]) -> str:
        return "nothing"

    def repeatable(self, parameters: Mapping[str, Any]) -> bool:
        return True

    def ask(self, parameters: Mapping[str, Any]) -> Ask | None:
        return None

    async def run(self, parameters: Mapping[str, Any], context: Context) -> Result:
        return Result(success=True, result="Done")


@dataclass(frozen=True, slots=True)
class Engine:
    database: Database
    executor: Executor
    ticker: Ticker
    workers: LocalWorkers
    nursery: Nursery


@asynccontextmanager
async def open_engine(
    folder: Path,
    *,
    concurrency: int = 4,
    autonomy: str = "full",
    clock: Clock | None = None,
    real: bool = False,
    allow: Sequence[str] = (),
) -> AsyncIterator[Engine]:
    """As the composition root puts it together, without anything that faces people. `real`: with the actions that
    `milepost up` has, and `allow` as for its http action; else with one that does nothing."""
    calm_the_collector()  # as `milepost up` does
    clock = clock or SystemClock()
    database = await Database.open(folder, clock)
    nursery = Nursery(_failed)
    limits = Limits(concurrency=concurrency)
    launcher, http = PlainLauncher(), Http(allow)
    tools = Tools(
        actions=Registry(standard_actions(launcher, UTC, allow) if real else [Nothing()]),
        watches=looks(folder, allow) if real else Blind(),
        checks=Looks(launcher, http),
        workspaces=Folders(folder),
        clock=clock,
        limits=limits,
        crash_points=NoCrashPoints(),
        project=ProjectFolder(),
        mender=OfflineMender(),
    )
    ticker = Ticker(database, tools, executor_id="benchmark", log_failure=_failed)
    workers = LocalWorkers(
        tools,
        nursery,
        concurrency=concurrency,
        report=lambda assignment, outcome, texts: executor.finished(assignment, outcome, texts),
        record=_ignored if real else _no_process,
        end_leftovers=_no_leftovers,
        log_failure=lambda assignment, error: _failed(assignment.task.ref, error),
    )
    executor = Executor(
        database,
        OfflineBrain(Library(folder / "workflows")),
        tools,
        workers,
        ticker,
        nursery,
        executor_id="benchmark",
        autonomy=autonomy,
        changed=lambda: None,
        log_error=_failed,
    )
    try:
        yield Engine(database, executor, ticker, workers, nursery)
    finally:
        await nursery.stop()
        await database.close()


def _failed(what: str, error: BaseException) -> None:
    """A benchmark of something that fails measures nothing."""
    raise SystemExit(f"{what}: {error!r}") from error


async def _no_process(assignment: Assignment, pid: int, pid_started: float, command: str) -> None:
    raise AssertionError("nothing starts a process here")


async def _ignored(assignment: Assignment, pid: int, pid_started: float, command: str) -> None:
    """Whose process it is matters only to a restart."""


async def _no_leftovers(pid: int | None, pid_started: float | None, marker: str) -> int:
    return 0
