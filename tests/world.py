"""A whole executor over a real database, with scripted actions and a clock that tests move.

`World.open` can be called again on the same folder: that is a restart, with everything in memory gone.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from executor.actions.handover import FolderHandover
from executor.actions.project import ProjectFolder
from executor.domain.gate import Gates
from executor.domain.limits import Limits
from executor.domain.notice import Notice
from executor.domain.plan import GoalDraft
from executor.engine.nursery import Nursery
from executor.engine.policy.policy import Policy
from executor.engine.replies import Accepted, Reply
from executor.engine.secrecy.secrets import Secrets
from executor.engine.service import Executor
from executor.engine.tick import Ticker
from executor.engine.tools import Tools
from executor.engine.turns import Turns
from executor.planner.mending import OfflineMender
from executor.planner.offline import OfflineBrain
from executor.planner.workflows import Library
from executor.ports import (
    Actions,
    Assignment,
    Blind,
    Brain,
    Brake,
    Checks,
    CrashPoints,
    GoalView,
    Mender,
    Mind,
    NoBrake,
    Project,
    Watches,
)
from executor.ports.survey import NoSurvey, Surveyor
from executor.workers.local import LocalWorkers
from storage.sealing import FernetSeal
from storage.store import Database
from tests.builders import ANN, CHAT
from tests.fakes import CrashAt, Folders, ManualClock, ScriptedAction, ScriptedActions, ScriptedChecks


@dataclass
class World:
    """One process's life. `failures` are background errors; a test that expects none asserts so."""

    database: Database
    executor: Executor
    workers: LocalWorkers
    nursery: Nursery
    clock: ManualClock
    failures: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)

    async def settle(self) -> None:
        """Tick until nothing is running and nothing is due now. A crash inside an attempt is raised here."""
        while True:
            ran = bool(self.workers.held())  # and may report its end while the tick is under way
            did = await self.executor.tick()
            while self.workers.held() or self.executor.watching.looking or self.executor.looking:
                ran = True
                await asyncio.sleep(0)
            for failure in self.failures:
                if failure.startswith("crash:"):
                    raise RuntimeError(failure)
            if not did and not ran:
                return

    async def idle(self) -> None:
        """Let what runs outside (a real command) go on."""
        await asyncio.sleep(0.01)

    async def run_until_over(self, number: int, *, seconds: float = 600.0) -> GoalView:
        """Let time pass in steps until the goal is over, or the time is up."""
        passed = 0.0
        while passed <= seconds:
            await self.settle()
            view = await self.view(number)
            if view.goal.final:
                return view
            self.clock.advance(1)
            passed += 1
        return await self.view(number)

    async def set_goal(self, draft: GoalDraft, command_id: str = "set") -> int:
        reply = await self.executor.set_goal(draft, origin=CHAT, caller=ANN, command_id=command_id)
        assert isinstance(reply, Accepted), reply
        assert reply.goal_number is not None
        return reply.goal_number

    async def start_goal(self, draft: GoalDraft) -> int:
        number = await self.set_goal(draft)
        reply = await self.executor.start(number, caller=ANN, command_id=f"start/{number}")
        assert isinstance(reply, Accepted), reply
        return number

    async def press(self, option: str, command_id: str | None = None) -> Reply:
        """Answer the newest open decision."""
        decision = (await self.executor.open_decisions())[-1]
        return await self.executor.answer(
            decision.number, option=option, caller=ANN, command_id=command_id or f"press/{decision.number}/{option}"
        )

    async def view(self, number: int) -> GoalView:
        view = await self.executor.view(number)
        assert view is not None
        return view

    async def states(self, number: int) -> dict[str, str]:
        return {task.ref: str(task.state) for task in (await self.view(number)).tasks}

    async def notices(self) -> list[Notice]:
        return await self.database.outbox.pending(self.clock.now())


@asynccontextmanager
async def world(
    folder: Path,
    *actions: ScriptedAction,
    clock: ManualClock | None = None,
    checks: Checks | None = None,
    crash_points: CrashPoints | None = None,
    limits: Limits | None = None,
    executor_id: str = "executor",
    brain: Brain | Callable[[Database], Brain] | None = None,
    registry: Actions | None = None,
    hands: type[LocalWorkers] = LocalWorkers,
    surveyor: Surveyor | None = None,
    secrets: Secrets | None = None,
    mind: Mind | None = None,
    watches: Watches | None = None,
    policy: Policy | None = None,
    autonomy: str = "plan",
    project: Project | None = None,
    mender: Mender | None = None,
    gates: Gates | None = None,
    brake: Brake | None = None,
) -> AsyncIterator[World]:
    """Open on `folder`, recover, and close without any goodbye: as a kill would, but for the connections."""
    clock = clock or ManualClock()
    points = crash_points or CrashAt()
    limits = limits or Limits()
    database = await Database.open(folder, clock, points)
    failures: list[str] = []
    leftovers: list[str] = []
    nursery = Nursery(lambda name, error: failures.append(f"crash: {name}: {error!r}"))
    tools = Tools(
        actions=registry or ScriptedActions(*(actions or (ScriptedAction(),))),
        checks=checks or ScriptedChecks(),
        workspaces=Folders(folder / "workspaces"),
        clock=clock,
        limits=limits,
        crash_points=points,
        surveyor=surveyor or NoSurvey(),
        secrets=secrets or Secrets(FernetSeal(folder)),
        mind=mind,
        watches=watches or Blind(),
        policy=policy or Policy(),
        project=project or ProjectFolder(),
        mender=mender or OfflineMender(),
        gates=gates or Gates(),
        brake=brake or NoBrake(),
        handover=FolderHandover(Folders(folder / "workspaces").folder, folder / "histories"),
    )
    tools = replace(tools, turns=Turns(database, clock, limits, tools.secrets))
    ticker = Ticker(
        database, tools, executor_id=executor_id, log_failure=lambda what, error: failures.append(f"{what}: {error!r}")
    )

    async def record(assignment: Assignment, pid: int, pid_started: float, command: str) -> None:
        async with database.transaction("process") as transaction:
            attempt = assignment.attempt
            await transaction.record_process(attempt.task_ref, attempt.number, pid, pid_started, command)

    async def end_leftovers(pid: int | None, pid_started: float | None, marker: str) -> int:
        leftovers.append(marker)
        return 0

    workers = hands(
        tools,
        nursery,
        concurrency=limits.concurrency,
        report=ticker.report,
        record=record,
        end_leftovers=end_leftovers,
        log_failure=lambda assignment, error: failures.append(f"{assignment.task.ref}: {error!r}"),
    )
    executor = Executor(
        database,
        (brain(database) if callable(brain) else brain) or OfflineBrain(Library()),
        tools,
        workers,
        ticker,
        nursery,
        executor_id=executor_id,
        autonomy=autonomy,
        changed=lambda: None,
        log_error=lambda what, error: failures.append(f"{what}: {error!r}"),
    )
    try:
        await executor.recover()
        yield World(database, executor, workers, nursery, clock, failures, leftovers)
    finally:
        await nursery.stop()
        await database.close()
