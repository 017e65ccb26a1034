"""Crashes while a gate says no, while it is mended, and while a completed goal is taken up again."""

import asyncio
from pathlib import Path

import pytest

from executor.domain.gate import Gates
from executor.domain.goal import GoalState
from executor.engine.replies import Accepted, Caller
from executor.engine.service import Executor
from tests.crash.life import Plan
from tests.crash.outside import Outside, outside
from tests.crash.scenarios import Scenario, tell

GOAL = """/goal Build it
- It is there: `there`
- Ann agrees
1. Write: `ok`"""
FEEDBACK = "Please add 2FA support"
POINTS = (
    "storage.tick.before_commit",
    "storage.tick.after_commit",
    "storage.command.before_commit",
    "storage.command.after_commit",
    "attempt.after_action",
    "courier.after_send",
)

pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")


async def _rework(executor: Executor, world: Outside) -> None:
    """As a script would: asked for again under the same id until it was acknowledged."""
    caller = Caller(person_id=world.chat.operator_id, name="Ann", via="shell")
    while True:
        view = await executor.view(1)
        if view is not None and (view.goal.state is GoalState.COMPLETED or view.goal.reworks):
            reply = await executor.rework(1, feedback=FEEDBACK, caller=caller, command_id="rework")
            assert isinstance(reply, Accepted), reply
            assert world.replies.setdefault("rework", reply.sentence) == reply.sentence
            return
        await asyncio.sleep(0.005)


def _begin(world: Outside) -> None:
    world.say(GOAL)


SCENARIO = Scenario(
    name="gates",
    plan=Plan(goals=1, script=_rework, gates=Gates(tests="flaky", security="scan")),
    begin=_begin,
)


@pytest.mark.parametrize("nth", [3, 6])
@pytest.mark.parametrize("point", POINTS)
def test_a_crash_there_loses_nothing_and_doubles_nothing(point: str, nth: int, tmp_path: Path) -> None:
    with outside(tmp_path / "chat") as world:
        told = tell(SCENARIO, tmp_path, world, point, nth)

    assert (told.wrong, told.crashed) == ([], True)
