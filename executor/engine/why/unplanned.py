"""Why a goal has no plan yet, and what comes next: pure functions."""

from datetime import datetime

from executor.domain.goal import Goal, GoalState
from executor.engine.asking.unplanned import UNTIL_ANSWERED
from executor.engine.spans import ago, ahead
from executor.engine.why.values import Code, Reason


def why_unplanned(goal: Goal, since: datetime | None, now: datetime) -> Reason:
    for_so_long = f" for {ago(since, now)}" if since else ""
    if goal.plan_due_at is None or not goal.reason:
        return Reason(code=Code.PLANNING, sentence=f"is being planned{for_so_long}", since=since)
    due_at = goal.plan_due_at if goal.plan_due_at < UNTIL_ANSWERED else None
    sentence = f"has no plan yet{for_so_long}: {goal.reason.rstrip('.')}"
    return Reason(code=Code.PLANNING, sentence=sentence, since=since, next_at=due_at)


def next_try(goal: Goal, now: datetime) -> tuple[str, datetime] | None:
    """When planning is tried again by itself; None where it is under way, or nothing of the kind will happen."""
    if goal.state not in (GoalState.PENDING, GoalState.PLANNING) or not goal.reason:
        return None
    if goal.plan_due_at is None or goal.plan_due_at >= UNTIL_ANSWERED:
        return None
    return f"it is tried again {ahead(goal.plan_due_at, now)}", goal.plan_due_at
