"""Attempts that end exactly once, effects that are never repeated by themselves, and a loop that nothing holds up."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from executor.domain.decision import DecisionKind
from executor.domain.goal import Goal, GoalState
from executor.domain.limits import Limits
from executor.domain.notice import NoticeKind
from executor.domain.outcome import Result, Waiting
from executor.domain.plan import Check, Criterion, GoalDraft, Plan
from executor.engine.replies import Accepted, Refused
from executor.planner.offline import OfflineBrain
from executor.planner.workflows import Library
from executor.ports import Ask, Context, Seen
from tests.builders import ANN, command, draft, spec
from tests.fakes import CrashAt, ManualClock, ScriptedAction, ScriptedActions, ScriptedChecks
from tests.world import World, world

OK = Result(success=True)


class Lingering(ScriptedAction):
    """Runs until it is ended, and takes its time over that: a child that must be killed."""

    def __init__(self, *, repeatable: bool = True) -> None:
        super().__init__(repeatable=repeatable)
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()

    async def run(self, parameters: Mapping[str, Any], context: Context) -> Result | Waiting:
        self.runs.append(context.task_ref)
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await self.may_end.wait()
            raise
        raise AssertionError("unreachable")


async def attempts(w: World, ref: str = "1.1") -> list[str]:
    return [str(attempt.state) for attempt in await w.executor.attempts(1, ref)]


def effects(w: World) -> list[str]:
    """Their states, as they lie in the database."""
    with contextlib.closing(sqlite3.connect(w.database.path)) as connection:
        return [str(row[0]) for row in connection.execute("SELECT state FROM effects ORDER BY id")]


async def unknown_effect(w: World, **more: Any) -> None:
    """Goal 1 with one task, whose outside effect nobody saw the end of."""
    await w.start_goal(draft(spec("1", **more)))
    await w.settle()
    assert await w.states(1) == {"1.1": "awaiting_approval"}


def lost() -> ScriptedAction:
    """An outside effect whose answer never came."""
    result = Result(success=False, error="The connection was lost", metadata={"outcome_unknown": True})
    return ScriptedAction(behaviour=lambda parameters, context: result, repeatable=False)


# ------------------------------------------------------------------------------------------------------- attempts


async def test_a_task_taken_over_while_it_runs_is_not_begun_again_before_its_attempt_has_ended(tmp_path: Path) -> None:
    work = Lingering()
    async with world(tmp_path, work) as w:
        await w.start_goal(draft(spec("1")))
        await w.executor.tick()
        await work.begun.wait()
        await w.executor.take_over("1.1", caller=ANN, command_id="mine")
        await w.executor.tick()
        before = await attempts(w)

        work.may_end.set()
        await w.settle()

        assert (before, await attempts(w)) == (["running"], ["interrupted", "waiting"])
        assert (await w.states(1), w.failures) == ({"1.1": "awaiting_approval"}, [])


async def test_a_stop_leaves_no_attempt_running_that_a_tick_was_just_beginning(tmp_path: Path) -> None:
    stops: list[asyncio.Task[None]] = []

    class StopAtTheClaim(CrashAt):
        def reached(self, name: str) -> None:
            if name == "storage.tick.before_commit" and armed and not stops:
                stops.append(w.nursery.start(w.executor.stop(), "stop"))

    armed: list[bool] = []
    work = Lingering()
    work.may_end.set()
    async with world(tmp_path, work, crash_points=StopAtTheClaim()) as w:
        await w.start_goal(draft(spec("1")))
        armed.append(True)

        await w.executor.tick()
        await stops[0]

        assert (w.workers.held(), await attempts(w)) == ([], ["interrupted"])


async def test_a_report_that_is_not_stored_yet_is_not_taken_for_a_lost_attempt(tmp_path: Path) -> None:
    work = ScriptedAction()
    async with world(tmp_path, work) as w:
        await w.start_goal(draft(spec("1")))
        await w.executor.tick()
        while w.workers.held():
            await asyncio.sleep(0)
        w.clock.advance(3600)

        await w.executor.heartbeat.beat()
        await w.settle()

        assert (work.runs, await attempts(w)) == (["1.1"], ["succeeded"])


# -------------------------------------------------------------------------------------------------------- effects


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


class HangingChecks(ScriptedChecks):
    async def look(self, check: Check, context: Context) -> Seen:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")


# ------------------------------------------------------------------------------------------------------- the loop


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

        async with asyncio.timeout(10):
            loop = w.nursery.start(w.executor.run(), "loop")
            while len(waits.runs) < 2:
                await asyncio.sleep(0)

        await w.executor.stop()
        await loop
        assert w.failures == []


# ------------------------------------------------------------------------------------------------- goals and plans


async def test_a_plan_of_a_text_that_was_replaced_meanwhile_is_not_proposed(tmp_path: Path) -> None:
    class Slow:
        name = "slow"
        immediate = False

        async def plan(self, draft: GoalDraft, goal: Goal) -> Plan:
            asked.append(draft.title)
            await may_answer.wait()
            return Plan(summary=draft.title, tasks=draft.tasks)

    asked: list[str] = []
    may_answer = asyncio.Event()
    async with world(tmp_path, brain=Slow()) as w:
        number = await w.set_goal(draft(spec("1"), title="Old"))
        await w.executor.tick()
        while not asked:
            await asyncio.sleep(0)
        await w.executor.replace_draft(number, draft(spec("1"), title="New"), caller=ANN, command_id="edit")

        may_answer.set()
        while (await w.view(number)).plan is None:
            await w.settle()
            await asyncio.sleep(0)

        plan = (await w.view(number)).plan
        assert plan is not None
        assert (plan.summary, asked) == ("New", ["Old", "New"])


async def test_a_goal_that_ends_by_a_jump_records_the_milestones_between(tmp_path: Path) -> None:
    fails = ScriptedAction("fails", lambda parameters, context: Result(success=False, error="no"))
    async with world(tmp_path, ScriptedAction(), fails) as w:
        number = await w.start_goal(draft(spec("1"), spec("2", action="fails", optional=True, attempts_max=1)))

        view = await w.run_until_over(number)

        reached = [(one.percentage, one.announced) for one in view.milestones if one.achieved_at is not None]
        assert (view.goal.state, reached) == (
            GoalState.COMPLETED,
            [(10, True), (25, False), (50, True), (75, False), (100, True)],
        )


async def test_cancelling_a_criterion_leaves_the_work_alone(tmp_path: Path) -> None:
    goal = draft(spec("c1"), spec("2", depends_on=("c1",)), criteria=(Criterion(text="It is", check=command("true")),))
    async with world(tmp_path) as w:
        await w.start_goal(goal)

        reply = await w.executor.cancel_task("1.c1", caller=ANN, command_id="cancel")

        assert reply == Accepted(sentence="1.c1 is cancelled.", goal_number=1, task_ref="1.c1")


@pytest.mark.parametrize("zeros", [19, 5000], ids=["beyond the database", "beyond int()"])
async def test_a_number_that_no_goal_can_have_is_a_goal_that_does_not_exist(tmp_path: Path, zeros: int) -> None:
    async with world(tmp_path) as w:
        reply = await w.executor.retry(f"1{'0' * zeros}.1", caller=ANN, command_id="a")

        assert isinstance(reply, Refused)
        assert reply.code == "no_such_goal"


async def test_a_brain_with_a_bug_is_asked_again_with_growing_pauses_and_the_chat_hears_it_once(tmp_path: Path) -> None:
    asked: list[float] = []

    class Broken(OfflineBrain):
        immediate = False

        async def plan(self, draft: GoalDraft, goal: Goal) -> Plan:
            asked.append(clock.monotonic())
            raise ZeroDivisionError("a bug")

    clock = ManualClock()
    async with world(tmp_path, clock=clock, brain=Broken(Library())) as w:
        number = await w.set_goal(draft(spec("1")))
        for _ in range(11):
            await w.settle()
            while w.executor.new_goals.under_way:
                await asyncio.sleep(0.001)
            clock.advance(10)

        goal = (await w.view(number)).goal
        told = [notice.facts["text"] for notice in await w.notices() if notice.kind is NoticeKind.TEXT]

    assert asked == [0, 30, 90]
    assert goal.state is GoalState.PLANNING
    assert told == [
        "Something went wrong while I planned; it is in the log. Goal 1 waits, and is planned as soon as that is over."
    ]
    assert [failure.split(":")[0] for failure in w.failures] == ["plan 1"] * 3
