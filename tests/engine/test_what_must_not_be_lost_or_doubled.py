"""Attempts that end exactly once, effects that are never repeated by themselves, and a loop that nothing holds up."""

import asyncio
from pathlib import Path

import pytest

from executor.domain.goal import Goal, GoalState
from executor.domain.notice import NoticeKind
from executor.domain.outcome import Result
from executor.domain.plan import Criterion, GoalDraft, Plan
from executor.engine.replies import Accepted, Refused
from executor.planner.offline import OfflineBrain
from executor.planner.workflows import Library
from tests.builders import ANN, command, draft, spec
from tests.engine.unclear import Lingering, attempts
from tests.fakes import CrashAt, ManualClock, ScriptedAction
from tests.world import world


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
