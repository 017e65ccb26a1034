"""The wall clock jumps, back and ahead, while everything waits for something, and over a restart."""

from datetime import UTC, timedelta
from pathlib import Path

import pytest

from executor.actions.launcher import PlainLauncher
from executor.actions.wait import Wait
from executor.domain.notice import Notice, NoticeKind
from executor.domain.outcome import Result
from executor.domain.plan import GoalDraft, TaskSpec
from executor.engine.jumps import Jumps
from tests.builders import draft, spec
from tests.fakes import START, ManualClock, ScriptedAction, ScriptedActions
from tests.world import World, world

JUMPS_S = (-30, -2 * 3600, -86_400, 2 * 3600, 86_400)
BACK_S = [jump for jump in JUMPS_S if jump < 0]


class WallClock(ManualClock):
    """A clock that can be set: `monotonic` goes on as if nothing were."""

    def set_by(self, seconds: float) -> None:
        self._start += timedelta(seconds=seconds)


def fails(parameters: object, context: object) -> Result:
    return Result(success=False, error="curl: (28) Connection timed out after 10 ms")


async def mark(w: World) -> None:
    """Two ticks with a little time in between: what the clock said is known."""
    await w.settle()
    w.clock.advance(1)
    await w.settle()


@pytest.mark.parametrize("jump_s", BACK_S)
async def test_a_pause_before_the_next_try_is_as_long_as_it_would_have_been(tmp_path: Path, jump_s: int) -> None:
    action, clock = ScriptedAction(behaviour=fails), WallClock()
    async with world(tmp_path, action, clock=clock) as w:
        await w.start_goal(draft(spec("1")))
        await mark(w)
        clock.set_by(jump_s)
        await w.settle()
        at_once = len(action.runs)
        clock.advance(60)
        await w.settle()

    assert (at_once, len(action.runs)) == (1, 2)


def waiting(**parameters: object) -> GoalDraft:
    return draft(TaskSpec(key="1", title="Wait", action="wait", parameters=parameters))


@pytest.mark.parametrize("jump_s", BACK_S)
async def test_a_wait_of_some_seconds_lasts_that_long_and_ends_once(tmp_path: Path, jump_s: int) -> None:
    clock, registry = WallClock(), ScriptedActions(Wait(PlainLauncher(), UTC))
    async with world(tmp_path, registry=registry, clock=clock) as w:
        number = await w.start_goal(waiting(seconds=600))
        await mark(w)
        clock.set_by(jump_s)
        await w.settle()
        clock.advance(590)
        await w.settle()
        before = await w.states(number)
        clock.advance(10)
        await w.settle()
        after = await w.states(number)

    assert (before, after) == ({"1.1": "queued"}, {"1.1": "completed"})


@pytest.mark.parametrize("jump_s", JUMPS_S)
async def test_a_wait_until_a_moment_ends_when_the_clock_says_so_and_once(tmp_path: Path, jump_s: int) -> None:
    clock, registry = WallClock(), ScriptedActions(Wait(PlainLauncher(), UTC))
    async with world(tmp_path, registry=registry, clock=clock) as w:
        number = await w.start_goal(waiting(until=(START + timedelta(hours=3)).isoformat()))
        await mark(w)
        ended: list[float] = []
        clock.set_by(jump_s)
        for _ in range(30):
            await w.settle()
            if (await w.states(number)) == {"1.1": "completed"}:
                ended.append((clock.now() - START).total_seconds() / 3600)
                break
            clock.advance(3600)
        events = [event.name for event in await w.executor.events(number)]

    assert len(ended) == 1
    assert 3 <= ended[0] < 25
    assert events.count("task.completed") == 1


@pytest.mark.parametrize("jump_s", BACK_S)
async def test_a_message_that_is_due_goes_out_at_once_and_one_that_waits_waits_no_longer(
    tmp_path: Path, jump_s: int
) -> None:
    clock = WallClock()
    async with world(tmp_path, clock=clock) as w:
        await mark(w)
        later = [clock.now(), clock.now() + timedelta(seconds=30)]
        await w.database.outbox.put(
            [
                Notice(key=str(at), kind=NoticeKind.TEXT, chat_id=1, facts={}, due_at=at, created_at=START)
                for at in later
            ]
        )
        clock.set_by(jump_s)
        await w.executor.tick()
        due = [notice.key for notice in await w.notices()]
        clock.advance(30)
        then = [notice.key for notice in await w.notices()]

    assert (due, then) == ([str(later[0])], [str(at) for at in later])


@pytest.mark.parametrize("jump_s", JUMPS_S)
async def test_no_lease_of_what_runs_is_lost(tmp_path: Path, jump_s: int) -> None:
    class Lasting(ScriptedAction):
        async def run(self, parameters: object, context: object) -> Result:  # type: ignore[override]
            self.runs.append("")
            await w.nursery.start(w.clock.sleep(1e9), "for ever")
            raise AssertionError

    action, clock = Lasting(), WallClock()
    async with world(tmp_path, action, clock=clock) as w:
        await w.start_goal(draft(*(spec(str(n)) for n in range(1, 5))))
        for _ in range(3):
            await w.executor.tick()
            await w.idle()
        clock.set_by(jump_s)
        for _ in range(3):
            await w.executor.tick()
            await w.executor.heartbeat.beat()
            await w.idle()
            clock.advance(20)
        attempts = await w.executor.attempts(1)

        assert [(one.number, str(one.state)) for one in attempts] == [(1, "running")] * 4
        assert len(action.runs) == 4
        assert len(w.workers.held()) == 4


async def test_a_clock_that_went_back_while_nothing_ran_is_seen_by_the_last_tick(tmp_path: Path) -> None:
    action, clock = ScriptedAction(behaviour=fails), WallClock()
    async with world(tmp_path, action, clock=clock) as w:
        await w.start_goal(draft(spec("1")))
        await mark(w)
        last = clock.now()
    clock.set_by(-86_400)
    async with world(tmp_path, action, clock=clock) as w:
        w.executor._ticker.jumps.since(last)
        await w.settle()
        clock.advance(60)
        await w.settle()

    assert len(action.runs) == 2


async def test_the_clocks_own_fine_adjustment_and_a_suspended_machine_change_nothing() -> None:
    class Told:
        calls = 0

        async def turn_back(self, was: object, now: object) -> None:
            self.calls += 1

    clock, told = WallClock(), Told()
    jumps, found = Jumps(clock), []
    for jump_s in (0, -0.5, 0.5, 86_400, -3, 0):
        clock.advance(5)
        clock.set_by(jump_s)
        found.append(await jumps.mend(told))
        jumps.mended()

    assert found == [False, False, False, False, True, False]
    assert told.calls == 1


async def test_a_jump_whose_transaction_failed_is_mended_by_the_next_one() -> None:
    class Told:
        async def turn_back(self, was: object, now: object) -> None:
            return

    clock = WallClock()
    jumps = Jumps(clock)
    await jumps.mend(Told())
    jumps.mended()
    clock.set_by(-60)

    assert [await jumps.mend(Told()), await jumps.mend(Told())] == [True, True]
