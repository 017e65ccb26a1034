"""Goals from their text to their receipt, over real SQLite."""

from pathlib import Path
from typing import Any

from executor.domain.decision import DecisionKind
from executor.domain.goal import GoalState
from executor.domain.notice import NoticeKind
from executor.domain.outcome import Result, Waiting
from executor.domain.plan import Criterion
from executor.engine.replies import Accepted, Refused
from executor.ports import Ask, Context
from tests.builders import ANN, CHAT, chain, command, draft, spec
from tests.fakes import ScriptedAction, ScriptedChecks
from tests.world import world


def failing(times: int) -> ScriptedAction:
    """Fails so many times, then succeeds."""
    left = [times]

    def behave(parameters: Any, context: Context) -> Result:
        left[0] -= 1
        if left[0] >= 0:
            return Result(success=False, error="exit code 1", metadata={"exit_code": 1, "stderr": "boom"})
        return Result(success=True, result="exit 0")

    return ScriptedAction(behaviour=behave)


async def test_a_goal_runs_to_its_receipt(tmp_path: Path) -> None:
    work = ScriptedAction()
    async with world(tmp_path, work) as w:
        number = await w.start_goal(draft(*chain(3), criteria=(Criterion(text="It is", check=command("true")),)))

        view = await w.run_until_over(number)

        kinds = [notice.kind for notice in await w.notices() if notice.kind is not NoticeKind.CARD]
        assert (view.goal.state, view.goal.percentage, w.failures) == (GoalState.COMPLETED, 100, [])
        assert work.runs == ["1.1", "1.2", "1.3"]
        assert kinds.count(NoticeKind.END) == 1


async def test_independent_tasks_run_side_by_side(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.start_goal(draft(spec("1"), spec("2"), spec("3", depends_on=("1", "2"))))

        await w.executor.tick()

        assert sorted(ref for ref, _ in w.workers.held()) == ["1.1", "1.2"]


async def test_a_failure_is_retried_after_its_pause_and_not_before(tmp_path: Path) -> None:
    work = failing(1)
    async with world(tmp_path, work) as w:
        number = await w.start_goal(draft(spec("1")))
        await w.settle()
        assert (await w.states(number), work.runs) == ({"1.1": "retrying"}, ["1.1"])

        w.clock.advance(2)
        await w.settle()

        assert ((await w.view(number)).goal.state, work.runs) == (GoalState.COMPLETED, ["1.1", "1.1"])


async def test_a_blockage_waits_for_a_person_for_days_and_goes_on_at_a_press(tmp_path: Path) -> None:
    work = failing(3)
    async with world(tmp_path, work) as w:
        number = await w.start_goal(draft(spec("1")))
        await w.run_until_over(number, seconds=30)
        assert await w.states(number) == {"1.1": "blocked"}
        w.clock.advance(5 * 86_400)
        await w.settle()
        assert await w.states(number) == {"1.1": "blocked"}

        await w.press("retry")
        await w.settle()

        assert ((await w.view(number)).goal.state, len(work.runs)) == (GoalState.COMPLETED, 4)


async def test_a_person_does_a_task_and_its_check_decides(tmp_path: Path) -> None:
    manual = ScriptedAction("manual", asks=Ask(manual=True, question="Sign it"))
    checks = ScriptedChecks({"test -s signed": False})
    async with world(tmp_path, manual, checks=checks) as w:
        number = await w.start_goal(draft(spec("1", action="manual", check=command("test -s signed"))))
        await w.settle()
        await w.press("done")
        await w.settle()
        [decision] = await w.executor.open_decisions()
        assert decision.facts["problem"] == "The check does not hold: `test -s signed` → exit 1"

        checks.answers["test -s signed"] = True
        await w.press("done")
        await w.settle()

        view = await w.view(number)
        assert (view.goal.state, view.tasks[0].summary) == (GoalState.COMPLETED, "`test -s signed` → exit 0")


async def test_a_goal_that_is_cancelled_before_start_ran_nothing(tmp_path: Path) -> None:
    work = ScriptedAction()
    async with world(tmp_path, work) as w:
        number = await w.set_goal(draft(spec("1")))

        await w.press("cancel")
        await w.settle()

        assert ((await w.view(number)).goal.state, work.runs) == (GoalState.CANCELLED, [])


async def test_the_same_command_twice_is_carried_out_once(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        first = await w.executor.set_goal(draft(spec("1")), origin=CHAT, caller=ANN, command_id="tg:7")

        second = await w.executor.set_goal(draft(spec("1")), origin=CHAT, caller=ANN, command_id="tg:7")

        assert (first, len(await w.executor.goals())) == (second, 1)


async def test_a_second_answer_is_told_who_decided(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.set_goal(draft(spec("1")))
        await w.press("start")

        late = await w.executor.answer(1, option="cancel", caller=ANN, command_id="late")

        assert late == Refused(
            code="already_decided", sentence="Question 1 was already decided by Ann at 09:00 UTC: Start."
        )


async def test_a_paused_goal_takes_nothing_new_and_asks_again_when_it_goes_on(tmp_path: Path) -> None:
    work = failing(3)
    async with world(tmp_path, work) as w:
        number = await w.start_goal(draft(spec("1")))
        await w.run_until_over(number, seconds=30)
        await w.press("pause")
        assert await w.executor.open_decisions() == []

        await w.executor.resume(number, caller=ANN, command_id="resume")

        [decision] = await w.executor.open_decisions()
        assert (decision.kind, decision.task_ref) == (DecisionKind.BLOCKAGE, "1.1")


async def test_cancelling_a_task_cancels_what_needs_it(tmp_path: Path) -> None:
    async with world(tmp_path, failing(9)) as w:
        number = await w.start_goal(draft(spec("1", attempts_max=1), spec("2", depends_on=("1",)), spec("3")))

        reply = await w.executor.cancel_task("1.1", caller=ANN, command_id="c")

        assert isinstance(reply, Accepted)
        assert reply.sentence == "1.1 is cancelled. So are 1.2, which need it."
        assert await w.states(number) == {"1.1": "cancelled", "1.2": "cancelled", "1.3": "queued"}


async def test_an_edited_goal_replaces_its_proposal(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        number = await w.set_goal(draft(spec("1"), spec("2")))

        await w.executor.replace_draft(number, draft(spec("1"), title="Other"), caller=ANN, command_id="edit")

        view = await w.view(number)
        assert (view.goal.title, view.goal.plan_version, [t.ref for t in view.tasks]) == ("Other", 2, ["1.1"])
        assert [d.kind for d in view.decisions] == [DecisionKind.START]


async def test_a_task_made_by_hand_joins_a_running_goal_as_a_new_plan_version(tmp_path: Path) -> None:
    manual = ScriptedAction("manual", asks=Ask(manual=True, question="Call"))
    async with world(tmp_path, ScriptedAction(), manual) as w:
        number = await w.start_goal(draft(spec("1")))

        reply = await w.executor.add_task("Call Ann", goal_number=number, origin=CHAT, caller=ANN, command_id="t")

        assert isinstance(reply, Accepted)
        assert (reply.task_ref, (await w.view(number)).goal.plan_version) == ("1.2", 2)


async def test_criteria_are_looked_at_again_when_work_is_added_while_they_are_checked(tmp_path: Path) -> None:
    manual = ScriptedAction("manual", asks=Ask(manual=True, question="Call"))
    checks = ScriptedChecks()
    criteria = (Criterion(text="It is", check=command("look")), Criterion(text="Ann agrees"))
    async with world(tmp_path, ScriptedAction(), manual, checks=checks) as w:
        number = await w.start_goal(draft(spec("1"), criteria=criteria))
        await w.settle()
        before = await w.states(number)

        await w.executor.add_task("Call Ann", goal_number=number, origin=CHAT, caller=ANN, command_id="t")
        await w.settle()
        after, percentage = await w.states(number), (await w.view(number)).goal.percentage
        await w.press("done")
        await w.settle()

        assert before == {"1.1": "completed", "1.c1": "completed", "1.c2": "awaiting_approval"}
        assert after == {"1.1": "completed", "1.c1": "pending", "1.c2": "pending", "1.2": "awaiting_approval"}
        assert percentage == 100
        assert checks.looked == ["look", "look"]
        assert (await w.states(number))["1.c2"] == "awaiting_approval"
        await w.press("yes")
        assert (await w.run_until_over(number)).goal.state is GoalState.COMPLETED
        assert w.failures == []


async def test_a_task_may_have_any_key_and_its_output_is_its_own(tmp_path: Path) -> None:
    said = ScriptedAction(behaviour=lambda parameters, context: Result(success=True, output="of the work"))
    async with world(tmp_path, said) as w:
        number = await w.start_goal(draft(spec("c1"), criteria=(Criterion(text="It is", check=command("look")),)))

        view = await w.run_until_over(number)

        assert len({task.spec.key for task in view.tasks}) == 2
        assert await w.database.outputs(number, ["c1"]) == {"c1": "of the work"}


async def test_commands_about_what_does_not_exist_say_what_to_do(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        replies = [
            await w.executor.pause(99, caller=ANN, command_id="a"),
            await w.executor.retry("99.1", caller=ANN, command_id="b"),
            await w.executor.answer(99, option="start", caller=ANN, command_id="c"),
            await w.executor.retry("nonsense", caller=ANN, command_id="d"),
        ]

        assert [reply.code for reply in replies if isinstance(reply, Refused)] == [
            "no_such_goal",
            "no_such_goal",
            "no_such_decision",
            "no_such_goal",
        ]


async def test_why_says_what_waits_for_what(tmp_path: Path) -> None:
    async with world(tmp_path, failing(3)) as w:
        number = await w.start_goal(draft(spec("1", "Pack"), spec("2", "Send", depends_on=("1",))))
        await w.run_until_over(number, seconds=30)

        found = await w.executor.why(number)

        assert found is not None
        assert found.lines == (
            "Goal 1 is at 10 % and waits for you: question 2.",
            "1.1 Pack: blocked: exit code 1; waits for you: question 2, since 09:00.",
            "1.2 Send: needs 1.1 (waits for you: question 2).",
            "Next: nothing by itself: your answer to question 2.",
            "1 worker, 0 of 4 slots busy; last tick 1 s ago.",
            "Budget: $0.00 of $1.00 used.",
        )


async def test_an_outside_effect_that_was_answered_with_a_failure_is_not_repeated_by_itself(tmp_path: Path) -> None:
    refused = Result(success=False, error="500 Internal Server Error", metadata={"status": 500})
    work = ScriptedAction(behaviour=lambda parameters, context: refused, repeatable=False)
    async with world(tmp_path, work) as w:
        number = await w.start_goal(draft(spec("1")))

        await w.run_until_over(number, seconds=30)

        assert (work.runs, await w.states(number)) == (["1.1"], {"1.1": "blocked"})


async def test_an_outside_effect_that_was_never_sent_is_tried_again(tmp_path: Path) -> None:
    unreached = Result(success=False, error="Connection refused")
    work = ScriptedAction(behaviour=lambda parameters, context: unreached, repeatable=False)
    async with world(tmp_path, work) as w:
        number = await w.start_goal(draft(spec("1")))

        await w.run_until_over(number, seconds=30)

        assert len(work.runs) == 3


async def test_a_task_that_waits_for_its_time_says_so_in_the_log(tmp_path: Path) -> None:
    looks = [Waiting(wait_s=30, note="Not yet"), Result(success=True)]
    async with world(tmp_path, ScriptedAction(behaviour=lambda parameters, context: looks.pop(0))) as w:
        number = await w.start_goal(draft(spec("1")))
        await w.settle()
        waits = await w.states(number), (await w.executor.events(number))[-1].name
        w.clock.advance(30)
        await w.settle()

        log = [event.name for event in await w.executor.events(number) if event.task_ref == "1.1"]
        assert waits == ({"1.1": "queued"}, "task.queued")
        assert log == ["task.queued", "task.started", "task.queued", "task.started", "task.completed"]
