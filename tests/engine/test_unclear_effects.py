"""An effect of which nobody saw the end: it is looked for or asked about, and never repeated by itself."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from executor.domain.decision import DecisionKind
from executor.domain.goal import GoalState
from executor.domain.outcome import Result, Waiting
from executor.ports import Ask, Context
from tests.builders import ANN, command, draft, spec
from tests.engine.unclear import HangingChecks, Lingering, attempts, effects, lost, unknown_effect
from tests.fakes import CrashAt, ScriptedAction, ScriptedChecks
from tests.world import world


async def test_a_person_does_by_hand_what_nobody_saw_the_end_of(tmp_path: Path) -> None:
    async with world(tmp_path, lost()) as w:
        await unknown_effect(w)
        await w.executor.take_over("1.1", caller=ANN, command_id="mine")
        await w.settle()

        await w.press("done")
        await w.settle()

        assert ((await w.view(1)).goal.state, effects(w), w.failures) == (GoalState.COMPLETED, ["happened"], [])


async def test_an_effect_of_unknown_outcome_that_is_handed_back_is_asked_about_and_not_repeated(tmp_path: Path) -> None:
    work = lost()
    async with world(tmp_path, work) as w:
        await unknown_effect(w)
        await w.executor.take_over("1.1", caller=ANN, command_id="mine")
        await w.settle()

        await w.press("hand-back")
        await w.settle()

        [decision] = await w.executor.open_decisions()
        assert (decision.kind, work.runs) == (DecisionKind.EFFECT, ["1.1"])


async def test_an_effect_whose_task_was_stopped_while_it_ran_is_asked_about_before_it_is_repeated(
    tmp_path: Path,
) -> None:
    work = Lingering(repeatable=False)
    work.may_end.set()
    async with world(tmp_path, work) as w:
        await w.start_goal(draft(spec("1")))
        await w.executor.tick()
        await work.begun.wait()
        await w.executor.take_over("1.1", caller=ANN, command_id="mine")
        await w.settle()

        await w.press("hand-back")
        await w.settle()

        [decision] = await w.executor.open_decisions()
        assert (decision.kind, work.runs, effects(w)) == (DecisionKind.EFFECT, ["1.1"], ["unknown"])


async def test_skipping_what_nobody_saw_the_end_of_leaves_no_attempt_open(tmp_path: Path) -> None:
    async with world(tmp_path, lost()) as w:
        await unknown_effect(w)

        await w.executor.skip("1.1", caller=ANN, command_id="skip")

        assert (await attempts(w), effects(w)) == (["interrupted"], ["unknown"])


async def test_an_effect_whose_check_does_not_hold_is_not_repeated_by_itself(tmp_path: Path) -> None:
    work = ScriptedAction(repeatable=False)
    async with world(tmp_path, work, checks=ScriptedChecks({"test -s x": False})) as w:
        number = await w.start_goal(draft(spec("1", check=command("test -s x"))))

        await w.run_until_over(number, seconds=30)

        [decision] = await w.executor.open_decisions()
        assert (work.runs, decision.kind) == (["1.1"], DecisionKind.EFFECT)
        assert decision.facts["note"] == "It ran, but the check does not hold: `test -s x` → exit 1"


@pytest.mark.parametrize(("happened", "state"), [(True, "happened"), (False, "unknown")])
async def test_an_effect_that_nobody_saw_the_end_of_is_read_back_where_a_check_can_tell(
    tmp_path: Path, happened: bool, state: str
) -> None:
    """Looking repeats nothing. Only where it does not tell a person is asked, and once."""
    work, checks = lost(), ScriptedChecks({"curl -f paid": happened})
    async with world(tmp_path, work, checks=checks) as w:
        number = await w.start_goal(draft(spec("1", check=command("curl -f paid"))))

        view = await w.run_until_over(number, seconds=5)

        decisions = await w.executor.open_decisions()
        events = [event.name for event in await w.executor.events(number)]
        assert (work.runs, checks.looked, effects(w)) == (["1.1"], ["curl -f paid"], [state])
        assert (view.goal.state is GoalState.COMPLETED, [one.kind for one in decisions if not view.goal.final]) == (
            happened,
            [] if happened else [DecisionKind.EFFECT],
        )
        assert events.count("effect.read_back") == 1


async def test_after_a_crash_the_read_back_comes_first(tmp_path: Path) -> None:
    checks = ScriptedChecks({"curl -f paid": True})
    points = CrashAt("attempt.after_action")
    with contextlib.suppress(RuntimeError):
        async with world(tmp_path, ScriptedAction(repeatable=False), checks=checks, crash_points=points) as w:
            await w.start_goal(draft(spec("1", check=command("curl -f paid"))))
            await w.settle()
    work = ScriptedAction(repeatable=False)
    async with world(tmp_path, work, checks=checks, executor_id="second") as w:
        view = await w.run_until_over(1, seconds=5)

        assert (view.goal.state, work.runs, effects(w)) == (GoalState.COMPLETED, [], ["happened"])


async def test_an_effect_that_broke_off_with_a_bug_is_unknown_and_not_repeated(tmp_path: Path) -> None:
    def breaks(parameters: Mapping[str, Any], context: Context) -> Result:
        raise ValueError("half-way")

    work = ScriptedAction(behaviour=breaks, repeatable=False)
    async with world(tmp_path, work) as w:
        number = await w.start_goal(draft(spec("1")))

        await w.run_until_over(number, seconds=30)

        assert (work.runs, effects(w)) == (["1.1"], ["unknown"])


async def test_an_outside_effect_may_wait_and_goes_on_under_its_intent(tmp_path: Path) -> None:
    def behave(parameters: Mapping[str, Any], context: Context) -> Result | Waiting:
        return Waiting(wait_s=5) if len(work.runs) == 1 else Result(success=True)

    work = ScriptedAction(behaviour=behave, repeatable=False)
    async with world(tmp_path, work) as w:
        number = await w.start_goal(draft(spec("1")))

        view = await w.run_until_over(number, seconds=30)

        assert (view.goal.state, effects(w), await attempts(w)) == (GoalState.COMPLETED, ["done"], ["succeeded"])


@pytest.mark.parametrize("way", ["skip", "take_over"])
async def test_nothing_is_intended_before_a_person_has_answered(tmp_path: Path, way: str) -> None:
    asks = ScriptedAction(repeatable=False, asks=Ask(manual=False, question="To whom?"))
    async with world(tmp_path, asks) as w:
        await w.start_goal(draft(spec("1"), spec("2")))
        await w.settle()
        await getattr(w.executor, way)("1.1", caller=ANN, command_id=way)
        await w.settle()

        await w.executor.answer(3, option="Bob", caller=ANN, command_id="bob")
        await w.settle()

        assert (asks.runs, effects(w)) == (["1.2"], ["done"])


async def test_an_effect_that_is_stopped_before_it_began_is_settled(tmp_path: Path) -> None:
    work = ScriptedAction(repeatable=False)
    async with world(tmp_path, work, checks=HangingChecks()) as w:
        await w.start_goal(draft(spec("1", when=command("true"))))
        await w.executor.tick()

        await w.executor.stop()

        assert (work.runs, effects(w), await w.states(1)) == ([], ["failed"], {"1.1": "queued"})
