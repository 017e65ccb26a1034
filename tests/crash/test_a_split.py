"""Crashes around a task that is split by hand: its parts are there once, each is done once, and the whole ends."""

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

POINTS = sorted(crash_point_names([label for label in LABELS if label in ("command", "tick")]))


def _begin(world: Outside) -> None:
    world.presses = ("Start",)
    parts = "/task 1.1\n1. Open: `ok`\n2. Close: `ok`"
    world.on_text["This one is for you"] = lambda message_id: world._said(world.chat.say(parts))
    world.say("/goal A letter\n1. Write it\n2. Sing: `ok`")


SCENARIO = Scenario(name="split", plan=Plan(goals=1), begin=_begin)


async def _ended(folder: Path) -> dict[str, TaskState]:
    database = await Database.open(folder, SystemClock(), migrated=False)
    try:
        view = await database.view(1)
        assert view is not None
        return {task.ref: task.state for task in view.tasks}
    finally:
        await database.close()


@pytest.mark.parametrize("point", POINTS)
def test_a_task_is_split_once_wherever_it_crashes(point: str, tmp_path: Path) -> None:
    for nth in (1, 2, 3):
        folder = tmp_path / str(nth)
        with outside(folder / "chat") as world:
            told = tell(SCENARIO, folder, world, point, nth)

        assert told.wrong == []
        assert asyncio.run(_ended(folder / "data")) == dict.fromkeys(
            ("1.1", "1.1.1", "1.1.2", "1.2"), TaskState.COMPLETED
        )
