"""A plan that changes while it runs: versions, differences, and what is kept."""

from pathlib import Path

import pytest

from executor.domain.adaptation import diff
from executor.domain.goal import GoalState
from executor.domain.notice import NoticeKind
from executor.domain.outcome import Result
from executor.domain.plan import Plan
from executor.engine.flow import advance
from executor.engine.planning.adaptation import adapt, current_plan, deviation_of
from executor.engine.replies import Accepted, Refused
from tests.builders import ANN, CHAT, chain, draft, proposal, spec
from tests.engine.conftest import Walk, failed
from tests.fakes import ScriptedAction
from tests.world import world


def test_a_difference_names_what_came_what_went_and_what_changed() -> None:
    old = Plan(version=3, tasks=(spec("1"), spec("2"), spec("3", estimated_minutes=30)))
    new = Plan(version=4, tasks=(spec("1"), spec("2", "Other"), spec("4"), spec("5", estimated_minutes=150)))

    change = diff(old, new)

    assert change.line == "Plan v3 → v4: +2 −1 ~1, +2 h"
    assert [task.key for task in change.added] == ["4", "5"]
    assert [task.key for task in change.removed] == ["3"]


@pytest.mark.parametrize(
    ("minutes", "said"), [(None, ""), (20.0, ", +20 min"), (-90.0, ", −1.5 h")], ids=["unknown", "more", "less"]
)
def test_time_is_part_of_a_difference_only_where_it_was_estimated(minutes: float | None, said: str) -> None:
    before = 90.0 if minutes is not None else None
    old = Plan(version=1, tasks=(spec("1", estimated_minutes=before),))
    after = None if minutes is None or before is None else before + minutes
    new = Plan(version=2, tasks=(spec("1", estimated_minutes=after),))

    changed = "~1" if minutes is not None else "~0"
    assert diff(old, new).line == f"Plan v1 → v2: +0 −0 {changed}{said}"


def started(*tasks: object) -> Walk:
    walk = Walk(proposal(*tasks))  # type: ignore[arg-type]
    walk.press("start")
    return walk


def test_finished_work_is_kept_and_what_failed_begins_afresh() -> None:
    walk = started(spec("1"), spec("2", depends_on=("1",), attempts_max=1))
    walk.finish("1.1")
    walk.finish("1.2", failed())

    adapt(walk.case, current_plan(walk.case).tasks, reason="Because", deviation=0.4, again={"2"})
    advance(walk.case)

    assert (walk.states(), walk.case.goal.plan_version) == ({"1.1": "completed", "1.2": "queued"}, 2)
    assert walk.case.open_decisions() == []
    assert walk.told(NoticeKind.ADAPTATION)[0]["line"] == "Plan v1 → v2: +0 −0 ~0, Because"


def test_a_task_that_is_inserted_before_another_runs_before_it() -> None:
    walk = started(spec("1", attempts_max=1), spec("2", depends_on=("1",)))
    walk.finish("1.1", failed())
    fix, again = spec("fix", "Install it"), spec("1", depends_on=("fix",), attempts_max=1)

    adapt(walk.case, [fix, again, spec("2", depends_on=("1",))], reason="A module is missing", again={"1"})
    advance(walk.case)

    assert walk.states() == {"1.1": "pending", "1.2": "pending", "1.3": "queued"}
    walk.finish("1.3")
    assert walk.states()["1.1"] == "queued"


def test_a_task_that_is_no_longer_wanted_is_cancelled_and_leaves_the_plan() -> None:
    walk = started(spec("1"), spec("2"))

    adapt(walk.case, [spec("1")], reason="Less is more")
    advance(walk.case)

    assert walk.states() == {"1.1": "queued", "1.2": "cancelled"}
    assert [task.key for task in current_plan(walk.case).tasks] == ["1"]


def test_a_running_task_is_neither_changed_nor_dropped() -> None:
    walk = started(spec("1"), spec("2"))
    walk.claim("1.1")

    adapt(walk.case, [spec("2")], reason="Without 1")

    assert walk.states()["1.1"] == "in_progress"
    assert [task.key for task in current_plan(walk.case).tasks] == ["1", "2"]


def test_deviation_is_the_weighted_share_of_failed_expectations() -> None:
    walk = started(spec("1", weight=3), spec("2", weight=2, attempts_max=1), spec("3"))
    assert deviation_of(walk.case) == 0.0
    walk.finish("1.1")
    walk.finish("1.2", failed())

    assert deviation_of(walk.case) == pytest.approx(0.4)


async def test_a_goal_is_adapted_by_command_and_back_again(tmp_path: Path) -> None:
    def never(parameters: object, context: object) -> Result:
        return Result(success=False, error="exit code 1")

    async with world(tmp_path, ScriptedAction(behaviour=never)) as w:
        number = await w.start_goal(draft(spec("1", attempts_max=1), spec("2", depends_on=("1",))))
        await w.settle()
        assert await w.states(number) == {"1.1": "blocked", "1.2": "pending"}

        reply = await w.executor.adapt(
            number, reason="Customers want less", outcome_deviation=0.4, caller=ANN, command_id="adapt"
        )

        assert isinstance(reply, Accepted)
        assert reply.sentence == "Plan v1 → v2: +0 −0 ~0. Begins afresh: 1.1."
        view = await w.view(number)
        assert (view.goal.plan_version, view.goal.state, view.plan and view.plan.deviation) == (
            2,
            GoalState.IN_PROGRESS,
            0.4,
        )


async def test_versions_are_compared_and_an_older_one_comes_back(tmp_path: Path) -> None:
    async with world(tmp_path, ScriptedAction()) as w:
        number = await w.start_goal(draft(*chain(2)))
        await w.executor.add_task("Call Ann", goal_number=number, origin=CHAT, caller=ANN, command_id="t")

        change = await w.executor.compare(number, 1, 2)
        reply = await w.executor.revert(number, 1, caller=ANN, command_id="back")

        assert not isinstance(change, Refused)
        assert change.line == "Plan v1 → v2: +1 −0 ~0"
        assert isinstance(reply, Accepted)
        assert reply.sentence == "Plan v2 → v3: +0 −1 ~0, as in v1."
        assert (await w.states(number))["1.3"] == "cancelled"


async def test_a_plan_that_is_over_or_unknown_is_not_changed(tmp_path: Path) -> None:
    async with world(tmp_path, ScriptedAction()) as w:
        number = await w.start_goal(draft(spec("1")))
        await w.settle()

        over = await w.executor.adapt(number, reason="", caller=ANN, command_id="a")
        unknown = await w.executor.revert(number, 7, caller=ANN, command_id="b")
        wrong = await w.executor.adapt(number, reason="", outcome_deviation=3, caller=ANN, command_id="c")

        assert [reply.code for reply in (over, unknown, wrong) if isinstance(reply, Refused)] == [
            "not_running",
            "no_such_version",
            "wrong_input",
        ]
