"""What a goal asks for, changed while it is under way."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from executor.domain.decision import DecisionKind
from executor.domain.goal import GoalState
from executor.domain.plan import Criterion, GoalDraft
from executor.engine.replies import Accepted, Refused, Reply
from tests.builders import ANN, command, draft, spec
from tests.fakes import START, ScriptedAction, ScriptedChecks
from tests.world import World, world

THERE = Criterion(text="It is there", check=command("test -s here"))
LATER = START + timedelta(hours=2)


def sentence(reply: Reply) -> str:
    return reply.sentence


async def edit(w: World, number: int, place: int, criterion: Criterion, *, trusted: bool = True) -> Reply:
    return await w.executor.edit_criterion(
        number, place, criterion, trusted=trusted, caller=ANN, command_id=f"edit/{place}/{criterion.text}"
    )


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (None, "Goal 1 is due at two. Plan v1 stays: nothing in it depends on that."),
        (60, "Goal 1 is due at two. By its estimates the plan fits."),
        (180, "Goal 1 is due at two. By its estimates the plan ends 1 h later; /skip leaves a task out."),
    ],
)
async def test_a_deadline_is_moved_and_held_against_the_estimates(
    tmp_path: Path, minutes: float | None, said: str
) -> None:
    async with world(tmp_path, ScriptedAction()) as w:
        number = await w.start_goal(draft(spec("1", estimated_minutes=minutes)))

        reply = await w.executor.set_deadline(number, LATER, told="at two", caller=ANN, command_id="d")

        assert (sentence(reply), (await w.view(number)).goal.deadline_at) == (said, LATER)


async def test_a_deadline_can_be_taken_away_and_a_goal_that_is_over_has_none_to_move(tmp_path: Path) -> None:
    async with world(tmp_path, ScriptedAction()) as w:
        number = await w.start_goal(draft(spec("1"), deadline_at=LATER))

        reply = await w.executor.set_deadline(number, None, caller=ANN, command_id="d")
        await w.settle()
        late = await w.executor.set_deadline(number, LATER, caller=ANN, command_id="e")

        assert sentence(reply) == "Goal 1 has no deadline any more."
        assert isinstance(late, Refused)


async def test_a_priority_is_one_to_ten(tmp_path: Path) -> None:
    async with world(tmp_path, ScriptedAction()) as w:
        number = await w.start_goal(draft(spec("1")))

        reply = await w.executor.set_priority(number, 8, caller=ANN, command_id="p")
        wrong = await w.executor.set_priority(number, 11, caller=ANN, command_id="q")

        assert (sentence(reply), (await w.view(number)).goal.priority) == ("Goal 1 has priority 8 of 10.", 8)
        assert sentence(wrong) == "A priority is p1 (lowest) to p10 (highest), not 11."


async def test_a_criterion_that_was_found_wanting_is_edited_and_looked_at_anew(tmp_path: Path) -> None:
    checks = ScriptedChecks({"test -s there": False})
    async with world(tmp_path, ScriptedAction(), checks=checks) as w:
        wrong = Criterion(text="It is there", check=command("test -s there"))
        number = await w.start_goal(draft(spec("1"), criteria=(wrong,)))
        await w.settle()
        blocked = (await w.states(number))["1.c1"]

        reply = await edit(w, number, 1, THERE)
        await w.settle()

        view = await w.view(number)
        assert blocked == "blocked"
        assert sentence(reply) == "Plan v1 → v2: +0 −0 ~1. Checked at the end by `test -s here`."
        assert (view.goal.state, view.plan and view.plan.criteria) == (GoalState.COMPLETED, (THERE,))


async def test_a_criterion_more_is_added_and_has_to_hold(tmp_path: Path) -> None:
    checks = ScriptedChecks({"test -s here": False})
    async with world(tmp_path, ScriptedAction(), checks=checks) as w:
        number = await w.start_goal(draft(spec("1")))

        reply = await edit(w, number, 1, THERE)
        await w.settle()

        assert sentence(reply) == "Plan v1 → v2: +1 −0 ~0. Checked at the end by `test -s here`."
        assert await w.states(number) == {"1.1": "completed", "1.c1": "blocked"}


async def test_a_criterion_that_a_task_was_made_of_takes_the_task_along(tmp_path: Path) -> None:
    async with world(tmp_path, ScriptedAction("manual")) as w:
        number = await w.start_goal(GoalDraft(title="Notes", criteria=(Criterion(text="They are packed"),)))

        reply = await edit(w, number, 1, Criterion(text="They are sent"))

        view = await w.view(number)
        assert sentence(reply) == "Plan v1 → v2: +0 −0 ~2. A person is asked at the end."
        assert [task.spec.title for task in view.tasks] == ["They are sent", "They are sent"]
        assert view.tasks[0].spec.parameters["instructions"] == "They are sent"


@pytest.mark.parametrize(
    ("place", "code"), [(1, "already_checked"), (4, "no_such_criterion"), (0, "no_such_criterion")]
)
async def test_what_is_checked_or_not_there_is_not_edited(tmp_path: Path, place: int, code: str) -> None:
    checks = ScriptedChecks({"false": False})
    never = Criterion(text="Never", check=command("false"))
    async with world(tmp_path, ScriptedAction(), checks=checks) as w:
        number = await w.start_goal(draft(spec("1"), criteria=(THERE, never)))
        await w.settle()

        reply = await edit(w, number, place, replace(THERE, text="New"))

        assert isinstance(reply, Refused)
        assert reply.code == code


async def test_before_start_and_after_the_end_the_criteria_stay(tmp_path: Path) -> None:
    async with world(tmp_path, ScriptedAction()) as w:
        number = await w.set_goal(draft(spec("1"), criteria=(THERE,)))

        early = await edit(w, number, 1, THERE)

        assert sentence(early) == "Goal 1 is awaiting start. Press Edit on its card."


async def test_who_may_not_accept_plans_proposes_a_criterion(tmp_path: Path) -> None:
    async with world(tmp_path, ScriptedAction()) as w:
        number = await w.start_goal(draft(spec("1"), criteria=(THERE,)))

        reply = await edit(w, number, 1, replace(THERE, check=command("rm -rf .")), trusted=False)
        [decision] = await w.executor.open_decisions()

        assert sentence(reply) == "Question 2 asks somebody who may accept it; until then the plan stays."
        assert (decision.kind, decision.facts["criteria"]) == (
            DecisionKind.ADAPTATION,
            [{"text": "It is there", "check": "rm -rf .", "before": "It is there"}],
        )
        await w.press("accept")
        assert (await w.view(number)).goal.plan_version == 2


async def test_adapting_where_nothing_can_be_improved_says_so_and_makes_no_version(tmp_path: Path) -> None:
    async with world(tmp_path, ScriptedAction("manual"), ScriptedAction()) as w:
        number = await w.start_goal(draft(spec("1"), spec("2", action="manual", depends_on=("1",))))

        reply = await w.executor.adapt(number, reason="Just so", caller=ANN, command_id="a")

        assert sentence(reply) == (
            "Plan v1 stays: nothing has failed, and I know no other way. "
            "/task 1 adds a task, /skip leaves one out, /adapt 1 c1 changes a criterion."
        )
        assert (await w.view(number)).goal.plan_version == 1


async def test_adapting_looks_at_a_criterion_again_that_was_found_wanting(tmp_path: Path) -> None:
    checks = ScriptedChecks({"test -s here": False})
    async with world(tmp_path, ScriptedAction(), checks=checks) as w:
        number = await w.start_goal(draft(spec("1"), criteria=(THERE,)))
        await w.settle()
        checks.answers["test -s here"] = True

        reply = await w.executor.adapt(number, reason="", caller=ANN, command_id="a")
        await w.settle()

        assert isinstance(reply, Accepted)
        assert sentence(reply) == "Plan v1 → v2: +0 −0 ~0. Begins afresh: 1.c1."
        assert (await w.view(number)).goal.state is GoalState.COMPLETED
