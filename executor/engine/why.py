"""Why a goal is where it is, from its state alone: what waits for what, since when, and what happens next and when."""

from datetime import datetime

from executor.domain.decision import Decision
from executor.domain.goal import GoalState
from executor.domain.task import Task, TaskKind, TaskState
from executor.ports import GoalView


def why(view: GoalView, now: datetime) -> list[str]:
    """Plain sentences, the goal first, then each task that is not over."""
    lines = [_goal_line(view, now)]
    if not view.goal.final:
        lines += [_task_line(view, task, now) for task in view.tasks if _speaks(view, task)]
    return lines


def _speaks(view: GoalView, task: Task) -> bool:
    """Criteria have nothing to say while there is still work to do."""
    work_open = any(not other.final for other in view.tasks if other.kind is TaskKind.WORK)
    return not task.final and (task.kind is TaskKind.WORK or not work_open)


def _goal_line(view: GoalView, now: datetime) -> str:
    goal = view.goal
    since = f" since {ago(goal.updated_at, now)}"
    match goal.state:
        case GoalState.PENDING | GoalState.PLANNING:
            return f"Goal {goal.number} is being planned{since}."
        case GoalState.AWAITING_START:
            return f"Goal {goal.number} waits for Start. Nothing runs before that."
        case GoalState.PAUSED:
            return f"Goal {goal.number} is paused{since}: {goal.reason}. /resume {goal.number} goes on."
        case GoalState.BLOCKED:
            return f"Goal {goal.number} can't go on by itself. {goal.reason}."
        case GoalState.VALIDATING:
            return f"Goal {goal.number}: all tasks are over, and its criteria are being checked."
        case GoalState.IN_PROGRESS:
            return f"Goal {goal.number} is being worked on, {goal.percentage}%."
        case GoalState.COMPLETED | GoalState.FAILED | GoalState.CANCELLED:
            reason = f": {goal.reason}" if goal.reason else ""
            return f"Goal {goal.number} is {goal.state}{reason}"


def _task_line(view: GoalView, task: Task, now: datetime) -> str:
    name = f"{task.ref} {task.spec.title}"
    match task.state:
        case TaskState.IN_PROGRESS:
            attempt = next((a for a in view.attempts if a.task_ref == task.ref), None)
            running = f" for {ago(attempt.started_at, now)}" if attempt else ""
            return f"{name}: attempt {task.attempts} has been running{running}."
        case TaskState.RETRYING:
            return f"{name}: failed ({task.summary}); attempt {task.attempts + 1} comes {ahead(task.due_at, now)}."
        case TaskState.QUEUED:
            return _queued(name, task, view, now)
        case TaskState.AWAITING_APPROVAL | TaskState.BLOCKED:
            return f"{name}: {_waits_for_person(view, task)}"
        case TaskState.PAUSED:
            return f"{name}: paused."
        case _:
            waits = ", ".join(other.ref for other in _open_needs(view, task))
            return f"{name}: waits for {waits}." if waits else f"{name}: not begun."


def _queued(name: str, task: Task, view: GoalView, now: datetime) -> str:
    if view.goal.state is GoalState.PAUSED:
        return f"{name}: ready; waits for the goal to be resumed."
    if task.due_at is not None and task.due_at > now:
        return f"{name}: {task.summary or 'waits'}; looks again {ahead(task.due_at, now)}."
    return f"{name}: ready; waits for a free worker."


def _waits_for_person(view: GoalView, task: Task) -> str:
    decision: Decision | None = next((d for d in view.decisions if d.task_ref == task.ref), None)
    if decision is None:
        return f"blocked: {task.summary}. /retry {task.ref} tries again, /skip {task.ref} goes on without it."
    options = ", ".join(option.label for option in decision.options) or "a reply with text"
    what = f"blocked: {task.summary}" if task.state is TaskState.BLOCKED else "waits for a person"
    return f"{what}; question {decision.number} has been open since {decision.opened_at:%d %b %H:%M} UTC ({options})."


def _open_needs(view: GoalView, task: Task) -> list[Task]:
    keys = {*task.spec.depends_on, *task.spec.only_if}
    if task.kind is TaskKind.CRITERION:
        return []
    return [other for other in view.tasks if other.spec.key in keys and not other.satisfied]


def ago(then: datetime, now: datetime) -> str:
    """A length of time in the largest two units that matter."""
    return span((now - then).total_seconds())


def ahead(then: datetime | None, now: datetime) -> str:
    seconds = (then - now).total_seconds() if then else 0.0
    return f"in {span(seconds)}" if seconds > 0 else "now"


def span(seconds: float) -> str:
    """3 s, 4 min, 2 h 5 min, 3 d 2 h."""
    whole = max(int(seconds + 0.5), 0)
    if whole < 60:
        return f"{whole} s"
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if hours < 1:
        return f"{minutes} min"
    if days < 1:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"
