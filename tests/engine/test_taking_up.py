"""What had ended goes on: a failed or cancelled goal is taken up again, over the real database."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from executor.domain.goal import GoalState
from executor.domain.limits import Limits
from executor.domain.notice import NoticeKind
from executor.domain.outcome import Result
from executor.domain.plan import Criterion
from executor.engine.replies import Accepted, Refused
from executor.ports import Context
from tests.builders import ANN, chain, command, draft, spec
from tests.fakes import CrashAt, Crashed, ScriptedAction, ScriptedChecks
from tests.world import World, world

ONCE = Limits(attempts_max=1)


class Moody:
    """Work that fails for the tasks in `broken`."""

    def __init__(self, *broken: str) -> None:
        self.broken = set(broken)
        self.action = ScriptedAction(behaviour=self._act)

    def _act(self, parameters: Mapping[str, Any], context: Context) -> Result:
        if context.task_ref in self.broken:
            return Result(success=False, error="exit code 1", metadata={"exit_code": 1, "stderr": "boom"})
        return Result(success=True, result="Done")


async def take_up(w: World, number: int = 1, command_id: str = "up") -> Accepted | Refused:
    return await w.executor.take_up(number, caller=ANN, command_id=command_id)


async def test_a_failed_goal_goes_on_where_it_was_and_keeps_what_was_done(tmp_path: Path) -> None:
    work = Moody("1.2")
    checks = ScriptedChecks()
    criteria = (Criterion(text="It is there", check=command("look")),)
    async with world(tmp_path, work.action, limits=ONCE, checks=checks) as w:
        number = await w.start_goal(draft(*chain(3), criteria=criteria))
        await w.settle()
        await w.executor.fail(number, reason="No way", caller=ANN, command_id="fail")
        work.broken.clear()

        reply = await take_up(w)
        again = await take_up(w)
        await w.settle()

        assert reply == again
        assert isinstance(reply, Accepted)
        assert reply.sentence == "Goal 1 goes on: 2 task(s) begin again; what was done stays done."
        view = await w.view(number)
        assert view.goal.state is GoalState.COMPLETED
        assert (view.goal.plan_version, view.goal.times_taken_up) == (2, 1)
        assert work.action.runs == ["1.1", "1.2", "1.2", "1.3"]
        ends = [notice.key for notice in await w.notices() if notice.kind is NoticeKind.END]
        assert ends == ["1/end", "1/end/2"]


async def test_what_was_skipped_because_of_a_failure_comes_back_with_it(tmp_path: Path) -> None:
    work = Moody("1.1", "1.3")
    async with world(tmp_path, work.action, limits=ONCE) as w:
        number = await w.start_goal(draft(spec("1", optional=True), spec("2", only_if=("1",)), spec("3")))
        await w.settle()
        assert await w.states(number) == {"1.1": "failed", "1.2": "skipped", "1.3": "blocked"}
        await w.executor.fail(number, reason="No way", caller=ANN, command_id="fail")
        work.broken.clear()

        await take_up(w)
        await w.settle()

        assert await w.states(number) == {"1.1": "completed", "1.2": "completed", "1.3": "completed"}


async def test_what_a_person_skipped_stays_skipped(tmp_path: Path) -> None:
    work = Moody("1.2")
    async with world(tmp_path, work.action, limits=ONCE) as w:
        number = await w.start_goal(draft(spec("1"), spec("2")))
        await w.executor.skip("1.1", caller=ANN, command_id="skip")
        await w.settle()
        await w.executor.cancel(number, caller=ANN, command_id="cancel")
        work.broken.clear()

        await take_up(w)
        await w.settle()

        assert await w.states(number) == {"1.1": "skipped", "1.2": "completed"}


async def test_a_cancelled_goal_comes_back_without_what_a_person_had_cancelled(tmp_path: Path) -> None:
    work = Moody("1.1")
    async with world(tmp_path, work.action, limits=ONCE) as w:
        number = await w.start_goal(draft(spec("1"), spec("2", depends_on=("1",)), spec("3", depends_on=("1",))))
        await w.settle()
        await w.executor.cancel_task("1.3", caller=ANN, command_id="not that")
        await w.executor.cancel(number, caller=ANN, command_id="cancel")
        work.broken.clear()

        await take_up(w)
        await w.settle()

        assert await w.states(number) == {"1.1": "completed", "1.2": "completed", "1.3": "cancelled"}
        assert (await w.view(number)).goal.state is GoalState.COMPLETED


async def test_an_effect_in_doubt_is_asked_about_before_anything_is_done_twice(tmp_path: Path) -> None:
    def lost(parameters: Mapping[str, Any], context: Context) -> Result:
        return Result(success=False, error="the connection was lost", metadata={"outcome_unknown": True})

    pay = ScriptedAction(behaviour=lost, repeatable=False)
    async with world(tmp_path, pay) as w:
        number = await w.start_goal(draft(spec("1", "Pay")))
        await w.settle()
        await w.executor.cancel(number, caller=ANN, command_id="cancel")

        await take_up(w)
        await w.settle()

        assert await w.states(number) == {"1.1": "awaiting_approval"}
        assert pay.runs == ["1.1"]
        await w.press("it-happened")
        assert (await w.view(number)).goal.state is GoalState.COMPLETED


@pytest.mark.parametrize("how", ["open", "never started", "unknown"])
async def test_what_can_not_be_taken_up_says_why(tmp_path: Path, how: str) -> None:
    async with world(tmp_path) as w:
        number = await w.set_goal(draft(*chain(1)))
        if how == "never started":
            await w.press("cancel")

        reply = await take_up(w, 7 if how == "unknown" else number)

        assert isinstance(reply, Refused)
        assert (
            reply.sentence
            == {
                "open": "Goal 1 can't be taken up again. It is awaiting start.",
                "never started": "Goal 1 never started. Send it again as a new goal.",
                "unknown": "There is no goal 7. /goals lists them.",
            }[how]
        )


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
async def test_a_crash_while_taking_up_leaves_it_ended_or_taken_up_and_the_same_command_settles_it(
    tmp_path: Path, moment: str
) -> None:
    work = Moody("1.1")
    async with world(tmp_path, work.action, limits=ONCE) as w:
        number = await w.start_goal(draft(*chain(2)))
        await w.settle()
        await w.executor.fail(number, reason="No way", caller=ANN, command_id="fail")
    work.broken.clear()
    points = CrashAt(f"storage.command.{moment}")
    async with world(tmp_path, work.action, limits=ONCE, crash_points=points) as w:
        with pytest.raises(Crashed):
            await take_up(w)

    async with world(tmp_path, work.action, limits=ONCE) as w:
        before = (await w.view(number)).goal.times_taken_up
        await take_up(w)
        await w.settle()
        view = await w.view(number)

    assert before == (1 if moment == "after_commit" else 0)
    assert (view.goal.state, view.goal.times_taken_up, view.goal.plan_version) == (GoalState.COMPLETED, 1, 2)


async def test_dead_letters_are_what_ended_undone_newest_first_with_its_evidence(tmp_path: Path) -> None:
    work = Moody("1.1", "2.1", "4.1")
    async with world(tmp_path, work.action, limits=ONCE) as w:
        for number in (1, 2, 3, 4, 5):
            optional = number == 4
            await w.set_goal(draft(spec("1", optional=optional), spec("2", depends_on=("1",))), f"set/{number}")
            if number != 5:
                await w.executor.start(number, caller=ANN, command_id=f"start/{number}")
            await w.settle()
            w.clock.advance(60)
        await w.executor.fail(1, reason="No way", caller=ANN, command_id="fail")
        w.clock.advance(60)
        await w.executor.cancel(2, caller=ANN, command_id="cancel")
        await w.executor.cancel(5, caller=ANN, command_id="never began")

        letters = await w.executor.dead_letters()

        assert [(one.goal.number, one.task.ref if one.task else None) for one in letters] == [
            (2, None),
            (1, None),
            (4, "4.1"),
        ]
        assert [one.attempt.task_ref for one in letters if one.attempt] == ["2.1", "1.1", "4.1"]
        assert [one.can_be_taken_up for one in letters] == [True, True, False]
        assert letters[1].goal.reason == "Declared failed by Ann: No way"
        assert [one.goal.number for one in await w.executor.dead_letters(offset=1, limit=1)] == [1]
        assert await w.executor.dead_letters(chat_id=99) == []
