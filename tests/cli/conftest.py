"""A scripted engine behind the real control socket, and `milepost` as a real process."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.control.body import GoalBodies, Readers
from bot.control.commands import ShellCommands
from bot.control.server import ControlServer
from bot.folder import hold
from executor.domain.attempt import Attempt, AttemptState
from executor.domain.decision import OPTIONS, Decision, DecisionKind, DecisionState
from executor.domain.errors import WrongInput
from executor.domain.event import Event
from executor.domain.goal import Goal, GoalState, Origin
from executor.domain.milestone import milestones_of
from executor.domain.plan import Criterion, GoalDraft, TaskSpec
from executor.domain.task import Task, TaskState
from executor.domain.turn import Turn
from executor.engine.replies import Accepted, Caller, Refused, Reply
from executor.engine.why import Around, Why, explain
from executor.ports import GoalView

AT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
CHAT = 77


@dataclass
class ScriptedEngine:
    """Keeps goals in memory and does what the test tells it to; every command is noted as it arrived."""

    views: dict[int, GoalView] = field(default_factory=dict)
    decisions: dict[int, Decision] = field(default_factory=dict)
    commands: list[tuple[Any, ...]] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    drafts: list[GoalDraft] = field(default_factory=list)
    trail: dict[int, list[Attempt]] = field(default_factory=dict)
    replies: dict[str, Reply] = field(default_factory=dict)
    planned: GoalState = GoalState.AWAITING_START

    async def set_goal(self, draft: GoalDraft, *, origin: Origin, caller: Caller, command_id: str) -> Reply:
        if command_id in self.replies:
            return self.replies[command_id]
        number = len(self.views) + 1
        self.commands.append(("set_goal", draft.title, caller))
        self.drafts.append(draft)
        self.origins.append(origin)
        self.add(number, draft.title, self.planned)
        self.replies[command_id] = Accepted(sentence=f"Goal {number}: {draft.title}", goal_number=number)
        return self.replies[command_id]

    async def replace_draft(self, goal_number: int, draft: GoalDraft, *, caller: Caller, command_id: str) -> Reply:
        self.commands.append(("replace_draft", goal_number, draft.title))
        return Accepted(sentence=f"Goal {goal_number} has a new text.", goal_number=goal_number)

    async def answer(
        self,
        decision_number: int,
        *,
        option: str | None,
        text: str | None,
        revision: int | None,
        caller: Caller,
        command_id: str,
    ) -> Reply:
        self.commands.append(("answer", decision_number, option, text))
        decision = self.decisions[decision_number]
        if decision.state is DecisionState.ANSWERED:
            return Refused(code="already_decided", sentence=f"Question {decision_number} was already decided by Ann.")
        if option == "explode":
            raise RuntimeError("a bug")
        return Accepted(sentence=f"Decided: {option}.", decision_number=decision_number)

    async def view(self, goal_number: int) -> GoalView | None:
        return self.views.get(goal_number)

    async def goals(self, *, open_only: bool) -> list[Goal]:
        found = [view.goal for view in self.views.values()]
        return [goal for goal in reversed(found) if not (open_only and goal.final)]

    async def why(self, goal_number: int, *, task_ref: str | None = None, zone: tzinfo = UTC) -> Why | None:
        view = self.views[goal_number]
        if task_ref is not None and task_ref not in {task.ref for task in view.tasks}:
            return None
        return explain(view, Around(now=AT, zone=zone, ticked_at=AT, limit_usd=Decimal(1)), task_ref)

    async def attempts(self, goal_number: int, task_ref: str | None = None) -> list[Attempt]:
        return [one for one in self.trail.get(goal_number, []) if task_ref in (None, one.task_ref)]

    async def turns(self, goal_number: int, task_ref: str | None = None) -> list[Turn]:
        return []

    async def events(self, goal_number: int) -> list[Event]:
        return [Event(name="goal.created", goal_number=goal_number, at=AT)]

    async def decision(self, number: int) -> Decision | None:
        return self.decisions.get(number)

    async def system(self) -> list[str]:
        return ["1 goal in progress"]

    # ------------------------------------------------------------------------------------------- for the tests

    def add(self, number: int, title: str = "Pack", state: GoalState = GoalState.IN_PROGRESS) -> None:
        goal = Goal(number=number, title=title, state=state, created_at=AT, updated_at=AT)
        view = GoalView(goal=goal, plan=None, tasks=(), decisions=(), blockages=(), milestones=milestones_of(number))
        self.views[number] = view
        if state is GoalState.AWAITING_START:
            self.ask(
                Decision(number=40 + number, goal_number=number, task_ref=None, kind=DecisionKind.START, opened_at=AT)
            )

    def move(self, number: int, state: GoalState, reason: str = "") -> None:
        view = self.views[number]
        self.views[number] = replace(view, goal=replace(view.goal, state=state, reason=reason), decisions=())

    def ask(self, decision: Decision) -> None:
        asked = replace(decision, options=decision.options or OPTIONS.get(decision.kind, ()))
        self.decisions[asked.number] = asked
        view = self.views[asked.goal_number]
        self.views[asked.goal_number] = replace(view, decisions=(*view.decisions, asked))

    def work(self, number: int, *states: TaskState) -> None:
        """Give the goal a shell task in each of these states."""
        tasks = tuple(
            Task(
                ref=f"{number}.{position}",
                goal_number=number,
                position=position,
                spec=TaskSpec(key=str(position), title=f"Step {position}", action="shell"),
                state=state,
                created_at=AT,
            )
            for position, state in enumerate(states, start=1)
        )
        self.views[number] = replace(self.views[number], tasks=tasks)

    def tried(self, ref: str, *, output: str, exit_code: int, stderr: str = "") -> None:
        number = int(ref.split(".")[0])
        attempt = Attempt(
            task_ref=ref,
            number=1,
            goal_number=number,
            state=AttemptState.SUCCEEDED if exit_code == 0 else AttemptState.FAILED,
            executor_id="here",
            lease_until=AT,
            command="make all",
            exit_code=exit_code,
            result={
                "success": exit_code == 0,
                "result": "",
                "output": output,
                "error": None,
                "metadata": {"stderr": stderr},
            },
            started_at=AT,
            finished_at=AT,
        )
        self.trail.setdefault(number, []).append(attempt)


def read_goal(text: str) -> GoalDraft:
    """As much of contract section 4 as these tests need."""
    first, *lines = text.strip().splitlines() or [""]
    if not first:
        raise WrongInput("A goal needs a first line that says what you want.")
    return GoalDraft(
        title=first,
        criteria=tuple(Criterion(text=line[2:]) for line in lines if line.startswith("- ")),
        tasks=tuple(
            TaskSpec(key=found[1], title=found[2], action="manual")
            for line in lines
            if (found := re.fullmatch(r"(\d+)\. (.*)", line))
        ),
    )


def read_task(raw: object) -> tuple[TaskSpec, list[str]]:
    if not isinstance(raw, dict) or "key" not in raw:
        raise WrongInput("key is missing.")
    return TaskSpec(key=raw["key"], title=raw["title"], action=raw["action"]), []


def read_criterion(raw: object) -> tuple[Criterion, list[str]]:
    assert isinstance(raw, dict)
    return Criterion(text=raw["text"]), [f"dropped: {name}" for name in raw if name != "text"]


def bodies() -> GoalBodies:
    readers = Readers(read_goal, read_task, read_criterion, lambda text: text.replace("\0", ""))
    return GoalBodies(readers, ZoneInfo("Europe/Berlin"))


async def schema() -> str:
    return "0001"


def commands(engine: ScriptedEngine) -> ShellCommands:
    return ShellCommands(engine, read_goal, bodies(), schema, chat_id=CHAT)


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


Milepost = Callable[..., Coroutine[Any, Any, Ended]]


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def milepost(folder: Path, tmp_path: Path) -> Milepost:
    """`await milepost("goals", input="…", env={…})`: a real process in an empty folder, on the test's data folder."""

    async def run(*arguments: str, input: str | bytes = b"", env: dict[str, str] | None = None) -> Ended:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot.cli",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=tmp_path,
            env=environment(folder, tmp_path) | (env or {}),
        )
        out, err = await process.communicate(input.encode() if isinstance(input, str) else input)
        assert process.returncode is not None
        return Ended(process.returncode, out.decode(), err.decode())

    return run


def environment(folder: Path, home: Path) -> dict[str, str]:
    project = Path(__file__).parents[2]
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(project),
        "PYTHONWARNINGS": "error",
        "MILEPOST_DATA_DIR": str(folder),
    }


@pytest.fixture
async def running(engine: ScriptedEngine, folder: Path) -> AsyncIterator[ScriptedEngine]:
    """A Milepost that runs on the data folder: its lock, its socket, the scripted engine."""
    with hold(folder):
        server = ControlServer(folder, commands(engine))
        await server.start()
        yield engine
        await server.stop()
