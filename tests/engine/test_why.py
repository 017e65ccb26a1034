"""Every state has an answer, and long chains become one line."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from executor.domain.attempt import Attempt, AttemptState
from executor.domain.decision import OPTIONS, Decision, DecisionKind
from executor.domain.goal import GOAL_FINAL, GoalState
from executor.domain.outcome import Result
from executor.domain.task import TASK_FINAL, Task, TaskKind, TaskState
from executor.engine.ranges import ranges
from executor.engine.why import Around, Code, Hold, explain
from executor.ports import GoalView
from tests.builders import ANN, chain, draft, goal, spec
from tests.fakes import START, ScriptedAction
from tests.world import world

NOW = START + timedelta(hours=2, minutes=10)  # 11:10
AROUND = Around(now=NOW, ticked_at=NOW - timedelta(seconds=3), slots=4, limit_usd=Decimal(1))


def task(ref: str, state: TaskState, *after: str, **more: object) -> Task:
    key = ref.split(".")[-1]
    return Task(
        ref=ref,
        goal_number=1,
        position=int(key.removeprefix("c")),
        spec=spec(key, f"Step {key}", depends_on=after),
        state=state,
        created_at=START,
        **more,  # type: ignore[arg-type]
    )


def running(ref: str, minutes: float = 3, number: int = 1) -> Attempt:
    return Attempt(
        task_ref=ref,
        number=number,
        goal_number=1,
        executor_id="me",
        lease_until=NOW,
        started_at=NOW - timedelta(minutes=minutes),
    )


def question(number: int, ref: str | None, kind: DecisionKind = DecisionKind.BLOCKAGE) -> Decision:
    opened_at = START + timedelta(minutes=10)  # 09:10
    return Decision(
        number=number, goal_number=1, task_ref=ref, kind=kind, options=OPTIONS.get(kind, ()), opened_at=opened_at
    )


def view(
    *tasks: Task,
    state: GoalState = GoalState.IN_PROGRESS,
    attempts: tuple[Attempt, ...] = (),
    decisions: tuple[Decision, ...] = (),
    **more: object,
) -> GoalView:
    return GoalView(
        goal=goal(1, state, percentage=40, **more),
        plan=None,
        tasks=tasks,
        decisions=decisions,
        blockages=(),
        milestones=(),
        attempts=attempts,
    )


@pytest.mark.parametrize(
    ("goal_state", "task_state", "working"),
    list(product(GoalState, TaskState, (True, False))),
    ids=lambda value: str(value),
)
def test_every_task_in_every_state_of_every_goal_has_a_code_and_a_sentence(
    goal_state: GoalState, task_state: TaskState, working: bool
) -> None:
    one = task("1.1", task_state, due_at=NOW if task_state is TaskState.QUEUED else None)
    found = explain(view(one, state=goal_state), replace(AROUND, running=working))

    [reason] = found.tasks
    assert reason.sentence
    assert (reason.code.value == task_state.value) or task_state not in TASK_FINAL
    assert found.goal.sentence
    assert all(line.endswith(".") and "None" not in line for line in found.lines)
    assert len(found.lines) >= (1 if goal_state in GOAL_FINAL else 4)


@pytest.mark.parametrize(
    ("one", "attempts", "decisions", "around", "code", "sentence"),
    [
        (
            task("1.1", TaskState.IN_PROGRESS),
            (running("1.1", number=2),),
            (),
            AROUND,
            Code.RUNNING,
            "running for 3 min (attempt 2)",
        ),
        (
            task("1.1", TaskState.AWAITING_APPROVAL),
            (),
            (question(17, "1.1"),),
            AROUND,
            Code.WAITS_FOR_PERSON,
            "waits for you: question 17, since 09:10",
        ),
        (
            task("1.1", TaskState.BLOCKED, summary="jq is missing."),
            (),
            (question(17, "1.1"),),
            AROUND,
            Code.WAITS_FOR_PERSON,
            "blocked: jq is missing; waits for you: question 17, since 09:10",
        ),
        (
            task("1.1", TaskState.RETRYING, due_at=NOW + timedelta(minutes=4), attempts=1, summary="exit code 1"),
            (),
            (),
            AROUND,
            Code.WAITS_FOR_RETRY,
            "attempt 2 comes at 11:14, in 4 min (exit code 1)",
        ),
        (
            task("1.1", TaskState.QUEUED, due_at=NOW + timedelta(hours=1)),
            (),
            (),
            AROUND,
            Code.WAITS_FOR_TIME,
            "waits; goes on at 12:10, in 1 h",
        ),
        (
            task("1.1", TaskState.QUEUED, due_at=NOW),
            (),
            (),
            replace(AROUND, slots=2, busy=("2.1", "3.4")),
            Code.WAITS_FOR_WORKER,
            "ready; 2 of 2 slots busy with 2.1, 3.4",
        ),
        (
            task("1.1", TaskState.QUEUED, due_at=NOW),
            (),
            (),
            replace(AROUND, holds={"1.1": Hold(code=Code.CIRCUIT_OPEN, sentence="api.example is down")}),
            Code.CIRCUIT_OPEN,
            "api.example is down",
        ),
        (
            task("1.1", TaskState.QUEUED, due_at=NOW),
            (),
            (),
            replace(AROUND, running=False),
            Code.NOT_RUNNING,
            "ready, but Milepost is not running",
        ),
        (
            task("1.1", TaskState.QUEUED, due_at=NOW),
            (running("1.1"),),
            (),
            AROUND,
            Code.RUNNING,
            "is just being stopped, and begins again then",
        ),
        (
            task("1.1", TaskState.QUEUED),
            (),
            (),
            AROUND,
            Code.STUCK,
            "stands still: it has no time at which it would be taken",
        ),
        (
            task("1.1", TaskState.BLOCKED),
            (),
            (question(17, "1.2"),),
            AROUND,
            Code.STUCK,
            "stands still: it waits for a person whom nobody has asked",
        ),
        (
            task("1.1", TaskState.IN_PROGRESS),
            (replace(running("1.1"), state=AttemptState.WAITING),),
            (),
            AROUND,
            Code.STUCK,
            "stands still: no attempt of it is running",
        ),
        (
            task("1.1", TaskState.COMPLETED, summary="exit 0", finished_at=NOW),
            (),
            (),
            AROUND,
            Code.COMPLETED,
            "completed at 11:10: exit 0",
        ),
    ],
    ids=lambda value: value.value if isinstance(value, Code) else "",
)
def test_a_task_says_what_it_waits_for(
    one: Task,
    attempts: tuple[Attempt, ...],
    decisions: tuple[Decision, ...],
    around: Around,
    code: Code,
    sentence: str,
) -> None:
    [reason] = explain(view(one, attempts=attempts, decisions=decisions), around).tasks

    assert (reason.code, reason.sentence) == (code, sentence)


def test_the_whole_answer_fits_a_phone() -> None:
    tasks = (
        task("1.1", TaskState.COMPLETED),
        task("1.2", TaskState.IN_PROGRESS),
        task("1.3", TaskState.RETRYING, due_at=NOW + timedelta(minutes=4), attempts=1, summary="exit code 1"),
        task("1.4", TaskState.PENDING, "2"),
        *(task(f"1.{n}", TaskState.PENDING, str(n - 1)) for n in range(5, 31)),
    )

    found = explain(view(*tasks, attempts=(running("1.2"),)), replace(AROUND, busy=("1.2",)))

    assert found.lines == (
        "Goal 1 is being worked on, 40 %.",
        "1.2 Step 2: running for 3 min.",
        "1.3 Step 3: attempt 2 comes at 11:14, in 4 min (exit code 1).",
        "1.4–1.30 wait for 1.2.",
        "Next: 1.3 at 11:14, in 4 min, or before that 1.2 ends.",
        "1 worker, 1 of 4 slots busy (1.2); last tick 3 s ago.",
        "Budget: $0.00 of $1.00 used.",
    )


def test_two_tasks_in_a_row_keep_a_line_each() -> None:
    tasks = (
        task("1.1", TaskState.IN_PROGRESS),
        task("1.2", TaskState.PENDING, "1"),
        task("1.3", TaskState.PENDING, "2"),
    )

    found = explain(view(*tasks, attempts=(running("1.1"),)), AROUND)

    assert found.lines[1:4] == (
        "1.1 Step 1: running for 3 min.",
        "1.2 Step 2: needs 1.1 (running for 3 min).",
        "1.3 Step 3: needs 1.2 (not started).",
    )


def test_one_task_is_explained_down_to_what_really_holds_it_up() -> None:
    tasks = (
        task("1.1", TaskState.BLOCKED, summary="no key"),
        task("1.2", TaskState.PENDING, "1"),
        task("1.3", TaskState.PENDING, "2"),
        task("1.4", TaskState.PENDING),
    )

    found = explain(view(*tasks, decisions=(question(17, "1.1"),)), AROUND, "1.3")

    assert found.lines[:3] == (
        "1.3 Step 3: needs 1.2 (not started).",
        "1.2 Step 2: needs 1.1 (waits for you: question 17).",
        "1.1 Step 1: blocked: no key; waits for you: question 17, since 09:10.",
    )


def test_what_can_never_begin_says_so() -> None:
    tasks = (task("1.1", TaskState.FAILED), task("1.2", TaskState.PENDING, "1"))

    assert explain(view(*tasks), AROUND).tasks[1].sentence == "needs 1.1 (failed, so this can't begin)"


def test_a_wide_plan_with_many_paths_is_explained_at_once() -> None:
    layers = [task("1.1", TaskState.BLOCKED), task("1.2", TaskState.BLOCKED)]
    for number in range(3, 121, 2):
        before = (str(number - 2), str(number - 1))
        layers += [task(f"1.{number}", TaskState.PENDING, *before), task(f"1.{number + 1}", TaskState.PENDING, *before)]

    found = explain(view(*layers, decisions=(question(3, "1.1"), question(4, "1.2"))), AROUND)

    assert found.lines[3] == "1.3–1.120 wait for 1.1, 1.2."


def test_when_nothing_runs_it_says_so_and_since_when() -> None:
    one = task("1.1", TaskState.QUEUED, due_at=NOW)

    found = explain(view(one), replace(AROUND, running=False, ticked_at=NOW - timedelta(hours=3)))

    assert found.lines == (
        "Goal 1 can't go on, 40 %.",
        "1.1 Step 1: ready, but Milepost is not running.",
        "Next: nothing before Milepost runs: start milepost up.",
        "Milepost is not running; last tick 3 h ago.",
        "Budget: $0.00 of $1.00 used.",
    )


def test_a_paused_goal_says_who_paused_it_and_what_still_runs() -> None:
    tasks = (task("1.1", TaskState.IN_PROGRESS), *(task(f"1.{n}", TaskState.QUEUED, due_at=NOW) for n in (2, 3, 4)))
    paused = view(*tasks, state=GoalState.PAUSED, attempts=(running("1.1"),), reason="Paused by Ann")

    found = explain(paused, replace(AROUND, since=START))

    assert found.lines[:3] == (
        "Goal 1 is paused by Ann, since 09:00; /resume 1 goes on.",
        "1.1 Step 1: running for 3 min.",
        "1.2–1.4: paused by Ann.",
    )


def test_criteria_speak_when_the_work_is_over() -> None:
    check = replace(task("1.c1", TaskState.PENDING), kind=TaskKind.CRITERION, position=9)
    working = explain(view(task("1.1", TaskState.IN_PROGRESS), check, attempts=(running("1.1"),)), AROUND)
    looking = view(
        task("1.1", TaskState.COMPLETED),
        replace(check, state=TaskState.AWAITING_APPROVAL),
        state=GoalState.VALIDATING,
        decisions=(question(5, "1.c1", DecisionKind.QUESTION),),
    )

    assert not any("1.c1" in line for line in working.lines)
    assert explain(looking, AROUND).lines[1] == "1.c1 Step c1: waits for you: question 5, since 09:10."


def test_times_are_told_where_the_person_is() -> None:
    one = task("1.1", TaskState.QUEUED, due_at=NOW + timedelta(hours=14))

    found = explain(view(one), replace(AROUND, zone=ZoneInfo("Europe/Berlin")))

    assert found.tasks[0].sentence == "waits; goes on at tomorrow 02:10, in 14 h"


def test_a_tick_that_is_late_is_called_late() -> None:
    found = explain(
        view(task("1.1", TaskState.QUEUED, due_at=NOW)), replace(AROUND, ticked_at=NOW - timedelta(hours=1))
    )

    assert found.engine == "1 worker, 0 of 4 slots busy; last tick 1 h ago, which is late"


@pytest.mark.parametrize(
    ("refs", "said"),
    [
        (["12.4"], "12.4"),
        (["12.10", "12.9", "12.4"], "12.4, 12.9–12.10"),
        (["12.c1", "12.2", "12.3"], "12.c1, 12.2–12.3"),
        (["12.3.1", "12.3.2", "12.4"], "12.3.1–12.3.2, 12.4"),
    ],
)
def test_names_in_a_row_become_a_range(refs: list[str], said: str) -> None:
    assert ranges(refs) == said


async def test_a_goal_is_explained_at_every_step_over_a_real_database(tmp_path: Path) -> None:
    def fails(parameters: object, context: object) -> Result:
        return Result(success=False, error="exit code 1")

    async with world(tmp_path, ScriptedAction(behaviour=fails)) as w:
        number = await w.set_goal(draft(*chain(5)))
        before = await w.executor.why(number)
        await w.executor.start(number, caller=ANN, command_id="start")
        started = await w.executor.why(number)
        await w.settle()
        failed = await w.executor.why(number)

        assert before is not None
        assert before.goal.sentence == "waits for Start: question 1, since 09:00"
        assert {reason.code for reason in before.tasks} == {Code.PLAN_NOT_STARTED}
        assert started is not None
        assert started.tasks[0].code is Code.NOT_RUNNING  # nothing has ticked yet
        assert failed is not None
        assert [reason.code for reason in failed.tasks] == [Code.WAITS_FOR_RETRY, *[Code.NOT_STARTED] * 4]
        assert failed.lines[:4] == (
            "Goal 1 waits for its next attempt, 10 %.",
            "1.1 Step 1: attempt 2 comes in 2 s (exit code 1).",
            "1.2–1.5 wait for 1.1.",
            "Next: 1.1 in 2 s.",
        )


async def test_a_goal_and_a_task_that_are_not_there_have_no_answer(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        number = await w.set_goal(draft(*chain(1)))

        assert await w.executor.why(77) is None
        assert await w.executor.why(number, task_ref="1.9") is None
