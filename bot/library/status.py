"""A goal as a program reads it: plain JSON values, times as ISO 8601 in UTC."""

from collections import Counter
from datetime import datetime
from typing import Any

from bot.library.errors import TaskNotReady
from executor.domain.blockage import Blockage
from executor.domain.decision import DecisionKind
from executor.domain.errors import WrongInput
from executor.domain.goal import GOAL_FINAL, GoalState
from executor.domain.milestone import Milestone
from executor.domain.task import Task, TaskKind, TaskState
from executor.ports import GoalView


def status_of(view: GoalView) -> dict[str, Any]:
    """`progress` is 0..1; `task_stats` counts every task by its state, with `total`; `blockages` are the open ones."""
    goal = view.goal
    work = [task for task in view.tasks if task.kind is TaskKind.WORK]
    states = Counter(task.state for task in work)
    return {
        "goal_id": str(goal.number),
        "goal_name": goal.title,
        "description": goal.description,
        "status": goal.state.value,
        "reason": goal.reason,
        "progress": goal.percentage / 100,
        "priority": goal.priority,
        "deadline": _at(goal.deadline_at),
        "metadata": dict(goal.metadata),
        "plan_version": goal.plan_version,
        "task_stats": {"total": len(work)} | {state.value: states[state] for state in TaskState},
        "tasks": [_task(task) for task in work],
        "criteria": [_task(task) for task in view.tasks if task.kind is TaskKind.CRITERION],
        "gates": [_task(task) for task in view.tasks if task.kind is TaskKind.GATE],
        "milestones": [_milestone(milestone) for milestone in view.milestones],
        "blockages": [_blockage(blockage) for blockage in view.blockages],
        "open_questions": [
            {"number": decision.number, "task_id": decision.task_ref, "question": decision.question}
            for decision in view.decisions
            if decision.kind is not DecisionKind.RESULT
        ],
        "created_at": _at(goal.created_at),
        "updated_at": _at(goal.updated_at),
        "started_at": _at(goal.started_at),
        "finished_at": _at(goal.finished_at),
    }


def task_ids(view: GoalView) -> list[str]:
    """The work of a goal that has been decomposed, in its plan's order. Raises TaskNotReady for any other."""
    if view.goal.started_at is None:
        after = "is over" if view.goal.state in GOAL_FINAL else f"is {view.goal.state.replace('_', ' ')}"
        raise TaskNotReady(f"Goal {view.goal.number} {after}; it has no tasks to execute.")
    return [task.ref for task in view.tasks if task.kind is TaskKind.WORK]


def starts(view: GoalView) -> bool:
    """It waits for the word that decompose_goal gives."""
    return view.goal.state is GoalState.AWAITING_START


def goal_number(goal_id: object) -> int:
    """Of an id as text, or of a number. Raises WrongInput."""
    text = str(goal_id)
    if isinstance(goal_id, bool) or not (text.isascii() and text.isdecimal()) or len(text) > 9:
        raise WrongInput(f"There is no goal {text[:40]}; a goal's id is what set_goal gave.")
    return int(text)


def milestone_of(milestone_id: object) -> tuple[int, int]:
    """(goal number, percentage) of an id such as ``12/50``. Raises WrongInput."""
    goal, slash, percentage = str(milestone_id).partition("/")
    if not (slash and percentage.isascii() and percentage.isdecimal() and len(percentage) <= 3):
        raise WrongInput(f"There is no milestone {str(milestone_id)[:40]}; get_goal_status lists them by id.")
    return goal_number(goal), int(percentage)


def _task(task: Task) -> dict[str, Any]:
    return {
        "task_id": task.ref,
        "title": task.spec.title,
        "status": task.state.value,
        "attempts": task.attempts,
        "retry_count": task.failures,
        "outcome": task.summary,
    }


def _milestone(milestone: Milestone) -> dict[str, Any]:
    return {
        "milestone_id": f"{milestone.goal_number}/{milestone.percentage}",
        "title": milestone.title,
        "percentage": milestone.percentage,
        "type": milestone.type,
        "achieved_at": _at(milestone.achieved_at),
        "announced": milestone.announced,
    }


def _blockage(blockage: Blockage) -> dict[str, Any]:
    return {
        "task_id": blockage.task_ref,
        "type": blockage.type.value,
        "cause": blockage.cause,
        "tried": list(blockage.tried),
        "detected_at": _at(blockage.detected_at),
    }


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
