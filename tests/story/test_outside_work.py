"""A task taken by its name is held under the same lease and the same fence as every other one."""

from pathlib import Path

import pytest

from executor.domain.attempt import OUTSIDE, AttemptState
from executor.domain.outcome import Result
from executor.engine.replies import Refused
from executor.ports import Ask, Assignment
from executor.workers.outside import OutsideWorkers
from tests.builders import chain, draft, spec
from tests.fakes import ManualClock, ScriptedAction
from tests.story.looking import rows
from tests.world import World, world

DONE = Result(success=True, result="work returned")
LEASE_S = 60


async def taken(w: World, ref: str = "1.1") -> Assignment:
    assignment = await w.executor.take(ref, executor_type=OUTSIDE)
    assert isinstance(assignment, Assignment), assignment
    return assignment


async def handed_in(w: World, assignment: Assignment) -> str:
    assert isinstance(w.workers, OutsideWorkers)
    await w.workers.hand_in(assignment, DONE)
    await w.executor.tick()
    return (await w.states(1))["1.1"]


async def test_nothing_is_taken_that_nobody_asked_for(tmp_path: Path) -> None:
    work = ScriptedAction()
    async with world(tmp_path, work, hands=OutsideWorkers) as w:
        await w.start_goal(draft(spec("1")))

        w.clock.advance(3600)
        await w.settle()

        assert (await w.states(1), work.runs) == ({"1.1": "queued"}, [])


async def test_what_is_taken_runs_nowhere_but_with_whoever_took_it(tmp_path: Path) -> None:
    work = ScriptedAction()
    async with world(tmp_path, work, hands=OutsideWorkers) as w:
        await w.start_goal(draft(spec("1")))

        assignment = await taken(w)

        assert (await w.states(1), work.runs, w.workers.held()) == ({"1.1": "in_progress"}, [], [("1.1", 1)])
        assert (assignment.attempt.executor_type, assignment.attempt.executor_id) == ("python", "executor")
        assert await handed_in(w, assignment) == "completed"
        assert w.workers.held() == []


async def test_a_heartbeat_keeps_the_lease_of_a_function_that_runs_for_hours(tmp_path: Path) -> None:
    async with world(tmp_path, hands=OutsideWorkers) as w:
        await w.start_goal(draft(spec("1")))
        assignment = await taken(w)

        for _ in range(180):
            w.clock.advance(LEASE_S / 3)
            await w.executor.heartbeat.beat()

        [attempt] = await w.executor.attempts(1)
        assert (attempt.state, attempt.lease_until > w.clock.now()) == (AttemptState.RUNNING, True)
        assert await handed_in(w, assignment) == "completed"


async def test_a_result_that_comes_after_the_lease_was_lost_changes_nothing(tmp_path: Path) -> None:
    clock = ManualClock()
    async with world(tmp_path, hands=OutsideWorkers, clock=clock, executor_id="first") as first:
        await first.start_goal(draft(spec("1")))
        late = await taken(first)
        clock.advance(LEASE_S + 1)
        async with world(tmp_path, hands=OutsideWorkers, clock=clock, executor_id="second") as second:
            again = await taken(second)

            assert await handed_in(first, late) == "in_progress"

            attempts = [(one.number, one.executor_id, one.state) for one in await second.executor.attempts(1)]
            assert attempts == [(1, "first", AttemptState.INTERRUPTED), (2, "second", AttemptState.RUNNING)]
            assert await handed_in(second, again) == "completed"


async def test_a_heartbeat_lets_go_of_what_somebody_else_has_fenced_off(tmp_path: Path) -> None:
    clock = ManualClock()
    async with world(tmp_path, hands=OutsideWorkers, clock=clock, executor_id="first") as first:
        await first.start_goal(draft(spec("1")))
        await taken(first)
        clock.advance(LEASE_S + 1)
        async with world(tmp_path, hands=OutsideWorkers, clock=clock, executor_id="second"):
            await first.executor.heartbeat.beat()

            assert first.workers.held() == []


async def test_a_restart_takes_over_what_a_dead_program_held(tmp_path: Path) -> None:
    async with world(tmp_path, hands=OutsideWorkers, executor_id="first") as w:
        await w.start_goal(draft(spec("1")))
        await taken(w)

    async with world(tmp_path, hands=OutsideWorkers, executor_id="second") as w:
        assert await w.states(1) == {"1.1": "queued"}
        assert (await taken(w)).attempt.number == 2


async def test_whoever_takes_a_task_that_waits_for_done_does_it_instead(tmp_path: Path) -> None:
    by_hand = ScriptedAction("manual", asks=Ask(manual=True, question="Sign it"))
    async with world(tmp_path, by_hand) as w:
        await w.start_goal(draft(spec("1", action="manual")))
        await w.settle()
    async with world(tmp_path, by_hand, hands=OutsideWorkers, executor_id="program") as w:
        assignment = await taken(w)

        assert (assignment.attempt.number, await w.executor.open_decisions()) == (1, [])
        assert await handed_in(w, assignment) == "completed"


async def test_a_function_instead_of_an_effect_leaves_no_intent_behind(tmp_path: Path) -> None:
    post = ScriptedAction(repeatable=False)
    async with world(tmp_path, post, hands=OutsideWorkers) as w:
        await w.start_goal(draft(spec("1"), spec("2")))

        outside, here = await taken(w, "1.1"), await w.executor.take("1.2")
        await handed_in(w, outside)

        assert isinstance(here, Assignment)
        assert rows(tmp_path, "SELECT DISTINCT task_ref FROM effects") == [{"task_ref": "1.2"}]


@pytest.mark.parametrize(
    ("ref", "code", "sentence"),
    [
        ("1.2", "not_ready", "1.2 waits for 1.1."),
        ("1.9", "no_such_task", "There is no task 1.9."),
        ("7.1", "no_such_goal", "There is no goal 7. /goals lists them."),
        ("1.1", "not_due", "1.1 is tried again at 09:00:02 UTC, not before."),
    ],
)
async def test_what_cant_be_taken_now_says_why(tmp_path: Path, ref: str, code: str, sentence: str) -> None:
    async with world(tmp_path, hands=OutsideWorkers) as w:
        await w.start_goal(draft(*chain(2)))
        assignment = await taken(w)
        assert isinstance(w.workers, OutsideWorkers)
        await w.workers.hand_in(assignment, Result(success=False, error="not yet"))
        await w.executor.tick()

        reply = await w.executor.take(ref, executor_type=OUTSIDE)

        assert reply == Refused(code=code, sentence=sentence)
