"""STOP in the engine: nothing begins, what runs is ended, and it goes on as if nothing had been."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.brake import FileBrake
from executor.actions.checks import Looks
from executor.actions.http import Http
from executor.actions.launcher import Braked, Launch, PlainLauncher
from executor.actions.registry import Registry
from executor.actions.standard import standard_actions
from executor.domain.attempt import AttemptState
from executor.domain.goal import GoalState
from executor.domain.outcome import Result
from executor.domain.plan import TaskSpec
from executor.domain.stop import Stop, Stopped
from executor.domain.task import TaskState
from tests.builders import chain, draft, spec
from tests.fakes import START, ManualClock, ScriptedAction
from tests.world import World, world

STOP = Stop(by="Ann", at=START)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def brake(tmp_path: Path, clock: ManualClock) -> FileBrake:
    return FileBrake(tmp_path, clock.now)


def hands(brake: FileBrake) -> dict[str, Any]:
    """Real actions, and the same brake everywhere."""
    launcher = Braked(PlainLauncher(), brake)
    registry = Registry(standard_actions(launcher, START.tzinfo, (), None, brake))
    return {"registry": registry, "checks": Looks(launcher, Http((), brake)), "brake": brake}


def sleeper(**more: object) -> TaskSpec:
    """Says that it runs, then waits for longer than any test."""
    return TaskSpec(
        key="1",
        title="Wait",
        action="shell",
        parameters={"command": "echo on >> begun; test -e go || exec sleep 600", **more},
    )


async def running(w: World, folder: Path) -> None:
    """Until the command has begun."""
    while not (folder / "workspaces/1/begun").exists():
        await w.executor.tick()
        await w.idle()


async def ended(w: World) -> None:
    while True:
        ran = bool(w.workers.held())
        if not await w.executor.tick() and not ran and not w.workers.held():
            return
        await w.idle()


async def test_nothing_begins_while_everything_is_stopped(tmp_path: Path, brake: FileBrake, clock: ManualClock) -> None:
    work = ScriptedAction()
    async with world(tmp_path, work, brake=brake, clock=clock) as w:
        number = await w.start_goal(draft(*chain(2)))
        brake.set("Ann")

        await w.settle()

        assert work.runs == []
        assert await w.states(number) == {"1.1": "queued", "1.2": "pending"}
        assert (await w.view(number)).goal.state is GoalState.IN_PROGRESS


async def test_lifted_it_goes_on_where_it_was(tmp_path: Path, brake: FileBrake, clock: ManualClock) -> None:
    work = ScriptedAction()
    async with world(tmp_path, work, brake=brake, clock=clock) as w:
        number = await w.start_goal(draft(*chain(2)))
        brake.set("Ann")
        await w.settle()
        brake.lift("Bob")

        await w.settle()

        assert work.runs == ["1.1", "1.2"]
        assert (await w.view(number)).goal.state is GoalState.COMPLETED


async def test_it_holds_over_a_restart(tmp_path: Path, brake: FileBrake, clock: ManualClock) -> None:
    async with world(tmp_path, ScriptedAction(), brake=brake, clock=clock) as w:
        await w.start_goal(draft(*chain(1)))
        brake.set("Ann")
    work = ScriptedAction()
    async with world(tmp_path, work, brake=FileBrake(tmp_path, clock.now), clock=clock) as w:
        await w.settle()

        assert work.runs == []


async def test_what_runs_is_ended_and_runs_again_without_costing_an_attempt(
    tmp_path: Path, brake: FileBrake, clock: ManualClock
) -> None:
    async with world(tmp_path, clock=clock, **hands(brake)) as w:
        number = await w.start_goal(draft(sleeper()))
        await running(w, tmp_path)
        brake.set("Ann")
        await ended(w)

        [task] = (await w.view(number)).tasks
        assert (task.state, task.failures, task.summary) == (TaskState.QUEUED, 0, "Stopped by Ann")
        [attempt] = await w.executor.attempts(number)
        assert (attempt.state, attempt.evidence) == (AttemptState.INTERRUPTED, "Stopped by Ann")

        (tmp_path / "workspaces/1/go").touch()
        brake.lift("Ann")
        await ended(w)
        assert (await w.view(number)).goal.state is GoalState.COMPLETED


async def test_a_command_killed_from_outside_while_stopped_has_not_failed(
    tmp_path: Path, brake: FileBrake, clock: ManualClock
) -> None:
    def killed(parameters: object, context: object) -> Result:
        brake.set("Ann")  # the shell writes the file first, and kills then
        return Result(success=False, error="killed by signal 9", metadata={"exit_code": -9})

    async with world(tmp_path, ScriptedAction("work", killed), brake=brake, clock=clock) as w:
        number = await w.start_goal(draft(*chain(1)))
        await w.settle()

        [task] = (await w.view(number)).tasks
        assert (task.state, task.failures) == (TaskState.QUEUED, 0)


async def test_an_effect_that_was_under_way_is_unknown(tmp_path: Path, brake: FileBrake, clock: ManualClock) -> None:
    async with world(tmp_path, clock=clock, **hands(brake)) as w:
        number = await w.start_goal(draft(sleeper(repeatable=False)))
        await running(w, tmp_path)
        brake.set("Ann")
        await ended(w)

        [decision] = (await w.view(number)).decisions
        assert [option.label for option in decision.options] == ["It happened", "It did not", "Check"]
        assert decision.facts["note"] == "Stopped by Ann"


async def test_the_chat_hears_of_it_once_and_of_its_end_once(
    tmp_path: Path, brake: FileBrake, clock: ManualClock
) -> None:
    async with world(tmp_path, brake=brake, clock=clock) as w:
        for name in ("one", "two"):
            await w.start_goal(draft(spec("1", action="work", depends_on=()), title=name))
            brake.set("Ann")
        for _ in range(3):
            await w.settle()
        brake.lift("Bob")
        for _ in range(3):
            await w.settle()

        told = [n.facts["text"] for n in await w.notices() if n.kind == "text"]
        assert told == [
            "⛔ Ann has stopped everything. Nothing new begins, and what ran was ended. /resume goes on.",
            "▶️ Bob has lifted the STOP. Everything goes on.",
        ]


async def test_why_says_who_stopped_it_and_since_when(tmp_path: Path, brake: FileBrake, clock: ManualClock) -> None:
    async with world(tmp_path, brake=brake, clock=clock) as w:
        number = await w.start_goal(draft(*chain(2)))
        brake.set("Ann")
        await w.settle()

        why = await w.executor.why(number)
        assert why is not None
        assert why.lines[:2] == (
            f"Goal {number} is stopped, 10 %.",
            "1.1 Step 1: stopped by Ann at 09:00; /resume goes on.",
        )
        assert "Next: nothing before a person lifts the STOP: /resume." in why.lines
        assert "Everything is stopped by Ann at 09:00; /resume goes on." in why.lines
        assert (await w.executor.system())[0] == "Everything has been stopped by Ann for 0 s; /resume goes on."


def test_no_launcher_starts_anything(tmp_path: Path, brake: FileBrake) -> None:
    class Never:
        def launch(self, launch: Launch) -> None:
            raise AssertionError("it was started")

    brake.set("Ann")
    launch = Launch(arguments=["true"], workspace=tmp_path, environment={}, stdin=0, stdout=1, stderr=2)

    with pytest.raises(Stopped, match="Stopped by Ann"):
        Braked(Never(), brake).launch(launch)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------------- the file


def test_who_stopped_first_is_remembered(brake: FileBrake) -> None:
    assert brake.set("Ann") == (STOP, True)
    assert brake.set("Bob") == (STOP, False)
    assert brake.held() == STOP


def test_another_process_sees_it(tmp_path: Path, brake: FileBrake, clock: ManualClock) -> None:
    other = FileBrake(tmp_path, clock.now)
    brake.set("Ann")

    assert other.held() == STOP
    assert other.lift("Bob") == STOP
    assert brake.held() is None
    assert brake.lifted() == replace(STOP, lifted_by="Bob")


def test_a_command_that_comes_again_ends_what_it_ended_and_nothing_else(brake: FileBrake) -> None:
    brake.set("Ann", command_id="tg:1")
    ended = brake.lift("Bob", command_id="tg:2")
    brake.told()

    again = brake.lift("Bob", command_id="tg:2")

    assert ended is not None
    assert again is not None
    assert (ended.by, again.by, again.lifted_by) == ("Ann", "Ann", "Bob")
    assert brake.lifted() is None, "everybody has heard of it"
    brake.set("Cid", command_id="tg:3")
    assert brake.lift("Bob", command_id="tg:2") == replace(again, told=True)
    assert brake.held() is not None, "another STOP is not what that command ended"


def test_a_command_that_comes_again_after_its_stop_was_lifted_stops_nothing(brake: FileBrake) -> None:
    brake.set("Ann", command_id="tg:1")
    brake.lift("Bob", command_id="tg:2")

    over, began = brake.set("Ann", command_id="tg:1")

    assert (over.lifted_by, began) == ("Bob", False)
    assert brake.held() is None
    assert brake.set("Ann", command_id="tg:4")[1], "another command is another STOP"


def test_lifting_without_a_command_is_never_taken_for_one_that_came_before(brake: FileBrake) -> None:
    brake.set("Ann")
    brake.lift("Bob")

    assert brake.lift("Bob") is None
    assert brake.set("Ann")[1]


@pytest.mark.parametrize(
    "content",
    ["", "{}", "no json", '{"by": "", "at": "x"}', "[1]", '{"at": 1, "by": 2}', pytest.param("[" * 4096, id="deep")],
)
def test_a_file_made_by_hand_counts_whatever_stands_in_it(tmp_path: Path, brake: FileBrake, content: str) -> None:
    (tmp_path / "STOP").write_text(content)

    held = brake.held()

    assert held is not None
    assert held.by == "somebody"


def test_a_folder_that_takes_no_file_stops_this_process_at_least(tmp_path: Path, clock: ManualClock) -> None:
    brake = FileBrake(tmp_path / "gone", clock.now)

    with pytest.raises(OSError, match="No such file"):
        brake.set("Ann")

    assert brake.held() == STOP
    assert brake.lift("Ann") == STOP
    assert brake.held() is None
