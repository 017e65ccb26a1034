"""Changing course: what is applied, what is asked, and what is left alone."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from executor.domain.amendment import Amendment
from executor.domain.blockage import BlockageType
from executor.domain.decision import Decision, DecisionKind
from executor.domain.goal import GoalState
from executor.domain.limits import Limits
from executor.domain.notice import NoticeKind
from executor.domain.outcome import Result, Stumbled
from executor.domain.plan import TaskSpec
from executor.domain.task import TaskState
from executor.engine.asking import intervening
from executor.engine.blockages.blocking import ask_again
from executor.engine.flow import advance
from executor.engine.planning.adaptation import current_plan
from executor.engine.planning.steering import offer, propose_change, steer
from executor.engine.replies import Accepted, Refused
from tests.builders import ANN, chain, draft, proposal, spec
from tests.engine.conftest import Walk, failed
from tests.fakes import ScriptedAction
from tests.world import world

WAYS_OUT = ["Retry", "Skip", "Take over", "Pause"]


def started(*tasks: TaskSpec, limits: Limits | None = None, autonomy: str = "plan") -> Walk:
    """A goal under way in which Milepost acts by itself."""
    walk = Walk(proposal(*tasks, limits=limits))
    walk.press("start")
    walk.case.set_goal(replace(walk.case.goal, autonomy=autonomy))
    walk.case.by = None
    return walk


def questions(walk: Walk) -> list[tuple[DecisionKind, str | None]]:
    return [(one.kind, one.task_ref) for one in walk.case.open_decisions()]


def missing_folder() -> Stumbled:
    return failed("exit code 1", "bash: line 1: out/today.txt: No such file or directory")


def writes(key: str, **more: object) -> TaskSpec:
    return spec(key, f"Step {key}", "shell", parameters={"command": "echo hello > out/today.txt"}, **more)


# -------------------------------------------------------------------------------------- repairs inside and outside


def test_a_repair_inside_the_envelope_is_applied_and_counted() -> None:
    walk = started(writes("1"))

    walk.finish("1.1", missing_folder())

    goal = walk.case.goal
    assert (goal.plan_version, goal.own_adaptations, goal.own_tasks) == (2, 1, 1)
    assert walk.case.open_decisions() == []


@pytest.mark.parametrize(
    ("limits", "because"),
    [
        (Limits(adaptations_max=0, attempts_max=1), "I may not change a plan by myself"),
        (Limits(extra_tasks_max=0, attempts_max=1), "It adds 1 task, and I may add no more by myself"),
    ],
    ids=["no more changes", "no more tasks"],
)
def test_a_known_repair_that_may_not_be_made_alone_becomes_a_button(limits: Limits, because: str) -> None:
    walk = started(writes("1"), limits=limits)

    walk.finish("1.1", missing_folder())

    [decision] = walk.case.open_decisions()
    assert [option.label for option in decision.options] == ["Retry", "Retry with fix", *WAYS_OUT[1:]]
    assert decision.facts["fix"] == {
        "what": "The folder out is missing: making it",
        "runs": ["mkdir -p -- out", "echo hello > out/today.txt"],
        "because": [because],
    }
    assert walk.case.goal.plan_version == 1


def test_retry_with_fix_makes_the_repair_and_is_not_counted_as_ours() -> None:
    walk = started(writes("1"), limits=Limits(adaptations_max=0, attempts_max=1))
    walk.finish("1.1", missing_folder())

    walk.case.by = ANN
    reply = walk.press("retry-with-fix")

    assert isinstance(reply, Accepted)
    assert reply.sentence == "Trying 1.1 again: The folder out is missing: making it."
    assert walk.states() == {"1.1": "pending", "1.2": "queued"}
    assert (walk.case.goal.plan_version, walk.case.goal.own_adaptations) == (2, 0)


def test_a_fix_is_offered_again_after_a_pause() -> None:
    walk = started(writes("1"), limits=Limits(adaptations_max=0, attempts_max=1))
    walk.finish("1.1", missing_folder())
    walk.press("pause")

    walk.case.move_goal(GoalState.IN_PROGRESS)
    ask_again(walk.case)

    [decision] = walk.case.open_decisions()
    assert [option.name for option in decision.options][:2] == ["retry", "retry-with-fix"]


def test_a_command_that_ran_into_the_usual_limit_may_have_more_time_with_a_word() -> None:
    walk = started(spec("1", "Slow", "shell", parameters={"command": "sleep 900"}), limits=Limits(attempts_max=1))

    walk.finish("1.1", Stumbled(result=Result(success=False, error="timed out", metadata={"timed_out": True})))

    [decision] = walk.case.open_decisions()
    assert decision.facts["fix"] == {
        "what": "It ran out of its 600 s: allowing 1200 s",
        "runs": ["sleep 900"],
        "because": ["It allows “Slow” 1200 s; I may go up to 600 s by myself"],
    }


# ------------------------------------------------------------------------------------------ another order of the tasks


def stuck(limits: Limits | None = None, *, critical: bool = False, autonomy: str = "plan") -> Walk:
    """1.1 failed for good, and 1.2 has finished since."""
    limits = limits or Limits(attempts_max=1)
    walk = started(spec("1", critical=critical), spec("2", weight=1), spec("3"), limits=limits, autonomy=autonomy)
    walk.finish("1.1", failed())
    walk.case.now += timedelta(seconds=60)
    walk.finish("1.2")
    walk.finish("1.3")
    return walk


def test_above_the_threshold_what_failed_is_tried_once_more_behind_what_has_finished_since() -> None:
    walk = stuck()

    steer(walk.case)

    task = walk.case.tasks["1.1"]
    assert (task.state, task.spec.depends_on, task.failures) == ("queued", ("2", "3"), 0)
    assert walk.told(NoticeKind.ADAPTATION)[0]["line"] == (
        "Plan v1 → v2: +0 −0 ~1, 1.1 is tried again behind 1.2, 1.3, finished since it failed"
    )
    assert (walk.case.open_decisions(), walk.case.goal.own_adaptations) == ([], 1)


def test_when_it_fails_again_there_is_nothing_new_and_a_person_is_asked() -> None:
    walk = stuck()
    steer(walk.case)

    walk.finish("1.1", failed())
    steer(walk.case)

    assert (questions(walk), walk.case.goal.plan_version) == ([(DecisionKind.BLOCKAGE, "1.1")], 2)


def test_below_the_threshold_the_plan_stays_unless_the_task_is_critical() -> None:
    limits = Limits(attempts_max=1, adaptation_threshold=0.5)
    usual, critical = stuck(limits), stuck(limits, critical=True)

    steer(usual.case)
    steer(critical.case)

    assert (usual.case.goal.plan_version, critical.case.goal.plan_version) == (1, 2)


def test_a_critical_task_says_so_on_its_card() -> None:
    walk = started(spec("1", critical=True), limits=Limits(attempts_max=1))

    walk.finish("1.1", failed())

    assert walk.case.open_decisions()[0].facts["critical"] is True


def test_what_only_time_or_a_person_can_lift_is_not_reordered() -> None:
    walk = stuck()
    blockage = walk.case.blockages["1.1"]
    walk.case.blockages["1.1"] = replace(blockage, type=BlockageType.EXTERNAL)

    steer(walk.case)

    assert walk.case.goal.plan_version == 1


def test_at_the_limit_one_question_takes_the_place_of_the_others() -> None:
    walk = stuck(Limits(attempts_max=1, adaptations_max=0))

    steer(walk.case)

    [decision] = walk.case.open_decisions()
    assert (decision.kind, decision.task_ref) == (DecisionKind.ADAPTATION, None)
    assert [option.label for option in decision.options] == ["Accept", "Revert", "Ask why"]
    assert decision.facts["because"] == ["I may not change a plan by myself"]
    assert walk.states()["1.1"] == "blocked"


@pytest.mark.parametrize(("autonomy", "version"), [("full", 1), ("risky", 1)])
def test_limits_ask_whatever_the_autonomy(autonomy: str, version: int) -> None:
    walk = stuck(Limits(attempts_max=1, adaptations_max=0), autonomy=autonomy)

    steer(walk.case)

    assert walk.case.goal.plan_version == version


@pytest.mark.parametrize(("autonomy", "asked"), [("plan", True), ("risky", False), ("full", False)])
def test_a_new_command_asks_only_where_a_plan_has_to_be_accepted(autonomy: str, asked: bool) -> None:
    walk = started(*chain(2), autonomy=autonomy)
    added = spec("new", "New", "shell", parameters={"command": "make"})

    offer(walk.case, Amendment(tasks=(*current_plan(walk.case).tasks, added), reason="It needs that"))

    assert [one.kind for one in walk.case.open_decisions()] == ([DecisionKind.ADAPTATION] if asked else [])
    assert walk.case.goal.plan_version == (1 if asked else 2)


def test_what_reaches_outside_asks_also_where_no_plan_is_accepted() -> None:
    asked = []
    for autonomy in ("risky", "full"):
        walk = started(*chain(1), autonomy=autonomy)
        post = spec("new", "Tell", "http", parameters={"method": "POST", "url": "https://x"})
        offer(walk.case, Amendment(tasks=(*current_plan(walk.case).tasks, post), reason="It needs that"))
        asked.append(len(walk.case.open_decisions()))

    assert asked == [1, 0]


# --------------------------------------------------------------------------------------------------- the three answers


def proposed() -> Walk:
    """Waits for a word about a plan in which 1.1 is tried again behind the others."""
    walk = stuck(Limits(attempts_max=1, adaptations_max=0))
    steer(walk.case)
    return walk


def test_accept_makes_it_the_plan() -> None:
    walk = proposed()
    walk.case.by = ANN

    reply = walk.press("accept")

    assert isinstance(reply, Accepted)
    assert (reply.sentence, walk.states()["1.1"]) == ("Plan v1 → v2: +0 −0 ~1.", "queued")
    assert (walk.case.goal.plan_version, walk.case.goal.own_adaptations) == (2, 0)


def test_revert_keeps_the_plan_and_the_task_becomes_what_it_was() -> None:
    walk = proposed()

    reply = walk.press("revert")

    assert isinstance(reply, Accepted)
    assert reply.sentence == "Plan v1 stays."
    assert (questions(walk), walk.case.goal.plan_version) == ([(DecisionKind.BLOCKAGE, "1.1")], 1)
    assert [option.label for option in walk.case.open_decisions()[0].options] == WAYS_OUT


def test_ask_why_tells_from_state_and_leaves_the_question_open() -> None:
    walk = proposed()

    reply = walk.press("ask-why")

    assert isinstance(reply, Accepted)
    assert reply.aloud
    assert reply.sentence.split("\n") == [
        "1.1 is tried again behind 1.2, 1.3, finished since it failed.",
        "33% of what was tried has failed, by weight; more than the 30% allowed.",
        "1.1 Step 1: exit code 1",
        "• Ran it once",
        "• it said: boom",
        "I ask because:",
        "• I may not change a plan by myself",
    ]
    assert questions(walk) == [(DecisionKind.ADAPTATION, None)]


def test_a_plan_that_changed_meanwhile_takes_the_question_with_it() -> None:
    walk = proposed()
    [decision] = walk.case.open_decisions()

    walk.case.by = ANN
    offer(walk.case, Amendment(tasks=(*current_plan(walk.case).tasks, spec("4", optional=True)), reason="Ann said so"))
    propose_change(walk.case, Amendment(tasks=current_plan(walk.case).tasks, because=("x",)))
    closed = walk.case.decisions[decision.number]

    assert (closed.state, closed.note) == ("withdrawn", "Another change is proposed")


def test_a_proposal_is_withdrawn_once_its_tasks_go_on_by_another_way() -> None:
    walk = proposed()
    task = walk.case.tasks["1.1"]

    walk.case.move_task(task.ref, TaskState.QUEUED)
    advance(walk.case)

    assert walk.case.open_decisions() == []


def test_a_proposal_waits_while_the_goal_is_paused_and_asks_nothing_twice() -> None:
    walk = proposed()
    walk.case.move_goal(GoalState.PAUSED)

    walk.case.move_goal(GoalState.IN_PROGRESS)
    ask_again(walk.case)

    assert questions(walk) == [(DecisionKind.ADAPTATION, None)]


# ------------------------------------------------------------------------------------------------------ a skipped task


def test_what_only_served_a_skipped_task_is_offered_to_go() -> None:
    walk = started(spec("1"), spec("2", depends_on=("1",)), spec("3", depends_on=("2",)), spec("4"))
    walk.case.by = ANN

    skip_task(walk, "1.3")

    [decision] = walk.case.open_decisions()
    assert decision.facts["removed"] == ["Step 1", "Step 2"]
    assert decision.facts["reason"] == "1.1 and 1.2 only served 1.3, which is skipped"
    walk.press("accept")
    assert walk.states() == {"1.1": "cancelled", "1.2": "cancelled", "1.3": "skipped", "1.4": "queued"}


def skip_task(walk: Walk, ref: str) -> None:
    intervening.skip(walk.case, walk.case.tasks[ref], ANN)
    advance(walk.case)


def test_what_something_else_needs_stays_without_a_word() -> None:
    walk = started(spec("1"), spec("2", depends_on=("1",)), spec("3", depends_on=("1",)))

    skip_task(walk, "1.2")

    assert (walk.case.open_decisions(), walk.case.goal.plan_version) == ([], 1)


def test_a_repair_of_ours_goes_with_the_task_that_it_was_for() -> None:
    walk = started(writes("1"), spec("2"))
    walk.finish("1.1", missing_folder())

    skip_task(walk, "1.1")

    assert walk.states() == {"1.1": "skipped", "1.2": "queued", "1.3": "cancelled"}
    assert walk.case.open_decisions() == []


# ------------------------------------------------------------------------------------------------- nothing moves at all


def all_blocked() -> Walk:
    walk = started(spec("1"), spec("2", critical=True), spec("3", depends_on=("1",)), limits=Limits(attempts_max=1))
    walk.finish("1.1", failed())
    walk.finish("1.2", failed())
    return walk


def impasse(walk: Walk) -> Decision:
    return next(one for one in walk.case.open_decisions() if one.task_ref is None)


def test_a_goal_whose_every_way_is_blocked_asks_as_a_whole() -> None:
    decision = impasse(all_blocked())

    assert [option.label for option in decision.options] == ["Retry", "Skip", "Pause", "Stop"]
    assert decision.facts == {
        "title": "Rest",
        "number": 1,
        "blocked": ["1.1 Step 1: exit code 1", "1.2 Step 2: exit code 1"],
        "critical": ["1.2"],
        "done": 0,
        "waiting": 1,
    }


def test_a_single_blocked_task_asks_once() -> None:
    walk = started(spec("1"), spec("2", depends_on=("1",)), limits=Limits(attempts_max=1))

    walk.finish("1.1", failed())

    assert questions(walk) == [(DecisionKind.BLOCKAGE, "1.1")]


@pytest.mark.parametrize(
    ("option", "states", "goal"),
    [
        ("retry", {"1.1": "queued", "1.2": "queued", "1.3": "pending"}, GoalState.IN_PROGRESS),
        ("skip", {"1.1": "skipped", "1.2": "skipped", "1.3": "queued"}, GoalState.IN_PROGRESS),
        ("pause", {"1.1": "blocked", "1.2": "blocked", "1.3": "pending"}, GoalState.PAUSED),
        ("stop", {"1.1": "cancelled", "1.2": "cancelled", "1.3": "cancelled"}, GoalState.FAILED),
    ],
)
def test_an_answer_about_the_goal_is_about_every_blocked_task(
    option: str, states: dict[str, str], goal: GoalState
) -> None:
    walk = all_blocked()

    walk.press(option)

    assert (walk.states(), walk.case.goal.state) == (states, goal)
    assert [one.task_ref for one in walk.case.open_decisions()] == (["1.1", "1.2"] if option == "pause" else [])


def test_the_question_about_the_goal_closes_when_one_way_is_open_again() -> None:
    walk = all_blocked()
    number = impasse(walk).number

    skip_task(walk, "1.1")

    assert walk.case.decisions[number].state == "withdrawn"


# ------------------------------------------------------------------------------------------- over a real database


def never(parameters: object, context: object) -> Result:
    return Result(success=False, error="exit code 1", metadata={"exit_code": 1, "stderr": "boom"})


async def test_a_proposal_survives_a_restart_and_is_accepted_afterwards(tmp_path: Path) -> None:
    limits = Limits(attempts_max=1, adaptations_max=0)
    failing = ScriptedAction("fails", behaviour=never)
    async with world(tmp_path, failing, ScriptedAction(), limits=limits) as w:
        number = await w.start_goal(draft(*chain(3)))
        await w.executor.skip(f"{number}.3", caller=ANN, command_id="skip")
        before = await w.executor.open_decisions()

    async with world(tmp_path, failing, ScriptedAction(), limits=limits) as w:
        after = await w.executor.open_decisions()
        reply = await w.press("accept")

        assert before == after
        assert isinstance(reply, Accepted)
        assert (await w.view(number)).goal.plan_version == 2


async def test_the_first_answer_wins_and_later_ones_hear_of_it(tmp_path: Path) -> None:
    async with world(tmp_path, ScriptedAction()) as w:
        number = await w.start_goal(draft(*chain(3)))
        await w.executor.skip(f"{number}.3", caller=ANN, command_id="skip")
        [decision] = await w.executor.open_decisions()

        stale = await w.executor.answer(decision.number, option="accept", revision=9, caller=ANN, command_id="a")
        rejected = await w.executor.reject(decision.number, caller=ANN, command_id="b")
        late = await w.executor.approve(decision.number, caller=ANN, command_id="c")

        assert isinstance(rejected, Accepted)
        assert rejected.sentence == "Plan v1 stays."
        assert [reply.code for reply in (stale, late) if isinstance(reply, Refused)] == [
            "superseded",
            "already_decided",
        ]
