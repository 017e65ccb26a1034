"""The seven tables of document 001 hold what it says of each, after a goal with success, failure and blockage."""

import time
from pathlib import Path

import pytest

from bot.library import AutonomousGoalExecutor, TaskFailed
from executor.engine.replies import Accepted
from tests.builders import ANN, CHAT, chain, draft
from tests.fakes import ScriptedAction
from tests.story.looking import events, parsed, row, rows
from tests.world import world

RECENTLY_S = 300


def recent(moment: int | None) -> bool:
    """Microseconds since 1970, within the last minutes."""
    return moment is not None and abs(time.time() - moment / 1_000_000) < RECENTLY_S


@pytest.fixture
def after(folder: Path) -> Path:
    """A goal whose first task succeeded, whose second failed once and then succeeded, and whose third is blocked."""
    failures = iter([ValueError("not yet")])

    def second() -> str:
        for failure in failures:
            raise failure
        return "logic.py"

    def third() -> None:
        raise ConnectionError("Connection refused")

    with AutonomousGoalExecutor(folder) as executor:
        goal_id = executor.set_goal(
            "Launch Trading Strategy",
            description="Paper first",
            success_criteria=["Research", "Develop", "Backtest", "Deploy"],
            priority=7,
            metadata={"team": "quant"},
        )
        research, develop, backtest, _ = executor.decompose_goal(goal_id)
        executor.execute_task(research, lambda: "calm")
        executor.track_progress(goal_id, "Completed: Research")
        executor.execute_task(develop, second)
        with pytest.raises(TaskFailed):
            executor.execute_task(backtest, third)
    return folder


def test_executor_goals_holds_progress_status_deadline_and_plan_version(after: Path) -> None:
    goal = row(after, "SELECT * FROM executor_goals")

    assert {
        name: goal[name]
        for name in ("number", "title", "description", "state", "priority", "percentage", "plan_version", "via")
    } == {
        "number": 1,
        "title": "Launch Trading Strategy",
        "description": "Paper first",
        "state": "in_progress",
        "priority": 7,
        "percentage": 50,
        "plan_version": 1,
        "via": "python",
    }
    assert parsed(goal["metadata"]) == {"team": "quant"}
    assert (goal["deadline_at"], goal["finished_at"]) == (None, None)
    assert recent(goal["created_at"])
    assert recent(goal["started_at"])


def test_a_goals_plans_and_reasoning_are_found_by_its_number(after: Path) -> None:
    plans = rows(
        after, "SELECT p.version, p.made_by FROM goal_plans p JOIN executor_goals g ON g.number = p.goal_number"
    )
    reasoning = rows(after, "SELECT * FROM brain_calls WHERE goal_number = 1")

    assert (plans, reasoning) == ([{"version": 1, "made_by": "offline"}], [])  # no model, so nobody was asked


def test_goal_tasks_holds_dependencies_outcomes_retry_counts_and_errors(after: Path) -> None:
    tasks = rows(after, "SELECT * FROM goal_tasks WHERE kind = 'work' ORDER BY position")

    assert [
        {
            name: task[name]
            for name in ("ref", "state", "priority", "expected_outcome", "actual_outcome", "retry_count", "error")
        }
        for task in tasks
    ] == [
        _task("1.1", "completed", "Research", "<lambda>", 0, None, returned="calm"),
        _task("1.2", "completed", "Develop", "second", 1, None, returned="logic.py"),
        _task("1.3", "blocked", "Backtest", "third", 3, "A service is not running"),
        _task("1.4", "queued", "Deploy", "", 0, None),
    ]
    assert [parsed(task["dependencies"]) for task in tasks] == [[], [], [], []]
    assert [task["attempts"] for task in tasks] == [1, 2, 3, 0]


def _task(
    ref: str, state: str, title: str, function: str, retries: int, error: str | None, *, returned: str = ""
) -> dict[str, object]:
    return {
        "ref": ref,
        "state": state,
        "priority": 5,
        "expected_outcome": title,
        "actual_outcome": f"after.<locals>.{function} returned {returned}" if returned else None,
        "retry_count": retries,
        "error": error,
    }


async def test_goal_tasks_holds_what_each_task_waits_for(folder: Path) -> None:
    async with world(folder) as w:
        await w.start_goal(draft(*chain(2)))

    found = rows(folder, "SELECT ref, dependencies, state FROM goal_tasks ORDER BY position")
    assert found == [
        {"ref": "1.1", "dependencies": "[]", "state": "queued"},
        {"ref": "1.2", "dependencies": '["1"]', "state": "pending"},
    ]


def test_goal_milestones_holds_types_moments_and_whether_people_were_told(after: Path) -> None:
    milestones = rows(after, "SELECT * FROM goal_milestones ORDER BY percentage")

    assert [(m["percentage"], m["title"], m["type"], recent(m["achieved_at"]), m["announced"]) for m in milestones] == [
        (10, "Planning Complete", "planning", True, 1),
        (25, "Quarter Complete", "checkpoint", True, 1),
        (50, "Half Complete", "checkpoint", True, 1),
        (75, "Three Quarters Complete", "checkpoint", False, 0),
        (100, "Goal Complete", "completion", False, 0),
    ]


def test_goal_progress_holds_the_history_with_status_and_notes(after: Path) -> None:
    lines = rows(after, "SELECT * FROM goal_progress ORDER BY id")

    assert [(line["progress"], line["status"], line["notes"]) for line in lines] == [
        (0.1, "in_progress", ""),
        (0.25, "in_progress", ""),
        (0.25, "in_progress", "Completed: Research"),
        (0.5, "in_progress", ""),
    ]
    assert all(recent(line["at"]) for line in lines)


async def test_goal_adaptations_holds_why_one_plan_replaced_another(after: Path) -> None:
    assert rows(after, "SELECT * FROM goal_adaptations") == []

    async with world(after, ScriptedAction("manual")) as w:
        reply = await w.executor.add_task("Ask Ann", goal_number=1, origin=CHAT, caller=ANN, command_id="add")
    assert isinstance(reply, Accepted)

    change = row(after, "SELECT * FROM goal_adaptations")
    assert (change["old_plan"], change["new_plan"], change["reason"], change["outcome_deviation"]) == (
        1,
        2,
        "Ann added a task",
        None,
    )
    plans = rows(after, "SELECT version, body FROM goal_plans ORDER BY version")
    assert [len(parsed(plan["body"])["tasks"]) for plan in plans] == [4, 5]


def test_goal_blockages_holds_type_description_what_was_tried_and_whether_it_is_resolved(after: Path) -> None:
    blockage = row(after, "SELECT * FROM goal_blockages")

    assert {name: blockage[name] for name in ("goal_number", "task_ref", "type", "cause", "status", "resolution")} == {
        "goal_number": 1,
        "task_ref": "1.3",
        "type": "dependency",
        "cause": "A service is not running",
        "status": "open",
        "resolution": "",
    }
    assert parsed(blockage["tried"]) == ["Ran it 3 times, with growing pauses"]
    assert blockage["detail"].endswith("ConnectionError: Connection refused")
    assert (recent(blockage["detected_at"]), blockage["resolved_at"]) == (True, None)


def test_a_blockage_keeps_how_it_was_resolved(after: Path) -> None:
    with AutonomousGoalExecutor(after) as executor:
        executor.execute_task("1.3", lambda: "green")

    blockage = row(after, "SELECT * FROM goal_blockages")

    assert (blockage["status"], blockage["resolution"]) == ("resolved", "Python: retry")
    assert recent(blockage["resolved_at"])


def test_goal_execution_log_holds_goal_and_task_events_with_moments_and_details(after: Path) -> None:
    log = rows(after, "SELECT * FROM goal_execution_log ORDER BY id")

    assert events(after, task_ref="1.3") == [
        "task.queued",
        *["task.started", "task.retrying"] * 2,
        "task.started",
        "task.blocked",
        "decision.opened",
    ]
    of_the_goal = [one["event"] for one in log if one["task_ref"] is None]
    assert of_the_goal == [
        "goal.created",
        "goal.planning",
        "plan.created",
        "goal.awaiting_start",
        "decision.opened",
        "decision.answered",
        "goal.in_progress",
        "plan.accepted",
        "milestone.reached",
        "milestone.reached",
        "goal.note",
        "milestone.reached",
    ]
    created, blocked = log[0], next(one for one in log if one["event"] == "task.blocked")
    assert (created["executor_type"], parsed(created["result"])["via"]) == ("user", "python")
    assert parsed(blocked["result"]) == {"summary": "A service is not running", "why": "dependency"}
    assert all(recent(one["timestamp"]) and one["executor_id"] for one in log)
