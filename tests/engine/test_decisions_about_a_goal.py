"""What follows from what, decided without a database: the flow of one goal."""

from dataclasses import replace
from datetime import timedelta

import pytest

from executor.domain.decision import DecisionKind
from executor.domain.effect import Effect, EffectState
from executor.domain.goal import GoalState
from executor.domain.notice import NoticeKind
from executor.domain.outcome import Interrupted, NeedsPerson, NotNeeded, Result, Stumbled, Uncertain, Waiting
from executor.domain.plan import Criterion
from executor.domain.task import TaskState
from executor.engine.asking import answers
from executor.engine.flow import advance, end
from executor.engine.replies import Accepted, Refused
from executor.engine.settle import settle
from tests.builders import ANN, chain, command, proposal, spec
from tests.engine.conftest import OK, Walk, failed
from tests.fakes import START


def started(*tasks: object, criteria: tuple[Criterion, ...] = ()) -> Walk:
    walk = Walk(proposal(*tasks, criteria=criteria))  # type: ignore[arg-type]
    walk.press("start")
    return walk


def test_nothing_is_queued_before_start() -> None:
    walk = Walk(proposal(*chain(2)))

    assert walk.case.goal.state is GoalState.AWAITING_START
    assert walk.states() == {"1.1": "pending", "1.2": "pending"}


def test_start_releases_what_waits_for_nothing_and_announces_the_plan() -> None:
    walk = started(spec("1"), spec("2"), spec("3", depends_on=("1", "2")))

    assert walk.states() == {"1.1": "queued", "1.2": "queued", "1.3": "pending"}
    assert walk.case.goal.percentage == 10
    assert walk.told(NoticeKind.MILESTONE) == [
        {
            "percentage": 10,
            "title": "Planning Complete",
            "goal_title": "Rest",
            "note": "Initial planning phase completed",
        }
    ]


def test_a_task_is_released_when_the_last_of_its_dependencies_is_done() -> None:
    walk = started(spec("1"), spec("2"), spec("3", depends_on=("1", "2")))

    walk.finish("1.1")
    assert walk.states()["1.3"] == "pending"
    walk.finish("1.2")
    assert walk.states()["1.3"] == "queued"


def test_a_jump_over_several_milestones_announces_the_highest_and_records_the_rest() -> None:
    walk = started(spec("1", weight=6), spec("2", weight=4))

    walk.finish("1.1")

    announced = [facts["percentage"] for facts in walk.told(NoticeKind.MILESTONE)]
    recorded = [(m.percentage, m.announced) for m in walk.case._new.milestones]
    assert (announced, recorded) == ([10, 50], [(10, True), (25, False), (50, True)])


def test_without_criteria_a_goal_is_complete_when_its_last_task_succeeded() -> None:
    walk = started(*chain(2))

    walk.finish("1.1")
    walk.finish("1.2")

    [end] = walk.told(NoticeKind.END)
    assert walk.case.goal.state is GoalState.COMPLETED
    assert (end["title"], end["percentage"], end["attempts"]) == ("Goal Complete", 100, 2)


def test_a_criterion_is_checked_after_all_work_and_the_receipt_shows_what_was_seen() -> None:
    walk = started(spec("1"), criteria=(Criterion(text="It exists", check=command("test -s x")),))
    assert walk.states() == {"1.1": "queued", "1.c1": "pending"}

    walk.finish("1.1")
    assert (walk.case.goal.state, walk.states()["1.c1"]) == (GoalState.VALIDATING, "queued")
    walk.finish("1.c1", replace(OK, evidence="`test -s x` → exit 0"))

    [end] = walk.told(NoticeKind.END)
    assert end["criteria"] == [{"text": "It exists", "met": True, "evidence": "`test -s x` → exit 0"}]
    assert end["attempts"] == 1  # of the work: the look at a criterion is no try


def test_a_criterion_that_does_not_hold_blocks_the_goal_and_never_completes_it() -> None:
    walk = started(spec("1"), criteria=(Criterion(text="It exists", check=command("test -s x")),))
    walk.finish("1.1")

    walk.finish("1.c1", Stumbled(result=Result(success=True), evidence="The check does not hold: exit 1"))

    assert (walk.case.goal.state, walk.told(NoticeKind.END)) == (GoalState.BLOCKED, [])
    assert walk.case.blockages["1.c1"].cause == "The check does not hold: exit 1"


def test_a_criterion_that_a_finished_task_proves_is_not_asked_twice() -> None:
    walk = started(spec("1"), criteria=(Criterion(text="Ann agrees", covered_by="1"),))

    walk.finish("1.1", replace(OK, evidence="Done by Ann"))

    assert walk.case.goal.state is GoalState.COMPLETED
    assert walk.case.tasks["1.c1"].summary == "Done by Ann"


def test_a_criterion_whose_covering_task_was_skipped_still_needs_its_own_proof() -> None:
    walk = started(spec("1"), spec("2"), criteria=(Criterion(text="Ann agrees", covered_by="1"),))
    walk.finish("1.1", failed())
    walk.finish("1.1", failed())
    walk.finish("1.1", failed())
    walk.press("skip")
    walk.finish("1.2")

    assert (walk.case.goal.state, walk.states()["1.c1"]) == (GoalState.VALIDATING, "queued")


def test_three_failures_with_growing_pauses_become_a_blockage_with_four_ways_out() -> None:
    walk = started(spec("1"), spec("2", "Send", depends_on=("1",)))

    walk.finish("1.1", failed())
    first = walk.case.tasks["1.1"]
    walk.finish("1.1", failed())
    second = walk.case.tasks["1.1"]
    walk.finish("1.1", failed(stderr="No space left on device"))

    pauses = [task.due_at - START for task in (first, second) if task.due_at]
    [decision] = walk.case.open_decisions("1.1")
    assert pauses == [timedelta(seconds=2), timedelta(seconds=4)]
    assert [option.label for option in decision.options] == ["Retry", "Skip", "Take over", "Pause"]
    assert decision.facts == {
        "ref": "1.1",
        "title": "Step 1",
        "type": "resource",
        "cause": "The disk is full",
        "detail": "No space left on device",
        "tried": ["Ran it 3 times, with growing pauses"],
        "waits": ["1.2 Send"],
        "attempts": 3,
    }
    assert walk.case.goal.state is GoalState.BLOCKED


def test_a_blocked_task_does_not_hold_up_other_branches() -> None:
    walk = started(spec("1", attempts_max=1), spec("2"))

    walk.finish("1.1", failed())

    assert (walk.case.goal.state, walk.states()["1.2"]) == (GoalState.IN_PROGRESS, "queued")


@pytest.mark.parametrize(
    ("option", "state", "goal_state"),
    [
        ("retry", "queued", GoalState.IN_PROGRESS),
        ("skip", "skipped", GoalState.CANCELLED),  # nothing at all was done
        ("take-over", "queued", GoalState.IN_PROGRESS),
        ("pause", "blocked", GoalState.PAUSED),
    ],
)
def test_each_way_out_of_a_blockage(option: str, state: str, goal_state: GoalState) -> None:
    walk = started(spec("1", attempts_max=1))
    walk.finish("1.1", failed())

    walk.press(option)

    assert (walk.states()["1.1"], walk.case.goal.state) == (state, goal_state)


def test_a_retry_by_a_person_counts_failures_from_the_start_and_attempts_on() -> None:
    walk = started(spec("1", attempts_max=1))
    walk.finish("1.1", failed())

    walk.press("retry")

    task = walk.case.tasks["1.1"]
    assert (task.failures, task.attempts) == (0, 1)


def test_an_optional_task_that_fails_asks_nobody() -> None:
    walk = started(spec("1", optional=True, attempts_max=1), spec("2", depends_on=("1",)))

    walk.finish("1.1", failed())

    assert (walk.states(), walk.case.open_decisions()) == ({"1.1": "failed", "1.2": "queued"}, [])


def test_a_task_for_a_person_parks_and_its_done_is_checked_like_any_other() -> None:
    walk = started(spec("1", action="manual", check=command("test -s x")))
    walk.finish("1.1", NeedsPerson(manual=True, question="Sign it", check="test -s x"))
    [decision] = walk.case.open_decisions("1.1")
    assert (decision.kind, walk.case.goal.state) == (DecisionKind.MANUAL, GoalState.BLOCKED)

    walk.press("done")
    walk.finish("1.1", Stumbled(result=Result(success=True), evidence="The check does not hold: exit 1"))

    task = walk.case.tasks["1.1"]
    assert (task.state, task.answer, task.failures) == (TaskState.QUEUED, None, 0)
    assert task.summary == "The check does not hold: exit 1"


def test_handing_back_a_task_made_for_a_person_blocks_it() -> None:
    walk = started(spec("1", action="manual"))
    walk.finish("1.1", NeedsPerson(manual=True, question="Sign it"))

    walk.press("hand-back")

    assert walk.case.blockages["1.1"].cause == "Ann handed it back"


def test_handing_back_a_task_that_was_taken_over_gives_it_to_milepost_again() -> None:
    walk = started(spec("1", attempts_max=1))
    walk.finish("1.1", failed())
    walk.press("take-over")
    walk.finish("1.1", NeedsPerson(manual=True, question="Step 1"))

    walk.press("hand-back")

    task = walk.case.tasks["1.1"]
    assert (task.state, task.taken_over) == (TaskState.QUEUED, False)


def test_a_question_takes_words_and_a_choice() -> None:
    walk = started(spec("1", action="ask"), spec("2", action="ask"))
    walk.finish("1.1", NeedsPerson(manual=False, question="Which colour?", choices=("Red", "Blue")))
    walk.press("blue")
    walk.finish("1.2", NeedsPerson(manual=False, question="Which size?"))
    walk.press("quite large")

    said = [walk.case.tasks[ref].answer for ref in ("1.1", "1.2")]
    assert [answer and answer.text for answer in said] == ["Blue", "quite large"]


def test_the_first_valid_answer_wins_and_a_later_one_hears_who_decided() -> None:
    walk = Walk(proposal(spec("1")))
    [decision] = walk.case.open_decisions()
    walk.press("start")

    late = answers.answer(
        walk.case, walk.case.decisions[decision.number], ANN, option="cancel", text=None, revision=None
    )

    assert late == Refused(
        code="already_decided", sentence="Question 1 was already decided by Ann at 09:00 UTC: Start."
    )


def test_who_hears_of_it_another_day_hears_the_date_as_well() -> None:
    walk = Walk(proposal(spec("1")))
    [decision] = walk.case.open_decisions()
    walk.press("start")
    answered = walk.case.decisions[decision.number]

    later = [answers.closed(answered, START + timedelta(days=days)).sentence for days in (1, 365)]

    assert later == [
        "Question 1 was already decided by Ann on 2 Mar at 09:00 UTC: Start.",
        "Question 1 was already decided by Ann on 2 Mar 2026 at 09:00 UTC: Start.",
    ]


def test_a_press_on_a_superseded_revision_is_refused() -> None:

    walk = Walk(proposal(spec("1")))
    [decision] = walk.case.open_decisions()

    reply = answers.answer(walk.case, decision, ANN, option="start", text=None, revision=decision.revision + 1)

    assert isinstance(reply, Refused)
    assert reply.code == "superseded"


def test_an_option_that_does_not_exist_names_those_that_do() -> None:
    walk = Walk(proposal(spec("1")))

    reply = walk.press("perhaps")

    assert reply == Refused(code="no_such_option", sentence="Question 1 takes: start, edit, cancel.")


def test_edit_asks_for_the_new_text() -> None:
    walk = Walk(proposal(spec("1")))

    reply = walk.press("edit")

    assert isinstance(reply, Accepted)
    assert reply.wants_text


def test_a_waiting_attempt_frees_its_slot_and_goes_on_under_its_number() -> None:
    walk = started(spec("1", action="wait"))

    walk.finish("1.1", Waiting(wait_s=600, note="Waits until 18:00"))
    task = walk.case.tasks["1.1"]
    walk.finish("1.1")

    assert (task.state, task.due_at) == (TaskState.QUEUED, START + timedelta(seconds=600))
    assert (walk.case.tasks["1.1"].attempts, walk.case.goal.state) == (1, GoalState.COMPLETED)


def test_an_interruption_is_no_failure_and_looks_at_the_check_first() -> None:
    walk = started(spec("1", check=command("test -s x")))

    walk.finish("1.1", Interrupted(note="Milepost was stopped"))

    task = walk.case.tasks["1.1"]
    assert (task.state, task.failures, task.verify_first) == (TaskState.QUEUED, 0, True)


def uncertain() -> Walk:
    walk = started(spec("1"))
    number = walk.claim("1.1")
    effect = Effect(id="1.1#1", goal_number=1, task_ref="1.1", attempt=1, what="POST https://x", intended_at=START)
    walk.case.intend(effect)
    settle(walk.case, "1.1", number, Uncertain(note="The connection was lost"))
    advance(walk.case)
    return walk


def test_an_effect_without_a_receipt_is_asked_about_and_not_repeated() -> None:
    walk = uncertain()

    [decision] = walk.case.open_decisions("1.1")
    assert [option.label for option in decision.options] == ["It happened", "It did not", "Check"]
    assert (walk.states()["1.1"], walk.case.effects["1.1"].state) == ("awaiting_approval", EffectState.UNKNOWN)


@pytest.mark.parametrize(
    ("option", "task_state", "effect_state"),
    [("it-happened", "completed", EffectState.HAPPENED), ("it-did-not", "queued", EffectState.DID_NOT_HAPPEN)],
)
def test_a_person_says_what_came_of_an_effect(option: str, task_state: str, effect_state: EffectState) -> None:
    walk = uncertain()

    walk.press(option)

    assert (walk.states()["1.1"], walk.case.effects["1.1"].state) == (task_state, effect_state)


def test_check_needs_something_to_look_at() -> None:
    walk = uncertain()

    reply = walk.press("check")

    assert isinstance(reply, Refused)
    assert len(walk.case.open_decisions("1.1")) == 1


def test_a_task_runs_only_if_its_condition_succeeded() -> None:
    walk = started(spec("1", attempts_max=1), spec("2", only_if=("1",)), spec("3"))
    walk.finish("1.1", failed())

    walk.press("skip")

    assert walk.states() == {"1.1": "skipped", "1.2": "skipped", "1.3": "queued"}
    assert walk.case.tasks["1.2"].summary == "Skipped: task 1.1 did not succeed"


def test_a_task_that_is_not_needed_is_skipped() -> None:
    walk = started(spec("1"), spec("2"))

    walk.finish("1.1", NotNeeded(note="Not needed: exit 1"))

    assert walk.states()["1.1"] == "skipped"


def test_a_late_result_with_an_old_number_is_fenced_off() -> None:
    walk = started(spec("1"))
    walk.claim("1.1")

    assert settle(walk.case, "1.1", 7, OK) is False
    assert walk.states()["1.1"] == "in_progress"


def test_no_decision_is_left_open_when_a_goal_ends() -> None:

    walk = started(spec("1", attempts_max=1), spec("2"))
    walk.finish("1.1", failed())
    walk.claim("1.2")

    end(walk.case, GoalState.CANCELLED, reason="Cancelled by Ann.")

    assert (walk.case.open_decisions(), walk.case.stop_tasks) == ([], {"1.2"})
    assert set(walk.states().values()) == {"cancelled"}
    assert walk.told(NoticeKind.END)[0]["note"] == "0 of 2 tasks done"
