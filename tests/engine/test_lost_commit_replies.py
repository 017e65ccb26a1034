"""A commit that succeeded and whose answer got lost: whoever asked goes on as if it had failed, and nothing is doubled.
And a program that was stopped longer than its lease lasts, and goes on where it was."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from executor.domain.errors import DataFolderError
from executor.domain.outcome import Result, Waiting
from executor.engine.replies import Accepted
from executor.ports import Context
from tests.builders import ANN, CHAT, chain, draft, spec
from tests.fakes import CrashAt, ManualClock, ScriptedAction
from tests.world import World, world


class LosesReply(CrashAt):
    """The `nth` time that this commit is over, nobody hears of it; the program lives on."""

    def crash(self) -> None:
        raise DataFolderError("The connection was lost.")


async def work(w: World, number: int) -> None:
    """As the loop does: a tick that failed is made again, and a heart beats."""
    for _ in range(12):
        try:
            await w.settle()
            await w.executor.heartbeat.beat()
        except DataFolderError:
            continue
        if (await w.view(number)).goal.final:
            return
        w.clock.advance(30)


@pytest.mark.parametrize("nth", range(1, 6))
async def test_a_tick_whose_commit_is_not_heard_of_is_made_again_without_a_second_run(tmp_path: Path, nth: int) -> None:
    action = ScriptedAction()
    points = LosesReply("storage.tick.after_commit", nth)
    async with world(tmp_path, action, crash_points=points) as w:
        number = await w.start_goal(draft(*chain(3)))
        await work(w, number)
        attempts = await w.executor.attempts(number)

        assert await w.states(number) == {"1.1": "completed", "1.2": "completed", "1.3": "completed"}
        assert action.runs == ["1.1", "1.2", "1.3"]
        assert [str(one.state) for one in attempts].count("succeeded") == 3


@pytest.mark.parametrize("nth", range(1, 4))
async def test_an_outside_effect_is_never_made_twice_by_it(tmp_path: Path, nth: int) -> None:
    action = ScriptedAction(repeatable=False)
    points = LosesReply("storage.tick.after_commit", nth)
    async with world(tmp_path, action, crash_points=points) as w:
        number = await w.start_goal(draft(spec("1")))
        await work(w, number)
        asked = [str(one.kind) for one in await w.executor.open_decisions()]

        assert len(action.runs) <= 1
        assert asked == ([] if action.runs else ["effect"])  # what may have happened is asked about


async def test_a_command_whose_commit_is_not_heard_of_is_repeated_with_the_first_answer(tmp_path: Path) -> None:
    points = LosesReply("storage.command.after_commit")
    async with world(tmp_path, crash_points=points) as w:
        with pytest.raises(DataFolderError):
            await w.executor.set_goal(draft(spec("1")), origin=CHAT, caller=ANN, command_id="one")
        again = await w.executor.set_goal(draft(spec("1")), origin=CHAT, caller=ANN, command_id="one")

        assert isinstance(again, Accepted)
        assert again.goal_number == 1
        assert [goal.number for goal in await w.executor.goals()] == [1]


# ------------------------------------------------------------------------------------------------- a stopped program


class Held(ScriptedAction):
    """Ends when it is let go, and says by whom."""

    def __init__(self, by: str) -> None:
        super().__init__("work")
        self.by = by
        self.go = asyncio.Event()

    async def run(self, parameters: Mapping[str, Any], context: Context) -> Result | Waiting:
        self.runs.append(context.task_ref)
        await self.go.wait()
        return Result(success=True, result=self.by, output=self.by)


async def test_what_a_stopped_program_brings_after_its_lease_is_fenced_off(tmp_path: Path) -> None:
    clock, slow, quick = ManualClock(), Held("the stopped one"), Held("the new one")
    quick.go.set()
    async with world(tmp_path, slow, clock=clock, executor_id="stopped") as stopped:
        number = await stopped.start_goal(draft(spec("1")))
        await stopped.executor.tick()
        while not slow.runs:
            await asyncio.sleep(0)
        clock.advance(61)  # as SIGSTOP: nobody renews its lease, and it knows nothing of that
        async with world(tmp_path, quick, clock=clock, executor_id="new") as new:
            await new.settle()
        slow.go.set()
        await stopped.settle()
        attempts = await stopped.executor.attempts(number)

        assert (slow.runs, quick.runs) == (["1.1"], ["1.1"])
        assert [(one.number, one.executor_id, str(one.state)) for one in attempts] == [
            (1, "stopped", "interrupted"),
            (2, "new", "succeeded"),
        ]
        assert (await stopped.database.outputs(number, ["1"]))["1"] == "the new one"


async def test_a_program_that_finds_its_lease_taken_stops_what_it_runs(tmp_path: Path) -> None:
    clock, slow, other = ManualClock(), Held("the stopped one"), Held("the new one")
    async with world(tmp_path, slow, clock=clock, executor_id="stopped") as stopped:
        await stopped.start_goal(draft(spec("1")))
        await stopped.executor.tick()
        while not slow.runs:
            await asyncio.sleep(0)
        clock.advance(61)
        async with world(tmp_path, other, clock=clock, executor_id="new") as new:
            await new.executor.tick()
            before = stopped.workers.held()
            await stopped.executor.heartbeat.beat()
            while stopped.workers.held():
                await asyncio.sleep(0)

    assert before == [("1.1", 1)]
