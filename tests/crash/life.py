"""One life of the program, in a loop of its own: everything real but the shell, until it is killed or all is over.

A life never says goodbye. Once it has crashed every further crash point raises too, so that nothing is committed and
nothing is sent after its death; then what is left of it is thrown away.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.brake import FileBrake
from bot.real import SystemClock
from bot.telegram.absence import PollFile
from bot.telegram.access import Access
from bot.telegram.assembly import Chat, Plugs, assemble
from bot.telegram.connection import Connection
from executor.actions.agent import Agent
from executor.actions.ask import Ask
from executor.actions.goal import Goal as GoalAction
from executor.actions.launcher import PlainLauncher
from executor.actions.manual import Manual
from executor.actions.notify import Notify
from executor.actions.project import ProjectFolder
from executor.actions.registry import Registry
from executor.actions.subtasks import Subtasks
from executor.actions.wait import Wait
from executor.domain.gate import Gates
from executor.domain.limits import Limits
from executor.domain.outcome import Result
from executor.domain.plan import GoalDraft
from executor.engine.delivery.pace import ChatPace, Pace
from executor.engine.nursery import Nursery
from executor.engine.secrecy.secrets import Secrets
from executor.engine.service import Executor
from executor.engine.tick import Ticker
from executor.engine.tools import Tools
from executor.engine.turns import Turns
from executor.planner.goal_text import read_goal
from executor.planner.mending import OfflineMender
from executor.planner.offline import OfflineBrain
from executor.planner.workflows import Library
from executor.ports import Assignment, Brain, Context, Mind
from executor.workers.local import LocalWorkers
from storage.sealing import FernetSeal
from storage.store import Database
from tests.crash.history import Happened
from tests.crash.outside import Outside
from tests.fakes import CrashAt, Crashed, Folders, ScriptedChecks

ZONE = ZoneInfo("UTC")
LIMITS = Limits(attempts_max=2, retry_first_s=0.01, lease_s=0.15, concurrency=3)
_FREE = ChatPace(per_s=float("inf"), burst=1, reserve=0, card_s=0.02)
PACE = Pace(private=_FREE, group=_FREE, retry_first_s=0.02, retry_max_s=0.1)
CANARY = "canary-4f2a/Zq+91"  # the value of a secret: it must never stand in a file
LIFE_S_MAX = 120.0  # of a slow machine
DEATH_S_MAX = 30.0
STEPS = 5
LOOK_S = 0.01

Script = Callable[["Executor", Outside], Awaitable[None]]


class ScriptedShell:
    """Stands for the shell: a command is a word, and what it does is done to the outside of the test."""

    name = "shell"

    def __init__(self, outside: Outside, points: CrashAt) -> None:
        self._outside = outside
        self._points = points

    def check(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        return parameters

    def describe(self, parameters: Mapping[str, Any]) -> str:
        return str(parameters["command"])

    def repeatable(self, parameters: Mapping[str, Any]) -> bool:
        return not parameters["command"].startswith("pay")

    def ask(self, parameters: Mapping[str, Any]) -> None:
        return None

    async def run(self, parameters: Mapping[str, Any], context: Context) -> Result:
        outside, command = self._outside, parameters["command"]
        outside.runs[context.task_ref] += 1
        await asyncio.sleep(0)
        if command.startswith("pay"):
            outside.effects.append(Happened(context.task_ref, context.attempt))
        if command.endswith("hang") and outside.lives == 1:
            await asyncio.Event().wait()
        while command == "hold" and not outside.runs["1.4"]:
            await asyncio.sleep(0.005)
        if command == "flaky" and outside.runs[context.task_ref] == 1:
            return Result(success=False, error="it failed once")
        if command == "broken" and not outside.repaired:
            return Result(success=False, error="it needs a person", metadata={"exit_code": 1, "stderr": "broken"})
        if command == "far" and outside.runs[context.task_ref] <= 2:
            known = {"url": "http://far.example/", "status": 429, "retry_after_s": 0.05}
            return Result(success=False, error="429 Too Many Requests", metadata=known)
        if command == "push":
            return _push(context.environment.get("PUSH_TOKEN", ""))
        if command == "pulse":
            await context.started(4_000_000, 0.0, command)
            beats = self._points.passed.count
            while beats("storage.heartbeat.after_commit") < 2:
                await asyncio.sleep(0.005)
        return Result(success=True, result="Done", output=command)


def _push(token: str) -> Result:
    """Fails without the right token, and shows the one it got."""
    if token == CANARY:
        return Result(success=True, result=f"Pushed as {token}", output=token)
    said = f"PUSH_TOKEN: {'wrong' if token else 'parameter null or not set'}"
    return Result(success=False, error="exit code 1", metadata={"exit_code": 1, "stderr": said})


class SlowBrain(OfflineBrain):
    """Plans the same, but as a model would: later, in the background."""

    immediate = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How the lives of a story go. `goals`: how many must be over at the end; `looks`: see the sender's can_probe."""

    goals: int
    script: Script | None = None
    slow_brain: bool = False
    looks: bool = True
    failing_updates: int = 0
    gates: Gates = Gates()
    mind: Mind | None = None


def _goal(text: str) -> GoalDraft:
    return read_goal(text, now=SystemClock().now(), timezone=ZONE)


@dataclass(slots=True)
class Life:
    """See the module. `trouble` collects what no life may have, such as an exception in the background."""

    folder: Path
    outside: Outside
    points: CrashAt
    plan: Plan
    name: str
    trouble: list[str] = field(default_factory=list)

    def run(self) -> bool:
        """Live until the end of the story (True) or until the crash (False)."""
        self.outside.lives += 1
        with asyncio.Runner() as runner:
            return runner.run(self._live())

    async def _live(self) -> bool:
        died = asyncio.Event()
        self.points.on_crash = died.set
        database: Database | None = None
        chat: Chat | None = None
        nursery = Nursery(self._failed)
        try:
            database = await Database.open(self.folder, SystemClock(), self.points)
            executor, changed = self._executor(database, nursery)
            chat = self._chat(database, executor, nursery)
            changed.append(chat.courier.wake)
            await executor.recover()
            nursery.start(chat.courier.run(), "courier")
            nursery.start(executor.run(), "executor")
            await chat.front.start()
            script = nursery.start(self._script(executor), "script")
            over = nursery.start(self._until_over(database, script), "the end")
            dead = nursery.start(died.wait(), "the crash")
            await asyncio.wait([over, dead], timeout=LIFE_S_MAX, return_when=asyncio.FIRST_COMPLETED)
            if not over.done() and not dead.done():
                self.trouble.append(f"{self.name} neither ended nor crashed: {await _open_ends(database)}")
            return not died.is_set()
        except Crashed:
            return False
        finally:
            await self._throw_away(database, nursery, chat)

    async def _throw_away(self, database: Database | None, nursery: Nursery, chat: Chat | None) -> None:
        """Everything is cancelled but a connection's way back into its pool, which is never ours to cancel."""
        self.points.crash()
        for _ in range(STEPS):  # what was only just started begins: a coroutine that never did would be a warning
            await asyncio.sleep(0)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            if not _is_of_the_pool(task):
                task.cancel()
        await nursery.stop()
        if others := asyncio.all_tasks() - {asyncio.current_task()}:
            _, immortal = await asyncio.wait(others, timeout=DEATH_S_MAX)
            self.trouble.extend(f"{self.name}: {task} outlives its death" for task in immortal)
        if chat is not None:
            with contextlib.suppress(RuntimeError):
                await chat.front._bot.shutdown()
        if database is not None:
            await database.close()

    async def _script(self, executor: Executor) -> None:
        if self.plan.script is not None:
            await self.plan.script(executor, self.outside)

    async def _until_over(self, database: Database, script: "asyncio.Task[None]") -> None:
        while not script.done() or await _open_ends(database) != (self.plan.goals, 0, 0):
            await asyncio.sleep(LOOK_S)

    # ------------------------------------------------------------------------------------------------- putting together

    def _executor(self, database: Database, nursery: Nursery) -> tuple[Executor, list[Callable[[], None]]]:
        clock = SystemClock()
        shell = ScriptedShell(self.outside, self.points)
        tools = Tools(
            actions=Registry(
                [
                    Ask(),
                    Manual(),
                    Subtasks(),
                    Notify(),
                    Wait(PlainLauncher(), ZONE),
                    GoalAction(_goal),
                    shell,
                    Agent(["shell"]),
                ]
            ),
            checks=ScriptedChecks(),
            workspaces=Folders(self.folder / "workspaces"),
            clock=clock,
            limits=LIMITS,
            crash_points=self.points,
            secrets=Secrets(FernetSeal(self.folder)),
            project=ProjectFolder(),
            mender=OfflineMender(),
            gates=self.plan.gates,
            brake=FileBrake(self.folder, clock.now),
            mind=self.plan.mind,
        )
        tools = replace(tools, turns=Turns(database, clock, LIMITS, tools.secrets))
        ticker = Ticker(database, tools, executor_id=self.name, log_failure=self._noted)

        async def record(assignment: Assignment, pid: int, pid_started: float, command: str) -> None:
            async with database.transaction("process") as transaction:
                attempt = assignment.attempt
                await transaction.record_process(attempt.task_ref, attempt.number, pid, pid_started, command)

        async def end_leftovers(pid: int | None, pid_started: float | None, marker: str) -> int:
            return 0

        workers = LocalWorkers(
            tools,
            nursery,
            concurrency=LIMITS.concurrency,
            report=lambda assignment, outcome, texts: executor.finished(assignment, outcome, texts),
            record=record,
            end_leftovers=end_leftovers,
            log_failure=lambda assignment, error: self._noted(assignment.task.ref, error),
        )
        library = Library()
        brain: Brain = SlowBrain(library) if self.plan.slow_brain else OfflineBrain(library)
        changed: list[Callable[[], None]] = []
        executor = Executor(
            database,
            brain,
            tools,
            workers,
            ticker,
            nursery,
            executor_id=self.name,
            changed=lambda: [tell() for tell in changed] and None,
            log_error=self._noted,
        )
        return executor, changed

    def _chat(self, database: Database, executor: Executor, nursery: Nursery) -> Chat:
        chat, clock = self.outside.chat, SystemClock()

        def goal(text: str) -> GoalDraft:
            return read_goal(text, now=clock.now(), timezone=ZONE)

        def broken() -> list[Any]:
            raise LookupError("this command has a bug")

        plugs = Plugs(
            engine=executor,
            store=database,
            outbox=database.outbox,
            inbox=database.inbox,
            chats=database.chats,
            habits=database.habits,
            clock=clock,
            timezone=ZONE,
            crash_points=self.points,
            start_soon=nursery.start,
            access=Access(owners=[chat.operator_id], approvers=[], requesters=[], viewers=[]),
            describe=lambda spec: spec.title,
            read_goal=goal,
            read_run=goal,
            workflows=broken,
            secrets=executor.secrets,
            mark=PollFile(self.folder / "last-poll"),
            brake=FileBrake(self.folder, clock.now),
        )
        connection = Connection(token=chat.bot_token, api_root=chat.api_root, answer_s=60)
        return assemble(connection, plugs, local=self.plan.looks, pace=PACE, grace_s=0.0, poll_s=5, look_s=0.05)

    def _failed(self, name: str, error: BaseException) -> None:
        if not isinstance(error, Crashed):
            self.trouble.append(f"{self.name}: {name}: {error!r}")

    def _noted(self, what: str, error: BaseException) -> None:
        self.trouble.append(f"{self.name}: {what}: {error!r}")


def _is_of_the_pool(task: "asyncio.Task[Any]") -> bool:
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and "sqlalchemy" in code.co_filename


async def _open_ends(database: Database) -> tuple[int, int, int]:
    """(goals that are over, notices still to be delivered, updates still to be handled)."""
    async with database._connections.read_once() as connection:
        found = await connection.exec_driver_sql(
            "SELECT (SELECT count(*) FROM executor_goals WHERE state IN ('completed', 'failed', 'cancelled')),"
            " (SELECT count(*) FROM notices WHERE state NOT IN ('sent', 'dead')),"
            " (SELECT count(*) FROM inbox WHERE state = 'waiting')"
        )
        over, to_send, to_handle = found.one()
        return over, to_send, to_handle
