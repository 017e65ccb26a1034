"""Document 001's table of task failures: what the first, the second and the third failed attempt leave behind."""

from pathlib import Path

import pytest

from bot.library import AutonomousGoalExecutor, TaskFailed
from tests.story.conftest import Told
from tests.story.looking import Row, events, row, rows


class Flaky:
    """Fails so many times, then works. `seen` is the task's row as it stood while each attempt ran."""

    def __init__(self, folder: Path, failures: int, error: Exception) -> None:
        self._folder = folder
        self._left = failures
        self._error = error
        self.seen: list[Row] = []

    def __call__(self) -> str:
        self.seen.append(row(self._folder, "SELECT * FROM goal_tasks WHERE ref = '1.1'"))
        self._left -= 1
        if self._left >= 0:
            raise self._error
        return "at last"


def started(executor: AutonomousGoalExecutor) -> str:
    goal_id = executor.set_goal("Fetch the rates", success_criteria=["Rates are there", "Rates are read"])
    return executor.decompose_goal(goal_id)[0]


def test_a_first_and_a_second_failure_are_logged_counted_and_tried_again(
    executor: AutonomousGoalExecutor, folder: Path
) -> None:
    work = Flaky(folder, 2, ValueError("no rates"))

    result = executor.execute_task(started(executor), work)

    assert result == "at last"
    assert [(one["state"], one["attempts"], one["retry_count"]) for one in work.seen] == [
        ("in_progress", 1, 0),
        ("in_progress", 2, 1),
        ("in_progress", 3, 2),
    ]
    assert events(folder, task_ref="1.1") == [
        "task.queued",
        *["task.started", "task.retrying"] * 2,
        "task.started",
        "task.completed",
    ]
    attempts = rows(folder, "SELECT * FROM task_attempts ORDER BY number")
    assert [(one["number"], one["state"], one["executor_type"]) for one in attempts] == [
        (1, "failed", "python"),
        (2, "failed", "python"),
        (3, "succeeded", "python"),
    ]


def test_the_pause_before_the_final_retry_is_longer_than_the_first(
    executor: AutonomousGoalExecutor, folder: Path
) -> None:
    executor.execute_task(started(executor), Flaky(folder, 2, ValueError("no rates")))

    retried = rows(folder, "SELECT result FROM goal_execution_log WHERE event = 'task.retrying' ORDER BY id")

    assert ["again in 0.01 s" in retried[0]["result"], "again in 0.02 s" in retried[1]["result"]] == [True, True]


def test_a_third_failure_blocks_the_task_with_its_type_and_tells_somebody(
    executor: AutonomousGoalExecutor, folder: Path, told: Told
) -> None:
    work = Flaky(folder, 3, OSError(28, "No space left on device"))

    with pytest.raises(TaskFailed) as failure:
        executor.execute_task(started(executor), work)

    task = row(folder, "SELECT * FROM goal_tasks WHERE ref = '1.1'")
    blockage = row(folder, "SELECT * FROM goal_blockages")
    assert (task["state"], task["retry_count"], task["error"]) == ("blocked", 3, "The disk is full")
    assert (blockage["task_ref"], blockage["type"], blockage["status"]) == ("1.1", "resource", "open")
    assert (failure.value.blockage_type, failure.value.attempts) == ("resource", 3)
    assert isinstance(failure.value.__cause__, OSError)
    assert told.messages[-1][0] == "critical"
    assert told.texts[-1].startswith("⛔ 1.1 Rates are there\nBlocked (resource): The disk is full")


def test_a_blocked_task_that_is_executed_again_resolves_its_blockage(
    executor: AutonomousGoalExecutor, folder: Path
) -> None:
    task_id = started(executor)
    with pytest.raises(TaskFailed):
        executor.execute_task(task_id, Flaky(folder, 3, ValueError("no rates")))

    executor.execute_task(task_id, lambda: "mended")

    task = row(folder, "SELECT * FROM goal_tasks WHERE ref = '1.1'")
    blockage = row(folder, "SELECT * FROM goal_blockages")
    assert (task["state"], task["attempts"], task["retry_count"]) == ("completed", 4, 0)
    assert (blockage["type"], blockage["status"], blockage["resolution"]) == ("error", "resolved", "Python: retry")


def test_other_tasks_of_the_goal_go_on_beside_a_blockage(executor: AutonomousGoalExecutor, folder: Path) -> None:
    with pytest.raises(TaskFailed):
        executor.execute_task(started(executor), Flaky(folder, 3, ValueError("no rates")))

    executor.execute_task("1.2", lambda: "read")

    status = executor.get_goal_status("1")
    assert (status["status"], status["progress"], status["blockages"][0]["cause"]) == (
        "blocked",
        0.5,
        "ValueError: no rates",
    )


def test_max_retries_decides_how_often_a_task_is_tried(executor: AutonomousGoalExecutor, folder: Path) -> None:
    executor.max_retries = 1
    work = Flaky(folder, 3, ValueError("no rates"))

    with pytest.raises(TaskFailed, match="1.1 Rates are there failed once: ValueError: no rates"):
        executor.execute_task(started(executor), work)

    assert len(work.seen) == 1


def test_a_result_that_says_it_failed_is_not_taken_for_a_success(
    executor: AutonomousGoalExecutor, folder: Path
) -> None:
    executor.max_retries = 1

    with pytest.raises(TaskFailed, match="the exchange is closed"):
        executor.execute_task(started(executor), lambda: {"success": False, "error": "the exchange is closed"})

    assert row(folder, "SELECT state FROM goal_tasks WHERE ref = '1.1'") == {"state": "blocked"}


def test_a_check_in_backticks_decides_after_the_function_has_returned(
    executor: AutonomousGoalExecutor, folder: Path
) -> None:
    executor.max_retries = 1
    goal_id = executor.set_goal("Write it down", success_criteria=["There is a note: `test -s note.txt`"])
    [task_id] = executor.decompose_goal(goal_id)

    with pytest.raises(TaskFailed, match="The check does not hold"):
        executor.execute_task(task_id, lambda: "written, honestly")
    (folder / "workspaces" / "1" / "note.txt").write_text("a note")
    executor.execute_task(task_id, lambda: "written")

    assert executor.get_goal_status(goal_id)["status"] == "completed"
