"""Tables of moves, tested state × state."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

import pytest

from executor.domain.attempt import ATTEMPT_MOVES
from executor.domain.effect import EFFECT_MOVES
from executor.domain.errors import WrongMove
from executor.domain.goal import GOAL_FINAL, GOAL_MOVES, GOAL_TAKEN_UP, Goal, GoalState
from executor.domain.moves import check_move
from executor.domain.notice import NOTICE_MOVES
from executor.domain.plan import TaskSpec
from executor.domain.task import CRITERION_TAKEN_UP, TASK_FINAL, TASK_MOVES, TASK_TAKEN_UP, Task, TaskKind, TaskState
from tests.fakes import START

TABLES: list[Mapping[StrEnum, frozenset[StrEnum]]] = [
    GOAL_MOVES,  # type: ignore[list-item]
    TASK_MOVES,  # type: ignore[list-item]
    ATTEMPT_MOVES,  # type: ignore[list-item]
    EFFECT_MOVES,  # type: ignore[list-item]
    NOTICE_MOVES,  # type: ignore[list-item]
]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: type(next(iter(table))).__name__)
def test_every_state_has_its_row_and_every_pair_is_either_allowed_or_refused(
    table: Mapping[StrEnum, frozenset[StrEnum]],
) -> None:
    states = list(type(next(iter(table))))
    assert set(table) == set(states)
    for old in states:
        for new in states:
            if new == old or new in table[old]:
                check_move(table, old, new, "It")
            else:
                with pytest.raises(WrongMove, match=f"from {old} to {new}"):
                    check_move(table, old, new, "It")


DOCUMENT_004 = {
    "pending": {"queued", "in_progress"},
    "queued": {"in_progress"},
    "in_progress": {"completed", "failed", "paused", "blocked"},
    "paused": {"in_progress", "completed", "failed"},
    "blocked": {"in_progress", "failed"},
    "completed": set(),
    "failed": set(),
}


@pytest.mark.parametrize(("old", "allowed"), DOCUMENT_004.items())
def test_the_next_states_of_document_004_are_part_of_the_table(old: str, allowed: set[str]) -> None:
    assert {TaskState(new) for new in allowed} <= TASK_MOVES[TaskState(old)]


@pytest.mark.parametrize("state", sorted(GOAL_FINAL))
def test_a_goal_that_is_over_never_moves_again(state: GoalState) -> None:
    assert GOAL_MOVES[state] == frozenset()


def test_only_a_criterion_is_ever_reopened() -> None:
    done = replace(task_in(TaskState.COMPLETED, TaskKind.CRITERION), finished_at=START, summary="exit 0")

    assert done.reopened() == task_in(TaskState.PENDING, TaskKind.CRITERION)
    with pytest.raises(WrongMove, match="Task 1.1 can't be reopened"):
        task_in(TaskState.COMPLETED).reopened()


@pytest.mark.parametrize("state", sorted(TASK_FINAL - {TaskState.FAILED}))
def test_a_task_that_is_over_never_moves_again(state: TaskState) -> None:
    assert TASK_MOVES[state] == frozenset()


@pytest.mark.parametrize("state", sorted(set(GoalState) - GOAL_FINAL))
def test_every_open_goal_can_be_cancelled_and_failed(state: GoalState) -> None:
    assert {GoalState.CANCELLED, GoalState.FAILED} <= GOAL_MOVES[state]


def test_an_illegal_move_changes_nothing() -> None:
    goal = Goal(number=1, title="Rest", created_at=START, updated_at=START)

    with pytest.raises(WrongMove):
        goal.moved(GoalState.COMPLETED, START)

    assert goal.state is GoalState.PENDING


def test_a_task_notes_when_it_began_was_blocked_and_ended() -> None:
    task = Task(
        ref="1.1", goal_number=1, position=1, spec=TaskSpec(key="1", title="T", action="shell"), created_at=START
    )

    running = task.moved(TaskState.QUEUED, START).moved(TaskState.IN_PROGRESS, START)
    blocked = running.moved(TaskState.BLOCKED, START, summary="No disk")

    assert (running.started_at, blocked.blocked_at, blocked.finished_at) == (START, START, None)
    assert blocked.moved(TaskState.FAILED, START).finished_at == START


def task_in(state: TaskState, kind: TaskKind = TaskKind.WORK) -> Task:
    spec = TaskSpec(key="1", title="T", action="shell")
    return Task(ref="1.1", goal_number=1, position=1, spec=spec, kind=kind, state=state, created_at=START)


@pytest.mark.parametrize("state", list(GoalState))
def test_only_a_goal_that_failed_or_was_cancelled_is_taken_up_again(state: GoalState) -> None:
    goal = Goal(number=1, title="Rest", state=state, created_at=START, updated_at=START, finished_at=START)

    if state in (GoalState.FAILED, GoalState.CANCELLED):
        taken = goal.taken_up(START)
        assert (taken.state, taken.finished_at, taken.times_taken_up) == (GoalState.IN_PROGRESS, None, 1)
        assert GOAL_TAKEN_UP[state] == {GoalState.IN_PROGRESS}
    else:
        assert state not in GOAL_TAKEN_UP
        with pytest.raises(WrongMove):
            goal.taken_up(START)


@pytest.mark.parametrize("state", list(GoalState))
def test_only_a_completed_goal_is_reworked(state: GoalState) -> None:
    goal = Goal(number=1, title="Rest", state=state, created_at=START, updated_at=START, finished_at=START)

    if state is GoalState.COMPLETED:
        again = goal.reworked(START)
        assert (again.state, again.finished_at, again.reworks) == (GoalState.IN_PROGRESS, None, 1)
    else:
        with pytest.raises(WrongMove):
            goal.reworked(START)


@pytest.mark.parametrize("kind", list(TaskKind))
@pytest.mark.parametrize("state", list(TaskState))
def test_only_what_an_end_left_undone_begins_again_and_finished_work_never(state: TaskState, kind: TaskKind) -> None:
    table = TASK_TAKEN_UP if kind is TaskKind.WORK else CRITERION_TAKEN_UP

    if state in table:
        assert task_in(state, kind).taken_up().state is TaskState.PENDING
    else:
        with pytest.raises(WrongMove):
            task_in(state, kind).taken_up()
    assert TaskState.COMPLETED not in TASK_TAKEN_UP
