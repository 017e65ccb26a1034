"""Three ways to meet a scenario: Milepost's engine, the commands run once, each command tried blindly three times."""

import asyncio
import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.engine import ANN, CHAT, Engine, open_engine
from benchmarks.recovery.outside import Outside, outside
from benchmarks.recovery.scenarios import Scenario, Step
from executor.domain.goal import GoalState
from executor.domain.plan import Check, CheckKind, GoalDraft, TaskSpec
from executor.domain.task import TaskState
from executor.engine.replies import Accepted
from executor.ports import GoalView

_JUMP_S = 30.0
_JUMPS_MAX = 30  # of time, before a goal that neither ends nor asks counts as stuck
_COMMAND_S = 20.0
_EVERY_S = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """How it ended. `claims`: it is said to be done; `true`: it is. `asked`: options of the question that was left."""

    claims: bool
    true: bool
    asked: frozenset[str] = frozenset()
    attempts: int = 0  # at the step that failed for good, or at all of them

    @property
    def false_success(self) -> bool:
        return self.claims and not self.true


class JumpingClock:
    """Stands still until somebody lets time pass, so that pauses cost nothing."""

    def __init__(self) -> None:
        self._passed = 0.0

    def now(self) -> datetime:
        return datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return self._passed

    async def sleep(self, seconds: float) -> None:
        until = self._passed + seconds
        while self._passed < until:  # noqa: ASYNC110 - time moves in jumps, and nobody tells
            await asyncio.sleep(_EVERY_S)

    def jump(self) -> None:
        self._passed += _JUMP_S


def _filled(text: str, place: Outside) -> str:
    for name, value in (("{url}", place.url), ("{host}", place.host), ("{port}", str(place.port))):
        text = text.replace(name, value)
    return text


def _prepare(scenario: Scenario, place: Outside) -> None:
    for name, text in scenario.files.items():
        (place.folder / name).write_text(text, encoding="utf-8")
    if scenario.plant is not None:
        scenario.plant(place)


def _holds(command: str, folder: Path) -> bool:
    return _exit_code(command, folder) == 0


def _exit_code(command: str, folder: Path, limit_s: float = _COMMAND_S) -> int:
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder)}
    try:
        done = subprocess.run(
            ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired:
        return 124
    return done.returncode


# ------------------------------------------------------------------------------------------------------- the baselines


def blindly(scenario: Scenario, folder: Path, *, times: int) -> Met:
    """Each command up to so many times, believing its exit code; time passes in between."""
    folder.mkdir(parents=True)
    with outside(folder) as place:
        _prepare(scenario, place)
        tried = 0
        for step in scenario.steps:
            command = _filled(step.command, place) or f"curl -fsS {_filled(step.get, place)}"
            for tried in range(1, times + 1):  # noqa: B007 - how often, for the report
                if (code := _exit_code(command, folder, step.timeout_s or _COMMAND_S)) == 0:
                    break
                place.passed()
            if code != 0:
                return Met(claims=False, true=False, attempts=tried)
        return Met(claims=True, true=_holds(scenario.truth, folder), attempts=tried)


# ---------------------------------------------------------------------------------------------------------- the engine


def _spec(step: Step, number: int, place: Outside) -> TaskSpec:
    after = ((number - 1,) if number > 1 else ()) if step.after is None else step.after
    parameters: dict[str, object] = {"command": _filled(step.command, place)}
    if step.get:
        parameters = {"method": "GET", "url": _filled(step.get, place)}
    if step.timeout_s is not None:
        parameters["timeout_s"] = step.timeout_s
    return TaskSpec(
        key=str(number),
        title=f"Step {number}",
        action="http" if step.get else "shell",
        parameters=parameters,
        depends_on=tuple(map(str, after)),
        check=Check(kind=CheckKind.COMMAND, command=step.check) if step.check else None,
    )


async def by_milepost(scenario: Scenario, folder: Path) -> Met:
    clock = JumpingClock()
    workspace = folder / "workspaces" / "1"
    workspace.mkdir(parents=True)
    with outside(workspace) as place:
        _prepare(scenario, place)
        async with open_engine(folder, autonomy="plan", clock=clock, real=True, allow=[place.host]) as engine:
            tasks = tuple(_spec(step, number, place) for number, step in enumerate(scenario.steps, start=1))
            draft = GoalDraft(title=scenario.name, tasks=tasks)
            reply = await engine.executor.set_goal(draft, origin=CHAT, caller=ANN, command_id="set")
            assert isinstance(reply, Accepted), reply
            await engine.executor.start(1, caller=ANN, command_id="start")
            view = await _until_it_ends_or_asks(engine, clock, place)
            attempts = await engine.executor.attempts(1)
        claims = view.goal.state is GoalState.COMPLETED
        true = await asyncio.to_thread(_holds, scenario.truth, workspace) if claims else False
        asked = frozenset(option.name for decision in view.decisions for option in decision.options)
        stuck = {task.ref for task in view.tasks if task.state is TaskState.BLOCKED}
        counted = [one for one in attempts if claims or one.task_ref in stuck]
        return Met(claims=claims, true=true, asked=asked, attempts=len(counted))


async def _until_it_ends_or_asks(engine: Engine, clock: JumpingClock, place: Outside) -> GoalView:
    view = None
    for _ in range(_JUMPS_MAX):
        while await engine.executor.tick() or engine.workers.held() or engine.executor.watching.looking:  # noqa: ASYNC110
            await asyncio.sleep(_EVERY_S)
        view = await engine.executor.view(1)
        assert view is not None
        if view.goal.final or view.goal.state is GoalState.BLOCKED:
            return view
        clock.jump()
        place.passed()
    assert view is not None
    return view
