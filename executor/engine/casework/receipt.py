"""The receipt: what the final message says, every criterion with the evidence that was really seen."""

from collections.abc import Mapping

from executor.domain.goal import GOAL_TAKEN_UP, Goal, GoalState
from executor.domain.milestone import COMPLETE, title_of
from executor.domain.task import Task, TaskState
from executor.engine.casework.case import Case
from executor.ports import REPOSITORY

_TITLES = {
    GoalState.COMPLETED: title_of(COMPLETE),
    GoalState.FAILED: "Goal Failed",
    GoalState.CANCELLED: "Goal Cancelled",
}


def end_facts(case: Case) -> Mapping[str, object]:
    """Plain JSON values. `met` of a criterion or a gate: True was seen, False was not, None nobody looked."""
    goal = case.goal
    started_at = goal.started_at or goal.created_at
    return {
        "state": str(goal.state),
        "title": _TITLES[goal.state],
        "number": goal.number,
        "goal_title": goal.title,
        "percentage": goal.percentage,
        "note": _note(case),
        "reason": goal.reason,
        "can_be_taken_up": goal.state in GOAL_TAKEN_UP and goal.started_at is not None,
        "duration_s": (case.now - started_at).total_seconds(),
        "branch": _branch(goal),
        "attempts": sum(task.attempts for task in case.work),
        "criteria": [_criterion(task) for task in case.criteria],
        "gates": [_criterion(task) for task in case.gates],
        "tasks": [_task(task) for task in case.work],
    }


def _branch(goal: Goal) -> str:
    """Where the result is, of a goal on a repository."""
    repository = goal.metadata.get(REPOSITORY)
    return f"milepost/goal-{goal.number} of {repository}" if repository and goal.started_at else ""


def _note(case: Case) -> str:
    """What a cancelled goal left undone counts here: nobody is told that there was nothing to do."""
    done = sum(task.state is TaskState.COMPLETED for task in case.work)
    total = sum(task.state is not TaskState.SKIPPED for task in case.work)
    return f"{done} of {total} tasks done"


def _criterion(task: Task) -> Mapping[str, object]:
    met = {TaskState.COMPLETED: True, TaskState.FAILED: False}.get(task.state)
    return {"text": task.spec.title, "met": met, "evidence": task.summary}


def _task(task: Task) -> Mapping[str, object]:
    return {
        "ref": task.ref,
        "title": task.spec.title,
        "state": str(task.state),
        "evidence": task.summary,
        "attempts": task.attempts,
    }
