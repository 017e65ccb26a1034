"""Milepost inside somebody's program: opening, closing, threads, bad input and the notifier."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from bot.folder import FolderInUse
from bot.library import AutonomousGoalExecutor, Closed, TaskFailed, TaskNotReady, TaskStopped
from executor.domain.errors import WrongInput
from tests.builders import ANN
from tests.story.conftest import Told
from tests.story.looking import events, parsed, row, rows

WORKFLOW = "Make a new Python project called parcel"
PENDING = "SELECT ref FROM goal_tasks WHERE state = 'pending' AND kind = 'work' ORDER BY position"
OPEN = "from bot.library import *\nexecutor = AutonomousGoalExecutor({folder!r})\n"


def one_task(executor: AutonomousGoalExecutor, title: str = "Pack") -> str:
    [task_id] = executor.decompose_goal(executor.set_goal(title))
    return task_id


# -------------------------------------------------------------------------------------------------- opening and closing


def test_a_goal_goes_on_in_the_next_program_on_the_same_folder(folder: Path) -> None:
    with AutonomousGoalExecutor(folder) as first:
        goal_id = first.set_goal("Pack", success_criteria=["Boxes", "Labels"])
        task_ids = first.decompose_goal(goal_id)
        first.execute_task(task_ids[0], lambda: "packed")

    with AutonomousGoalExecutor(folder) as second:
        assert second.get_goal_status(goal_id)["progress"] == 0.5
        second.execute_task(task_ids[1], lambda: "labelled")
        assert second.get_goal_status(goal_id)["status"] == "completed"


def test_a_folder_has_one_milepost_at_a_time_and_is_free_after_close(folder: Path) -> None:
    first = AutonomousGoalExecutor(folder)
    with pytest.raises(FolderInUse, match="already running"):
        AutonomousGoalExecutor(folder)

    first.close()
    first.close()

    AutonomousGoalExecutor(folder).close()
    with pytest.raises(Closed):
        first.set_goal("Too late")


def program(folder: Path, text: str) -> "subprocess.CompletedProcess[str]":
    given = [
        sys.executable,
        "-c",
        f"from bot.library import *\nexecutor = AutonomousGoalExecutor({str(folder)!r})\n{text}",
    ]
    return subprocess.run(given, capture_output=True, text=True, timeout=180, env=dict(os.environ), cwd=Path.cwd())


def test_a_program_that_forgets_to_close_ends_by_itself_and_loses_nothing(folder: Path) -> None:
    ended = program(folder, "print(executor.set_goal('Pack', metadata={'boxes': 3}))")

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "1\n", "")
    with AutonomousGoalExecutor(folder) as executor:
        assert executor.get_goal_status("1")["metadata"] == {"boxes": "3"}


def test_a_task_whose_program_was_killed_is_free_again_in_the_next_one(folder: Path) -> None:
    ended = program(
        folder,
        "import os, signal\n"
        "[task_id] = executor.decompose_goal(executor.set_goal('Pack'))\n"
        "executor.execute_task(task_id, lambda: os.kill(os.getpid(), signal.SIGKILL))",
    )
    assert ended.returncode == -signal.SIGKILL

    with AutonomousGoalExecutor(folder) as executor:
        assert executor.execute_task("1.1", lambda: "packed") == "packed"

    attempts = rows(folder, "SELECT number, state FROM task_attempts ORDER BY number")
    assert attempts == [{"number": 1, "state": "interrupted"}, {"number": 2, "state": "succeeded"}]
    assert row(folder, "SELECT retry_count FROM goal_tasks WHERE ref = '1.1'") == {"retry_count": 0}


def test_a_function_that_still_runs_when_the_executor_is_closed_counts_as_interrupted(folder: Path) -> None:
    executor = AutonomousGoalExecutor(folder)
    task_id = one_task(executor)

    with pytest.raises(Closed):
        executor.execute_task(task_id, executor.close)

    assert row(folder, "SELECT state FROM task_attempts") == {"state": "interrupted"}
    assert row(folder, "SELECT state, retry_count FROM goal_tasks WHERE ref = '1.1'") == {
        "state": "queued",
        "retry_count": 0,
    }


def test_ctrl_c_in_a_function_is_nobodys_failure(executor: AutonomousGoalExecutor, folder: Path) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    task_id = one_task(executor)
    with pytest.raises(KeyboardInterrupt):
        executor.execute_task(task_id, interrupted)

    assert row(folder, "SELECT state, retry_count FROM goal_tasks WHERE ref = '1.1'") == {
        "state": "queued",
        "retry_count": 0,
    }
    assert executor.execute_task(task_id, lambda: "after all") == "after all"


def test_the_example_of_the_documentation_runs_as_it_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "python.md").read_text()
    example = page.split("```python\n")[1].split("```")[0]

    exec(compile(example, "docs/python.md", "exec"), {})

    printed = capsys.readouterr().out.splitlines()
    assert (printed[0], printed[-1]) == ("🆕 New Goal", "1.0")
    assert (folder.parent / ".local" / "share" / "milepost" / "milepost.db").exists()


# ---------------------------------------------------------------------------------------------------------------- tasks


def test_a_function_runs_in_the_thread_that_calls_with_its_arguments(executor: AutonomousGoalExecutor) -> None:
    def work(*args: int, **kwargs: int) -> tuple[Any, ...]:
        return threading.current_thread(), args, kwargs

    result = executor.execute_task(one_task(executor), work, 1, 2, boxes=3)

    assert result == (threading.current_thread(), (1, 2), {"boxes": 3})


def test_what_a_function_returned_is_kept_as_the_attempts_output(
    executor: AutonomousGoalExecutor, folder: Path
) -> None:
    executor.execute_task(one_task(executor), lambda: {"boxes": [1, 2], "at": datetime(2030, 1, 2)})

    [attempt] = rows(folder, "SELECT result FROM task_attempts")
    result = parsed(attempt["result"])
    assert result["success"] is True
    assert parsed(result["output"]) == {"boxes": [1, 2], "at": "datetime.datetime(2030, 1, 2, 0, 0)"}


def test_tasks_of_several_threads_really_run_at_the_same_time(executor: AutonomousGoalExecutor) -> None:
    task_ids = executor.decompose_goal(executor.set_goal("Pack", success_criteria=["Boxes", "Labels", "Van"]))
    together = threading.Barrier(3, timeout=120)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda task_id: executor.execute_task(task_id, together.wait), task_ids))

    assert executor.get_goal_status("1")["status"] == "completed"


def test_a_task_is_taken_by_one_caller_at_a_time(executor: AutonomousGoalExecutor) -> None:
    task_id = one_task(executor)

    def again() -> str:
        with pytest.raises(TaskNotReady, match="1.1 can't be taken: it is in progress"):
            executor.execute_task(task_id, lambda: "twice")
        return "once"

    assert executor.execute_task(task_id, again) == "once"


def test_a_task_that_is_over_is_not_done_again(executor: AutonomousGoalExecutor) -> None:
    task_ids = executor.decompose_goal(executor.set_goal("Pack", success_criteria=["Boxes", "Labels"]))
    executor.execute_task(task_ids[0], lambda: "packed")

    with pytest.raises(TaskNotReady, match="1.1 can't be taken: it is completed"):
        executor.execute_task(task_ids[0], lambda: "again")


def test_a_task_waits_for_those_that_it_depends_on(folder: Path, executor: AutonomousGoalExecutor) -> None:
    goal_id = executor.set_goal(WORKFLOW)
    task_ids = executor.decompose_goal(goal_id)
    waiting = [
        one["ref"] for one in rows(folder, "SELECT ref FROM goal_tasks WHERE state = 'pending' AND kind = 'work'")
    ]
    assert waiting

    with pytest.raises(TaskNotReady, match=f"{waiting[0]} waits for {task_ids[0]}"):
        executor.execute_task(waiting[0], lambda: "too early")


def test_without_reasoning_even_a_goal_that_names_a_workflow_becomes_one_task_per_criterion(
    executor: AutonomousGoalExecutor,
) -> None:
    goal_id = executor.set_goal(WORKFLOW, success_criteria=["It has a test"])

    task_ids = executor.decompose_goal(goal_id, use_reasoning=False)

    assert [task["title"] for task in executor.get_goal_status(goal_id)["tasks"]] == ["It has a test"]
    assert executor.decompose_goal(goal_id) == task_ids == ["1.1"]


def test_a_workflows_own_actions_run_without_a_function_and_its_criteria_are_looked_at(
    executor: AutonomousGoalExecutor,
) -> None:
    goal_id = executor.set_goal(WORKFLOW)

    results = [executor.execute_task(task_id) for task_id in executor.decompose_goal(goal_id)]

    status = executor.get_goal_status(goal_id)
    assert (status["status"], {one["status"] for one in status["criteria"]}) == ("completed", {"completed"})
    assert [result and result["success"] for result in results] == [True] * 7 + [None]  # None: there was no need


def test_what_a_function_does_after_its_task_was_skipped_counts_no_more(
    executor: AutonomousGoalExecutor, folder: Path
) -> None:
    task_ids = executor.decompose_goal(executor.set_goal("Pack", success_criteria=["Boxes", "Labels"]))

    def skipped_meanwhile() -> str:
        skip = executor._executor.skip
        executor._call(skip, task_ids[0], caller=ANN, command_id="skip")
        return "packed"

    with pytest.raises(TaskStopped, match="1.1 Boxes is skipped and no longer ours"):
        executor.execute_task(task_ids[0], skipped_meanwhile)

    assert row(folder, "SELECT state FROM task_attempts") == {"state": "interrupted"}


# ------------------------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"goal_name": ""}, "title: expected a text of 1 to 256 characters."),
        ({"goal_name": "Pack", "priority": 11}, "priority: expected a whole number from 1 to 10."),
        ({"goal_name": "Pack", "success_criteria": "Boxes"}, "success_criteria is a list of texts"),
        ({"goal_name": "Pack", "success_criteria": ["x"] * 51}, "50 success criteria at most"),
        ({"goal_name": "Pack", "description": "x" * 9000}, "description: expected a text of 1 to 8000 characters."),
    ],
)
def test_a_goal_that_cant_be_taken_says_what_is_wrong(
    executor: AutonomousGoalExecutor, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(WrongInput, match=said):
        executor.set_goal(**given)

    with pytest.raises(WrongInput, match="There is no goal 1"):
        executor.get_goal_status("1")


def test_names_that_nobody_gave_are_refused(executor: AutonomousGoalExecutor) -> None:
    async def later() -> None: ...

    task_id = one_task(executor)
    for call, said in (
        (lambda: executor.decompose_goal("99"), "There is no goal 99"),
        (lambda: executor.get_goal_status("x; DROP"), "a goal's id is what set_goal gave"),
        (lambda: executor.track_progress("99", "hello"), "There is no goal 99"),
        (lambda: executor.execute_task("1.9", print), "There is no task 1.9"),
        (lambda: executor.execute_task("nonsense", print), "There is no task nonsense"),
        (
            lambda: executor.execute_task(task_id, cast(Any, "print")),
            "A work function is something to call; this is str",
        ),
        (lambda: executor.execute_task(task_id, later), "async function"),
        (lambda: executor.report_milestone("50"), "There is no milestone 50"),
        (lambda: executor.report_milestone("1/33"), "Goal 1 has no milestone 33"),
        (lambda: executor.report_milestone("1/50"), "Half Complete \\(50 %\\) is still ahead"),
        (lambda: setattr(executor, "max_retries", 0), "max_retries is a whole number from 1 to 100"),
        (lambda: setattr(executor, "adaptation_threshold", 2), "adaptation_threshold is a number from 0 to 1"),
        (lambda: setattr(executor, "monitoring_interval", 0), "monitoring_interval is a number of seconds above 0"),
    ):
        with pytest.raises(WrongInput, match=said):
            call()


def test_a_goal_that_is_not_decomposed_has_nothing_to_execute(executor: AutonomousGoalExecutor) -> None:
    executor.set_goal("Pack")

    with pytest.raises(TaskNotReady, match="1.1 can't be taken: goal 1 is awaiting start"):
        executor.execute_task("1.1", lambda: "too early")


# -------------------------------------------------------------------------------------------------------- notifications


def test_a_jump_over_a_milestone_records_it_and_it_can_be_reported_later_once(
    executor: AutonomousGoalExecutor, told: Told, folder: Path
) -> None:
    task_ids = executor.decompose_goal(executor.set_goal("Pack", success_criteria=["Boxes", "Labels"]))
    executor.execute_task(task_ids[0], lambda: "packed")  # from 10 % to 50 %
    before = list(told.heads)

    first, second = executor.report_milestone("1/25"), executor.report_milestone("1/25")

    assert before[2:] == ["🎯 Milestone Achieved: Planning Complete", "🎯 Milestone Achieved: Half Complete"]
    assert (first, second, executor.report_milestone("1/50")) == (True, False, False)
    assert told.heads[len(before) :] == ["🎯 Milestone Achieved: Quarter Complete"]
    assert events(folder)[-1] == "milestone.reported"


def test_a_new_goal_is_told_with_its_deadline(executor: AutonomousGoalExecutor, told: Told) -> None:
    executor.set_goal("Pack", description="For the move", priority=8, deadline=datetime(2099, 5, 4, 18, 30))

    [(priority, text)] = told.messages
    assert (priority, text.split("\n")) == (
        "info",
        ["🆕 New Goal", "", "Goal: Pack", "Priority: 8", text.split("\n")[4], "For the move"],
    )
    assert text.split("\n")[4].startswith("Due: Mon 4 May 2099 ")


@pytest.mark.parametrize("takes_priority", [True, False])
def test_a_function_is_a_notifier_too(folder: Path, takes_priority: bool) -> None:
    heard: list[tuple[str, ...]] = []

    def with_priority(text: str, priority: str) -> None:
        heard.append((text.split("\n")[0], priority))

    def text_only(text: str) -> None:
        heard.append((text.split("\n")[0],))

    with AutonomousGoalExecutor(folder, notifier=with_priority if takes_priority else text_only) as executor:
        executor.set_goal("Pack")

    assert heard == [("🆕 New Goal", "info") if takes_priority else ("🆕 New Goal",)]


def test_what_is_no_notifier_is_refused_before_anything_is_opened(folder: Path) -> None:
    with pytest.raises(WrongInput, match="send_message"):
        AutonomousGoalExecutor(folder, notifier="a@b.example")

    assert not folder.exists()


def test_a_notifier_that_fails_undoes_nothing_and_its_message_waits(
    executor: AutonomousGoalExecutor, told: Told, folder: Path
) -> None:
    told.trouble.append(ConnectionError("no network"))

    goal_id = executor.set_goal("Pack")

    assert (goal_id, told.messages) == ("1", [])
    notice = row(folder, "SELECT key, state, attempts, error FROM notices")
    assert notice == {"key": "1/card", "state": "pending", "attempts": 1, "error": "ConnectionError: no network"}


def test_a_message_that_a_killed_program_left_half_sent_is_repeated_with_a_mark_or_dropped(folder: Path) -> None:
    killing = (
        "import os, signal\n"
        "def send(text):\n"
        "    if 'Blocked' in text: os.kill(os.getpid(), signal.SIGKILL)\n"
        "executor.close()\n"
        f"executor = AutonomousGoalExecutor({str(folder)!r}, notifier=send)\n"
        "executor.max_retries = 1\n"
        "[task_id] = executor.decompose_goal(executor.set_goal('Pack'))\n"
        "executor.execute_task(task_id, lambda: 1 / 0)"
    )
    assert program(folder, killing).returncode == -signal.SIGKILL
    told = Told()

    AutonomousGoalExecutor(folder, notifier=told).close()

    [(priority, text)] = told.messages
    assert priority == "critical"
    assert text.startswith("⛔ 1.1 Pack\nBlocked (error): ZeroDivisionError: division by zero")
    assert text.endswith("(possibly repeated)")


def test_without_a_notifier_nothing_waits_in_the_outbox(folder: Path) -> None:
    with AutonomousGoalExecutor(folder) as executor:
        executor.max_retries = 1
        with pytest.raises(TaskFailed):
            executor.execute_task(one_task(executor), lambda: 1 / 0)

    assert rows(folder, "SELECT key FROM notices") == []
