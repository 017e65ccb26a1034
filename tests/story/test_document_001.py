"""The examples of document 001 as they stand there, and the adaptation of plans among them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.library import AutonomousGoalExecutor
from bot.telegram.html import plain
from bot.telegram.messages import notice_message
from executor.domain.goal import GoalState
from executor.domain.notice import Notice, NoticeKind
from executor.engine.replies import Accepted
from executor.planner.goal_text import read_goal
from executor.ports import Ask
from tests.builders import ANN
from tests.fakes import START, ScriptedAction
from tests.story.conftest import Told
from tests.world import World, world

CRITERIA = [
    "Research market conditions",
    "Develop strategy logic",
    "Backtest on historical data",
    "Optimize parameters",
    "Deploy to paper trading",
]
PLANNING_COMPLETE = """🎯 Milestone Achieved

Planning Complete

Goal: Launch Trading Strategy
Progress: 10%
Initial planning phase completed"""
HALF_COMPLETE = """🎯 Milestone Achieved

Half Complete

Goal: Launch Trading Strategy
Progress: 50%
3 of 5 tasks done"""


def my_work_function() -> dict[str, str]:
    return {"status": "success"}


def launch(executor: AutonomousGoalExecutor) -> tuple[str, list[str]]:
    goal_id = executor.set_goal(goal_name="Launch Trading Strategy", success_criteria=CRITERIA)
    return goal_id, executor.decompose_goal(goal_id, use_reasoning=True)


def test_the_main_test_prints_what_the_document_expects(executor: AutonomousGoalExecutor) -> None:
    printed = []

    printed.append("[TEST 1] Creating goal...")
    goal_id = executor.set_goal(goal_name="Launch Trading Strategy", success_criteria=CRITERIA)
    printed.append(f"[PASS] Goal created: {goal_id}")
    printed.append("[TEST 2] Decomposing goal...")
    task_ids = executor.decompose_goal(goal_id, use_reasoning=True)
    printed.append(f"[PASS] Created {len(task_ids)} tasks")
    printed.append("[TEST 3] Executing task...")
    result = executor.execute_task(task_ids[0], my_work_function)
    printed.append(f"[PASS] Task executed: {result}")
    printed.append("[TEST 4] Tracking progress...")
    progress = executor.track_progress(goal_id, "Initial progress")
    printed.append(f"[PASS] Progress: {progress:.0%}")
    printed.append("[TEST 5] Getting status...")
    status = executor.get_goal_status(goal_id)
    printed.append("[PASS] Status retrieved")

    assert printed == [
        "[TEST 1] Creating goal...",
        "[PASS] Goal created: 1",
        "[TEST 2] Decomposing goal...",
        "[PASS] Created 5 tasks",
        "[TEST 3] Executing task...",
        "[PASS] Task executed: {'status': 'success'}",
        "[TEST 4] Tracking progress...",
        "[PASS] Progress: 20%",
        "[TEST 5] Getting status...",
        "[PASS] Status retrieved",
    ]
    assert (status["status"], status["plan_version"], status["task_stats"]["completed"]) == ("in_progress", 1, 1)


def test_launching_the_trading_strategy_tells_each_step_once_and_in_order(
    executor: AutonomousGoalExecutor, told: Told
) -> None:
    goal_id, task_ids = launch(executor)
    seen = [executor.get_goal_status(goal_id)["progress"]]

    for task_id in task_ids:
        executor.execute_task(task_id, my_work_function)
        seen.append(executor.get_goal_status(goal_id)["progress"])

    assert task_ids == ["1.1", "1.2", "1.3", "1.4", "1.5"]
    assert seen == [0.1, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert told.heads == [
        "🆕 New Goal",
        "📋 Goal Decomposed",
        "🎯 Milestone Achieved: Planning Complete",
        "🎯 Milestone Achieved: Quarter Complete",
        "🎯 Milestone Achieved: Half Complete",
        "🎯 Milestone Achieved: Three Quarters Complete",
        "🎯 Milestone Achieved: Goal Complete",
    ]
    assert (told.texts[2], told.texts[4]) == (PLANNING_COMPLETE, HALF_COMPLETE)
    assert {priority for priority, _ in told.messages} == {"info"}


def test_the_end_of_a_goal_carries_the_evidence_of_each_criterion(executor: AutonomousGoalExecutor, told: Told) -> None:
    _, task_ids = launch(executor)

    for task_id in task_ids:
        executor.execute_task(task_id, my_work_function)

    receipt = told.texts[-1].split("Receipt\n")[1].split("\n\n")[0].split("\n")
    evidence = '   my_work_function returned {"status": "success"}'
    assert receipt == [line for text in CRITERIA for line in (f"✅ {text}", evidence)]


def test_every_milestone_is_kept_with_its_kind_and_is_announced_by_itself(executor: AutonomousGoalExecutor) -> None:
    goal_id, task_ids = launch(executor)
    for task_id in task_ids[:2]:
        executor.execute_task(task_id, my_work_function)

    milestones = executor.get_goal_status(goal_id)["milestones"]

    shown = [(m["milestone_id"], m["type"], m["achieved_at"] is not None, m["announced"]) for m in milestones]
    assert shown == [
        ("1/10", "planning", True, True),
        ("1/25", "checkpoint", True, True),
        ("1/50", "checkpoint", False, False),
        ("1/75", "checkpoint", False, False),
        ("1/100", "completion", False, False),
    ]


def test_example_1_a_strategy_with_a_deadline_runs_to_its_end(executor: AutonomousGoalExecutor) -> None:
    deadline = datetime.now() + timedelta(days=14)
    goal_id = executor.set_goal(
        goal_name="Launch Momentum Strategy",
        description="Research, backtest, and deploy momentum trading strategy",
        success_criteria=[
            "Complete market research",
            "Develop strategy logic",
            "Backtest on 2 years of data",
            "Optimize parameters",
            "Deploy to paper trading",
            "Monitor for 1 week",
            "Deploy to live if profitable",
        ],
        priority=3,
        deadline=deadline,
    )
    task_ids = executor.decompose_goal(goal_id, use_reasoning=True)

    for task_id in task_ids:
        executor.execute_task(task_id, my_work_function)

    status = executor.get_goal_status(goal_id)
    assert f"Progress: {status['progress']:.0%}" == "Progress: 100%"
    assert (status["status"], status["priority"], len(task_ids)) == ("completed", 3, 7)
    assert datetime.fromisoformat(status["deadline"]) == deadline.astimezone()


def test_example_2_tasks_of_a_simple_decomposition_run_side_by_side(executor: AutonomousGoalExecutor) -> None:
    goal_id = executor.set_goal(
        goal_name="Launch Analytics Dashboard",
        description="Build and launch analytics product",
        success_criteria=["Design UI mockups", "Develop MVP", "User testing with 20 beta users"],
        priority=3,
        deadline=datetime.now() + timedelta(days=30),
    )
    task_ids = executor.decompose_goal(goal_id, use_reasoning=False)

    with ThreadPoolExecutor(3) as threads:
        results = list(threads.map(lambda task_id: executor.execute_task(task_id, my_work_function), task_ids))

    assert results == [{"status": "success"}] * 3
    assert executor.get_goal_status(goal_id)["status"] == "completed"


def test_example_3_progress_is_tracked_with_notes(executor: AutonomousGoalExecutor) -> None:
    goal_id = executor.set_goal(
        goal_name="Master Deep Learning",
        success_criteria=["Take the course", "Read the book", "Implement a CNN", "Implement an RNN"],
        priority=2,
        deadline=datetime.now() + timedelta(days=180),
    )
    task_ids = executor.decompose_goal(goal_id, use_reasoning=True)

    tracked = []
    for task_id in task_ids[:3]:
        result = executor.execute_task(task_id, lambda: "learnt")
        tracked.append(executor.track_progress(goal_id, f"Completed: {result}"))

    assert tracked == [0.25, 0.5, 0.75]


def test_example_4_tasks_for_a_person_are_done_when_the_program_says_so(executor: AutonomousGoalExecutor) -> None:
    _, task_ids = launch(executor)

    executor.execute_task(task_ids[0])
    executor.execute_task(task_ids[1])

    first = executor.get_goal_status("1")["tasks"][0]
    assert (first["status"], first["outcome"]) == ("completed", "Python said that it is done")


def test_example_4_a_plan_is_adapted_when_conditions_change(executor: AutonomousGoalExecutor) -> None:
    goal_id = executor.set_goal("Launch", success_criteria=["Design", "Build", "Test"])
    task_ids = executor.decompose_goal(goal_id)
    executor.execute_task(task_ids[0])
    executor.execute_task(task_ids[1])

    version = executor.adapt_plan(
        goal_id, reason="Customer feedback prioritizes different features", outcome_deviation=0.4
    )

    status = executor.get_goal_status(goal_id)
    assert (version, status["plan_version"], status["progress"]) == (2, 2, 0.66)


def test_the_configuration_options_have_the_documents_defaults_and_can_be_set(executor: AutonomousGoalExecutor) -> None:
    defaults = (executor.max_retries, executor.adaptation_threshold, executor.monitoring_interval)

    executor.max_retries = 5
    executor.adaptation_threshold = 0.5
    executor.monitoring_interval = 60

    assert defaults == (3, 0.3, 300)
    assert (executor.max_retries, executor.adaptation_threshold, executor.monitoring_interval) == (5, 0.5, 60)


def test_a_custom_notification_goes_through_the_notifier_that_was_given(
    executor: AutonomousGoalExecutor, told: Told
) -> None:
    if executor.notifier:
        executor.notifier.send_message("Custom notification", priority="info")

    assert told.messages == [("info", "Custom notification")]


# ------------------------------------------------------------------------------------------------- the same in a chat


async def test_the_same_goal_as_text_reaches_the_same_milestones(tmp_path: Path) -> None:
    text = "/goal Launch Trading Strategy\n" + "\n".join(f"- {criterion}" for criterion in CRITERIA)
    by_hand = ScriptedAction("manual", asks=Ask(manual=True, question="Do it"))
    async with world(tmp_path, by_hand) as w:
        number = await w.start_goal(read_goal(text, now=START, timezone=ZoneInfo("UTC")))
        seen = [(await w.view(number)).goal.percentage]

        for place in range(1, 6):
            await w.settle()
            await done(w, f"{number}.{place}")
            seen.append((await w.view(number)).goal.percentage)

        goal = (await w.view(number)).goal
        told = [n for n in await w.notices() if n.kind in (NoticeKind.MILESTONE, NoticeKind.END)]
        assert (goal.state, seen) == (GoalState.COMPLETED, [10, 20, 40, 60, 80, 100])
        assert [shown(notice).split("\n")[2] for notice in told] == [
            "Goal Complete",
            "Planning Complete",
            "Quarter Complete",
            "Half Complete",
            "Three Quarters Complete",
        ]
        assert (shown(told[1]), shown(told[3])) == (PLANNING_COMPLETE, HALF_COMPLETE)


async def done(w: World, ref: str) -> None:
    reply = await w.executor.done(ref, caller=ANN, command_id=f"done/{ref}")
    assert isinstance(reply, Accepted), reply
    await w.settle()


def shown(notice: Notice) -> str:
    """As a person reads it in the chat."""
    return plain(notice_message(notice).html)
