"""The loop goes on whatever breaks: one task, one goal, one tick or the whole database."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from executor.domain.goal import GoalState
from executor.domain.limits import Limits
from executor.domain.outcome import Waiting
from tests.builders import ANN, draft, spec
from tests.engine.unclear import OK, attempts
from tests.fakes import CrashAt, ManualClock, ScriptedAction, ScriptedActions
from tests.world import world


async def test_a_task_whose_action_is_gone_holds_up_nobody_else(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        number = await w.start_goal(draft(spec("1", action="gone", attempts_max=1), spec("2")))

        await w.settle()

        assert await w.states(number) == {"1.1": "blocked", "1.2": "completed"}


async def test_goals_that_a_bug_breaks_take_nobody_elses_turn_and_wait_longer_each_time(tmp_path: Path) -> None:
    class Buggy(ScriptedActions):
        def get(self, name: str) -> Any:
            if name == "bug" and broken:
                raise KeyError("a bug")
            return super().get(name)

    broken: list[bool] = []
    registry = Buggy(ScriptedAction(), ScriptedAction("bug"))
    async with world(tmp_path, registry=registry, limits=Limits(concurrency=2)) as w:
        numbers = []
        for index, action in enumerate(["bug"] * 4 + ["work"]):
            number = await w.set_goal(draft(spec("1", action=action), priority=5), f"set/{index}")
            await w.executor.start(number, caller=ANN, command_id=f"start/{index}")
            numbers.append(number)
        broken.append(True)
        for _ in range(60):
            await w.settle()
            w.clock.advance(1)
        last, failures = await w.view(numbers[-1]), len(w.failures)
        broken.clear()
        w.clock.advance(60)
        await w.settle()
        views = [await w.view(number) for number in numbers]

    assert last.goal.state is GoalState.COMPLETED
    assert failures == 4 * 5  # after 2, 4, 8, 16 and 32 seconds
    assert {view.goal.state for view in views} == {GoalState.COMPLETED}


async def test_a_task_that_can_not_be_started_holds_up_nobody_else_and_is_begun_again(tmp_path: Path) -> None:
    class Buggy(ScriptedActions):
        def keys_used(self, parameters: Mapping[str, Any]) -> list[str]:
            if not raised:
                raised.append(True)
                raise KeyError("a bug")
            return []

    raised: list[bool] = []
    async with world(tmp_path, registry=Buggy(ScriptedAction())) as w:
        number = await w.start_goal(draft(spec("1"), spec("2")))

        await w.settle()

        assert await w.states(number) == {"1.1": "completed", "1.2": "completed"}
        assert (await attempts(w), w.failures) == (["interrupted", "succeeded"], ["task 1.1: KeyError('a bug')"])


async def test_the_loop_outlives_a_bug(tmp_path: Path) -> None:
    class Once(CrashAt):
        def reached(self, name: str) -> None:
            if name == "storage.tick.before_commit" and not raised:
                raised.append(name)
                raise KeyError("a bug")

    raised: list[str] = []
    async with world(tmp_path, crash_points=Once()) as w:
        await w.start_goal(draft(spec("1")))
        loop = w.nursery.start(w.executor.run(), "loop")
        while not w.failures:
            await asyncio.sleep(0)

        w.clock.advance(1)
        while w.executor.ticks < 2:
            await asyncio.sleep(0)
        await w.executor.stop()
        await loop

        assert w.failures == ["tick: KeyError('a bug')"]


async def test_a_stopped_executor_leaves_nothing_behind_in_the_background(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        before = set(asyncio.all_tasks())
        loop = w.nursery.start(w.executor.run(), "loop")
        while w.executor.ticks < 1:
            await asyncio.sleep(0)
        w.clock.advance(20)

        await w.executor.stop()
        await loop
        await asyncio.sleep(0)

        assert asyncio.all_tasks() == before


async def test_a_task_that_became_due_during_a_tick_is_not_slept_through(tmp_path: Path) -> None:
    class Creeping(ManualClock):
        """Every look at it takes a second."""

        def now(self) -> datetime:
            if creeps:
                self.advance(1)
            return super().now()

    creeps: list[bool] = []
    clock = Creeping()
    waits = ScriptedAction(behaviour=lambda parameters, context: Waiting(wait_s=2.5) if len(waits.runs) == 1 else OK)
    async with world(tmp_path, waits, clock=clock) as w:
        await w.start_goal(draft(spec("1")))
        await w.settle()
        creeps.append(True)

        async with asyncio.timeout(60):
            loop = w.nursery.start(w.executor.run(), "loop")
            while len(waits.runs) < 2:
                await asyncio.sleep(0)

        await w.executor.stop()
        await loop
        assert w.failures == []


@pytest.mark.parametrize(
    ("used", "summary"),
    [
        ("push --with $PUSH_TOKEN", "Done, without a value for PUSH_TOKEN"),
        ("PUSH_TOKEN=a push --with $PUSH_TOKEN", "Done"),
        ("push --with ${PUSH_TOKEN:-none}", "Done"),
    ],
)
async def test_what_went_well_without_its_secret_says_so(tmp_path: Path, used: str, summary: str) -> None:
    async with world(tmp_path) as w:
        number = await w.start_goal(draft(spec("1", parameters={"command": used})))
        await w.settle()

        assert (await w.view(number)).tasks[0].summary == summary
