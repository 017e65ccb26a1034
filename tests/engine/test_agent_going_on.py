"""An agent is interrupted, and goes on at the turn where it was."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from executor.actions.agent import Agent
from executor.actions.launcher import PlainLauncher
from executor.actions.wait import Wait
from executor.domain.decision import DecisionKind
from executor.domain.goal import GoalState
from executor.domain.outcome import Result, Waiting
from executor.domain.stop import Stop
from executor.domain.task import TaskState
from executor.ports import Acting, BrainFailed, Context, Failure
from tests.builders import ANN, command
from tests.engine.agents import HeldBrake, agent, asked, echo, kinds, press, registry, start
from tests.fakes import START, CrashAt, Crashed, ScriptedAction, ScriptedActions
from tests.minds import ScriptedMind, call, done
from tests.world import world


@pytest.mark.parametrize("point", ["attempt.before_action", "attempt.after_action", "storage.turn.before_commit"])
async def test_a_crash_in_the_middle_goes_on_at_that_turn(point: str, tmp_path: Path) -> None:
    work = ScriptedAction("work", echo)
    script = {1: call(say="one"), 2: call(say="two"), 3: call(say="three")}

    def says(acting: Acting) -> Any:
        return script.get(acting.turn) or done()

    with pytest.raises((Crashed, RuntimeError)):
        async with world(
            tmp_path, registry=registry(work), mind=ScriptedMind(says), crash_points=CrashAt(point, 2)
        ) as w:
            await start(w, agent(command("true")))
    async with world(tmp_path, registry=registry(work), mind=ScriptedMind(says), executor_id="next") as w:
        await w.settle()
        view, turns = await w.view(1), await w.executor.turns(1)

    assert (view.goal.state, [turn.parameters.get("say") for turn in turns]) == (
        GoalState.COMPLETED,
        ["one", "two", "three", None],
    )
    assert all(turn.succeeded for turn in turns)


async def test_its_turns_are_limited_and_retry_gives_new_ones(tmp_path: Path) -> None:
    mind = ScriptedMind(lambda acting: call(say=f"{len(acting.turns)}"))
    work = ScriptedAction("work", echo)
    async with world(tmp_path, registry=registry(work), mind=mind) as w:
        await start(w, agent(command("true"), turns_max=2))
        first = await asked(w)
        await press(w, "retry")
        turns = await kinds(w, 1)

    assert first.question.startswith("Build it: It used its 2 turns and was not done; the last one: work")
    assert [kind for kind, _, _ in turns] == ["call", "call", "finish", "call", "call", "finish"]


async def test_an_outage_of_the_model_waits_and_a_limit_asks(tmp_path: Path) -> None:
    mind = ScriptedMind(
        [
            call(),
            BrainFailed(Failure.SERVER, "The model is down."),
            BrainFailed(Failure.CYCLES, "The 50 reasoning cycles of this goal are used up.", limit="cycles"),
            call(),
            done(),
        ]
    )
    async with world(tmp_path, registry=registry(), mind=mind) as w:
        number = await start(w, agent(command("true")))
        waits = (await w.view(number)).tasks[0]
        w.clock.advance(31)
        await w.settle()
        decision = await asked(w)
        await press(w, "+50")
        view = await w.view(number)

    assert (waits.state, waits.failures, waits.summary) == (
        TaskState.QUEUED,
        0,
        "The model is down. I ask again by myself.",
    )
    assert (decision.kind, view.goal.state, len(await_turns := mind.asked[-1].turns)) == (
        DecisionKind.CYCLES,
        GoalState.COMPLETED,
        2,
    )
    assert all(turn.succeeded for turn in await_turns)


async def test_a_pause_ends_it_between_two_turns_and_resume_goes_on(tmp_path: Path) -> None:
    mind = ScriptedMind([call(say="one"), call(say="two"), done()])
    paused: list[str] = []

    def work(parameters: Mapping[str, Any], context: Context) -> Result:
        return Result(success=True, output=str(parameters["say"]))

    class Pausing(ScriptedAction):
        async def run(self, parameters: Mapping[str, Any], context: Context) -> Result | Waiting:
            if not paused:
                paused.append("now")
                await w.executor.pause(1, caller=ANN, command_id="pause")
            return await super().run(parameters, context)

    async with world(tmp_path, registry=registry(Pausing("work", work)), mind=mind) as w:
        number = await start(w, agent(command("true")))
        between = await w.view(number)
        await w.executor.resume(number, caller=ANN, command_id="resume")
        await w.settle()
        view, turns = await w.view(number), await w.executor.turns(number)

    assert (between.goal.state, between.tasks[0].state) == (GoalState.PAUSED, TaskState.QUEUED)
    assert view.goal.state is GoalState.COMPLETED
    assert [turn.parameters.get("say") for turn in turns] == ["one", "two", None]


async def test_a_stop_ends_the_turn_and_it_goes_on_when_it_is_lifted(tmp_path: Path) -> None:
    """What was killed by the STOP is not the call's own failure."""

    class Braking(ScriptedAction):
        async def run(self, parameters: Mapping[str, Any], context: Context) -> Result | Waiting:
            if not self.runs:
                brake.stop = Stop(by="Ann", at=w.clock.now())
                self.runs.append("killed")
                return Result(success=False, error="Killed", metadata={"exit_code": 137})
            return await super().run(parameters, context)

    brake = HeldBrake()
    mind = ScriptedMind(lambda acting: done() if acting.turns else call(say="one"))
    work = Braking("work", echo)
    async with world(tmp_path, registry=registry(work), mind=mind, brake=brake) as w:
        await start(w, agent(command("true")))
        during = (await w.view(1)).tasks[0]
        brake.stop = None
        await w.settle()
        view, turns = await w.view(1), await kinds(w, 1)

    assert during.state is TaskState.QUEUED
    assert (view.goal.state, [kind for kind, _, _ in turns], work.runs) == (
        GoalState.COMPLETED,
        ["call", "finish"],
        ["killed", "1.1"],
    )


async def test_a_wait_within_holds_no_slot_and_counts_from_its_own_beginning(tmp_path: Path) -> None:
    waits = Wait(PlainLauncher(), START.tzinfo)
    actions = ScriptedActions(ScriptedAction(), waits, Agent(["work", "wait"]))
    mind = ScriptedMind([call(), call("wait", seconds=100), call(), call("wait", seconds=100), done()])
    async with world(tmp_path, registry=actions, mind=mind) as w:
        number = await start(w, agent(command("true")))
        first, held = (await w.view(number)).tasks[0], w.workers.held()
        w.clock.advance(100)
        await w.settle()
        second = (await w.view(number)).tasks[0]
        w.clock.advance(100)
        await w.settle()
        view = await w.view(number)

    assert (first.state, second.state, held) == (TaskState.QUEUED, TaskState.QUEUED, [])
    assert (view.goal.state, len(mind.asked)) == (GoalState.COMPLETED, 5)
