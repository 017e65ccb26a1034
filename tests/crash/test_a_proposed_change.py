"""Crashes around a change of the plan that waits for a person: it is asked once, and happens once."""

import asyncio
from pathlib import Path

import pytest

from bot.real import SystemClock
from executor.domain.task import TaskState
from executor.engine.labels import LABELS
from storage.store import Database, crash_point_names
from tests.crash.life import Plan
from tests.crash.outside import Outside, outside
from tests.crash.scenarios import Scenario, tell

pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")

LETTER = "/goal Send a letter\n1. Write it\n2. Post it after 1\n3. Sing: `ok`"
POINTS = sorted(crash_point_names([label for label in LABELS if label in ("command", "tick")]))


def _begin(world: Outside) -> None:
    """The person skips what the letter was for, and agrees to leave the rest of it out."""
    world.presses = ("Start", "Accept")
    world.on_text["👤 1.1 Write it"] = lambda message_id: world._said(world.chat.say("/skip 1.2"))
    world.say(LETTER)


SCENARIO = Scenario(name="letter", plan=Plan(goals=1), begin=_begin)


async def _ended(folder: Path) -> tuple[int, dict[str, TaskState]]:
    database = await Database.open(folder, SystemClock(), migrated=False)
    try:
        view = await database.view(1)
        assert view is not None
        return view.goal.plan_version, {task.ref: task.state for task in view.tasks}
    finally:
        await database.close()


@pytest.mark.parametrize("point", POINTS)
def test_a_change_is_asked_for_and_made_once_wherever_it_crashes(point: str, tmp_path: Path) -> None:
    for nth in (1, 2, 3):
        folder = tmp_path / str(nth)
        with outside(folder / "chat") as world:
            told = tell(SCENARIO, folder, world, point, nth)

        assert told.wrong == []
        assert asyncio.run(_ended(folder / "data")) == (
            2,
            {"1.1": TaskState.CANCELLED, "1.2": TaskState.SKIPPED, "1.3": TaskState.COMPLETED},
        )
