"""A task that ends Milepost each time it runs: it is parked after three deaths, and nobody else is."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from executor.domain.attempt import Attempt
from executor.domain.blockage import BlockageType
from executor.domain.limits import Limits
from executor.domain.notice import NoticeKind
from executor.domain.outcome import Result, Waiting
from executor.engine.correction.suspects import deaths, died_soon, noted_loss
from executor.ports import Context
from tests.builders import draft, proposal, spec
from tests.fakes import START, ManualClock, ScriptedAction
from tests.world import World, world

LIMITS = Limits()
PARKED = "Milepost ended 3 times in a row within 20 s of its start; it may be what ends Milepost"


class Lasting(ScriptedAction):
    """Never ends by itself, but for the tasks that are `quick`."""

    def __init__(self, *quick: str) -> None:
        super().__init__("work")
        self.quick = quick
        self.begun: set[tuple[str, int]] = set()

    async def run(self, parameters: Mapping[str, Any], context: Context) -> Result | Waiting:
        self.runs.append(context.task_ref)
        self.begun.add((context.task_ref, context.attempt))
        if context.task_ref not in self.quick:
            await asyncio.Event().wait()
        return Result(success=True, result="Done")


async def begin(w: World, action: Lasting) -> list[str]:
    """Start whatever may start, and end what is quick; what runs then."""
    while True:
        did = await w.executor.tick()
        while any(one not in action.begun or one[0] in action.quick for one in w.workers.held()):
            await asyncio.sleep(0)
        if not did:
            return sorted(ref for ref, _ in w.workers.held())


async def test_the_third_death_in_a_row_parks_it_while_others_are_carried_out(tmp_path: Path) -> None:
    action, clock = Lasting(*(f"2.{n}" for n in range(1, 10))), ManualClock()
    async with world(tmp_path, action, clock=clock, executor_id="0") as w:
        poison = await w.start_goal(draft(spec("1")))
        await w.set_goal(draft(*(spec(str(n)) for n in range(1, 10))), command_id="other")
    for life in range(1, 4):
        async with world(tmp_path, action, clock=clock, executor_id=str(life)) as w:
            if life == 2:
                await w.press("start")
            await begin(w, action)
            clock.advance(5)
    async with world(tmp_path, action, clock=clock, executor_id="4") as w:
        running = await begin(w, action)
        view = await w.view(poison)
        notices = await w.notices()

        assert running == []
        assert action.runs.count("1.1") == 3
        assert [(b.type, b.cause) for b in view.blockages] == [(BlockageType.RESOURCE, PARKED)]
        assert [option.label for option in view.decisions[-1].options] == ["Retry", "Skip", "Take over", "Pause"]
        assert view.decisions[-1].question == f"Step 1: {PARKED}"
        assert [n.kind for n in notices].count(NoticeKind.DECISION) == 1
        assert set((await w.states(2)).values()) == {"completed"}


async def test_what_merely_ran_beside_it_is_not_parked(tmp_path: Path) -> None:
    action, clock = Lasting(), ManualClock()
    async with world(tmp_path, action, clock=clock, executor_id="0") as w:
        await w.start_goal(draft(spec("1"), spec("2"), spec("3")))
    ran: list[list[str]] = []
    for life in range(1, 7):
        async with world(tmp_path, action, clock=clock, executor_id=str(life)) as w:
            for _ in range(30):  # the second one ends the process; nothing else ever does
                running = await begin(w, action)
                if "1.2" in running:
                    break
                clock.advance(5)
                await w.executor.heartbeat.beat()
            ran.append(running)
            states = await w.states(1)
            clock.advance(1)

    assert ran[:2] == [["1.1", "1.2", "1.3"]] * 2
    assert ran[2:] == [["1.1", "1.2"], *[["1.1", "1.3"]] * 3]  # the third death said which one it is
    assert states == {"1.1": "in_progress", "1.2": "blocked", "1.3": "in_progress"}


async def test_somebody_who_restarts_milepost_often_parks_nothing(tmp_path: Path) -> None:
    action, clock = Lasting(), ManualClock()
    async with world(tmp_path, action, clock=clock, executor_id="0") as w:
        number = await w.start_goal(draft(spec("1")))
    for life in range(1, 8):
        async with world(tmp_path, action, clock=clock, executor_id=str(life)) as w:
            await begin(w, action)
            for _ in range(3):
                clock.advance(20)
                await w.executor.heartbeat.beat()
            states = await w.states(number)

    assert states == {"1.1": "in_progress"}


async def test_a_stop_of_milepost_is_nobodys_death(tmp_path: Path) -> None:
    action, clock = Lasting(), ManualClock()
    async with world(tmp_path, action, clock=clock, executor_id="0") as w:
        number = await w.start_goal(draft(spec("1")))
    for life in range(1, 12):
        async with world(tmp_path, action, clock=clock, executor_id=str(life)) as w:
            await begin(w, action)
            await w.executor.stop()
            states = await w.states(number)

    assert states == {"1.1": "queued"}


async def test_a_person_who_retries_it_gives_it_three_more(tmp_path: Path) -> None:
    action, clock = Lasting(), ManualClock()
    async with world(tmp_path, action, clock=clock, executor_id="0") as w:
        number = await w.start_goal(draft(spec("1")))
    for life in range(1, 7):
        async with world(tmp_path, action, clock=clock, executor_id=str(life)) as w:
            if life == 4:
                await w.press("retry")
            await begin(w, action)
            states = await w.states(number)

    assert states == {"1.1": "in_progress"}
    assert len(action.runs) == 6


def attempt(alive_s: float, lease_s: float = 60.0) -> Attempt:
    """One whose last sign of life came so long after its start."""
    known = Attempt(task_ref="1.1", number=1, goal_number=1, executor_id="e", lease_until=START, started_at=START)
    clock = ManualClock()
    clock.advance(alive_s + lease_s)
    return replace(known, lease_until=clock.now())


@pytest.mark.parametrize(
    ("alive_s", "soon"),
    [(0, True), (19, True), (20, False), (4_000, False), (-86_400, False), (86_400, False)],
)
def test_a_lease_that_was_hardly_renewed_is_a_death_right_after_the_start(alive_s: float, soon: bool) -> None:
    assert died_soon(attempt(alive_s), LIMITS) is soon


def test_a_configuration_that_changed_in_between_says_nothing() -> None:
    assert not died_soon(attempt(0, lease_s=600), LIMITS)
    assert not died_soon(attempt(0, lease_s=6), LIMITS)


def test_a_death_at_another_moment_breaks_the_row_and_still_counts() -> None:
    task = proposal(spec("1")).tasks["1.1"]
    for soon in (True, True, False, True):
        task = noted_loss(task, soon=soon)

    assert deaths(task) == (1, 4)
