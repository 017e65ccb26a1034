"""The percentage, the milestones and the pauses between attempts."""

import pytest

from executor.domain.correction import pause_s
from executor.domain.milestone import Progress, milestones_of, passed, progress_of
from executor.domain.plan import TaskSpec
from executor.domain.task import Task, TaskKind, TaskState
from tests.fakes import START


def task(position: int, state: TaskState, *, weight: float = 1.0, kind: TaskKind = TaskKind.WORK) -> Task:
    spec = TaskSpec(key=str(position), title=f"Task {position}", action="shell", weight=weight)
    return Task(
        ref=f"1.{position}", goal_number=1, position=position, spec=spec, kind=kind, state=state, created_at=START
    )


DONE, OPEN, SKIPPED, FAILED = TaskState.COMPLETED, TaskState.PENDING, TaskState.SKIPPED, TaskState.FAILED


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ([], Progress(0, 0, 0, 0)),
        ([task(1, DONE), task(2, OPEN), task(3, OPEN)], Progress(1, 0, 3, 33)),
        ([task(1, DONE, weight=3), task(2, OPEN)], Progress(1, 0, 2, 75)),
        ([task(1, DONE), task(2, SKIPPED)], Progress(1, 0, 1, 100)),
        ([task(1, DONE), task(2, TaskState.CANCELLED)], Progress(1, 0, 1, 100)),
        ([task(1, DONE), task(2, FAILED)], Progress(1, 1, 2, 50)),
        ([task(1, DONE), task(2, OPEN, kind=TaskKind.CRITERION)], Progress(1, 0, 1, 100)),
        ([task(n, DONE) for n in range(1, 4)], Progress(3, 0, 3, 100)),
    ],
)
def test_progress_is_the_weighted_share_of_finished_work(tasks: list[Task], expected: Progress) -> None:
    assert progress_of(tasks) == expected


@pytest.mark.parametrize(
    ("old", "new", "thresholds"),
    [(0, 9, []), (0, 10, [10]), (10, 66, [25, 50]), (50, 74, []), (50, 75, [75]), (0, 100, [10, 25, 50, 75, 100])],
)
def test_a_jump_passes_every_threshold_between(old: int, new: int, thresholds: list[int]) -> None:
    assert passed(old, new) == thresholds


def test_a_goal_has_five_milestones_with_the_titles_of_document_001() -> None:
    assert [(m.percentage, m.title, m.type) for m in milestones_of(1)] == [
        (10, "Planning Complete", "planning"),
        (25, "Quarter Complete", "checkpoint"),
        (50, "Half Complete", "checkpoint"),
        (75, "Three Quarters Complete", "checkpoint"),
        (100, "Goal Complete", "completion"),
    ]


def test_pauses_between_attempts_double_and_end_at_an_hour() -> None:
    assert [pause_s(n, 2.0) for n in (1, 2, 3, 4)] == [2.0, 4.0, 8.0, 16.0]
    assert pause_s(50, 2.0) == 3600.0
