"""Milestones, progress and events as rows."""

from executor.domain.event import Event
from executor.domain.milestone import Milestone
from executor.ports import ProgressRow
from storage.codec import dumps, loads, plain
from storage.rows.kinds import Record, Values


def milestone_changes(milestone: Milestone) -> Values:
    """The columns of a milestone that may change."""
    return {
        "title": milestone.title,
        "type": milestone.type,
        "achieved_at": milestone.achieved_at,
        "announced": milestone.announced,
    }


def milestone_values(milestone: Milestone) -> Values:
    return milestone_changes(milestone) | {
        "goal_number": milestone.goal_number,
        "percentage": milestone.percentage,
    }


def milestone_from(row: Record) -> Milestone:
    return Milestone(
        goal_number=row.goal_number,
        percentage=row.percentage,
        title=row.title,
        type=row.type,
        achieved_at=row.achieved_at,
        announced=row.announced,
    )


def progress_values(line: ProgressRow) -> Values:
    return {
        "goal_number": line.goal_number,
        "progress": line.progress,
        "status": line.status,
        "notes": plain(line.notes),
        "at": line.at,
    }


def event_values(event: Event) -> Values:
    return {
        "goal_number": event.goal_number,
        "task_ref": event.task_ref,
        "event": event.name,
        "executor_id": event.executor_id,
        "executor_type": event.executor_type,
        "timestamp": event.at,
        "result": dumps(dict(event.result)) if event.result else "{}",
    }


def event_from(row: Record) -> Event:
    return Event(
        name=row.event,
        goal_number=row.goal_number,
        task_ref=row.task_ref,
        executor_id=row.executor_id,
        executor_type=row.executor_type,
        at=row.timestamp,
        result=loads(row.result),
    )
