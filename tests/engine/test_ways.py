"""Ways that were weighed and not taken: which are left, and what one of them changes."""

from dataclasses import replace
from pathlib import Path

from executor.domain.decision import DecisionKind
from executor.domain.goal import Goal
from executor.domain.outcome import Result
from executor.domain.plan import Alternative, GoalDraft, Plan, TaskSpec
from executor.engine.casework.ways import by_alternative, left_of
from executor.engine.replies import Accepted
from tests.builders import ANN, draft, proposal, spec
from tests.engine.conftest import Walk
from tests.fakes import ScriptedAction
from tests.world import world

FETCH = spec("fetch", "Fetch")
BY_TRAIN = Alternative(name="train", rationale="Slower, and surer.", probability=0.9, tasks=(FETCH, spec("go", "Ride")))
BY_BUS = Alternative(name="bus", probability=0.4, tasks=(spec("go", "Drive"),))
BY_PLANE = Alternative(name="plane", probability=1.0)


def test_what_is_left_is_what_no_version_took_the_likeliest_first() -> None:
    first = Plan(version=1, alternatives=(BY_BUS, BY_PLANE, BY_TRAIN), chosen="plane")
    later = Plan(version=2)

    assert [one.name for one in left_of([first, later], ())] == ["train", "bus"]
    assert [one.name for one in left_of([first, replace(later, chosen="train")], ())] == ["bus"]
    assert [one.name for one in left_of([first, later], {"train"})] == ["bus"]
    assert left_of([Plan()], ()) == []


def test_the_same_task_counts_as_done_and_another_one_under_its_key_gets_a_new_name() -> None:
    walk = Walk(proposal(FETCH, spec("go", "Fly", depends_on=("fetch",))))
    walk.press("start")
    walk.finish("1.1")
    tell = spec("tell", "Tell", "notify", parameters={"text": "By ${go.output}, ${fetch.output}"}, depends_on=("go",))
    other = replace(BY_TRAIN, tasks=(FETCH, spec("go", "Ride", "ride", depends_on=("fetch",)), tell))

    amendment = by_alternative(walk.case, other)

    assert amendment.reason == "Another way, “train”: Slower, and surer"
    assert [(one.key, one.depends_on) for one in amendment.tasks] == [
        ("fetch", ()),
        ("go-2", ("fetch",)),
        ("tell", ("go-2",)),
    ]
    assert amendment.tasks[2].parameters == {"text": "By ${go-2.output}, ${fetch.output}"}


class Weighing:
    """A brain that has weighed two ways."""

    name = "scripted"
    immediate = True

    async def plan(self, draft: GoalDraft, goal: Goal) -> Plan:
        return Plan(goal_number=goal.number, tasks=draft.tasks, alternatives=(BY_PLANE, BY_TRAIN), chosen="plane")


def never(parameters: object, context: object) -> Result:
    return Result(success=False, error="no", metadata={"exit_code": 1, "stderr": "SyntaxError: invalid syntax"})


def flight() -> tuple[TaskSpec, ...]:
    return FETCH, spec("fly", "Fly", "fly", depends_on=("fetch",))


async def test_when_the_chosen_way_fails_the_other_one_is_proposed_and_taken(tmp_path: Path) -> None:
    flying = ScriptedAction("fly", behaviour=never)
    async with world(tmp_path, ScriptedAction(), flying, brain=Weighing()) as w:
        number = await w.start_goal(draft(*flight()))
        await w.settle()
        asked = [(one.kind, one.task_ref) for one in await w.executor.open_decisions()]

        reply = await w.press("accept")
        await w.settle()

        view = await w.view(number)
        assert asked == [(DecisionKind.BLOCKAGE, "1.2"), (DecisionKind.ADAPTATION, None)]
        assert isinstance(reply, Accepted)
        assert reply.sentence == "Plan v1 → v2: +1 −1 ~0."
        assert {task.spec.title: str(task.state) for task in view.tasks} == {
            "Fetch": "completed",
            "Fly": "cancelled",
            "Ride": "completed",
        }
        assert (view.goal.state, view.plan and view.plan.chosen) == ("completed", "train")


async def test_a_way_that_a_person_did_not_want_is_not_proposed_again(tmp_path: Path) -> None:
    flying = ScriptedAction("fly", behaviour=never)
    async with world(tmp_path, ScriptedAction(), flying, brain=Weighing()) as w:
        await w.start_goal(draft(*flight()))
        await w.settle()
        await w.press("revert")
        await w.press("retry")
        await w.settle()

        asked = [one.kind for one in await w.executor.open_decisions()]

    assert (len(flying.runs), asked) == (2, [DecisionKind.BLOCKAGE])


async def test_adapt_shows_a_way_that_was_not_taken_where_nothing_has_failed(tmp_path: Path) -> None:
    async with world(tmp_path, ScriptedAction(), ScriptedAction("fly"), brain=Weighing()) as w:
        number = await w.start_goal(draft(*flight()))

        reply = await w.executor.adapt(number, reason="", caller=ANN, command_id="a")
        [decision] = await w.executor.open_decisions()

        assert isinstance(reply, Accepted)
        assert reply.sentence == "Question 2 shows another way; until then plan v1 stays."
        assert decision.facts["reason"] == "Another way, “train”: Slower, and surer"
