"""Tasks as rows."""

from datetime import datetime, timedelta
from functools import lru_cache

from executor.domain.task import Task, TaskKind, TaskState
from storage.codec import ANSWER, dumps, loads, plain, specs
from storage.rows.kinds import Record, Values

_WENT_WRONG = frozenset({TaskState.RETRYING, TaskState.BLOCKED, TaskState.FAILED})


def task_changes(task: Task) -> Values:
    """The columns of a task that may change, its revision excepted."""
    spec, state, summary = task.spec, task.state, plain(task.summary)
    failed = state is TaskState.FAILED
    return {
        "position": task.position,
        "plan_version": task.plan_version,
        "title": plain(spec.title),
        "action": spec.action,
        "spec": specs.encode(spec),
        "dependencies": dumps(spec.depends_on) if spec.depends_on else "[]",
        "critical": spec.critical,
        "optional": spec.optional,
        "priority": 10 if spec.critical else 1 if spec.optional else 5,
        "assignee": spec.assignee,
        "execution_type": spec.execution_type.value,
        "ai_confidence": spec.confidence,
        "expected_outcome": plain(spec.expected_outcome),
        "estimated_duration_minutes": spec.estimated_minutes,
        "max_retries": spec.attempts_max,
        "state": state.value,
        "due_at": task.due_at,
        "attempts": task.attempts,
        "retry_count": task.failures,
        "taken_over": task.taken_over,
        "verify_first": task.verify_first,
        "verify_only": task.verify_only,
        "answer": None if task.answer is None else dumps(ANSWER.encode(task.answer)),
        "approved": task.approved,
        "summary": summary,
        "resume_state": None if task.resume_state is None else task.resume_state.value,
        "trail": dumps(task.trail) if task.trail else None,
        "started_at": task.started_at,
        "blocked_at": task.blocked_at,
        "finished_at": task.finished_at,
        "failed_at": task.finished_at if failed else None,
        "actual_outcome": summary if state is TaskState.COMPLETED else None,
        "error": summary if state in _WENT_WRONG else None,
        "blocked_reason": summary if state is TaskState.BLOCKED else None,
        "failure_reason": summary if failed else None,
        "actual_duration_minutes": _minutes(task.started_at, task.finished_at),
        "waits_on": task.waits_on,
        "needs": dumps(spec.needs) if spec.needs else None,
    }


def _minutes(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else (end - start) / timedelta(minutes=1)


def task_values(task: Task, unblocks: int) -> Values:
    return task_changes(task) | {
        "ref": task.ref,
        "goal_number": task.goal_number,
        "key": task.spec.key,
        "parent_task": task.parent_ref,
        "kind": task.kind.value,
        "unblocks": unblocks,
        "revision": max(task.revision, 0),
        "created_at": task.created_at,
    }


@lru_cache(maxsize=4096)
def task_from(row: Record) -> Task:
    """Remembered by all that the row holds: most tasks of a goal are the same as when it was last looked at."""
    return Task(
        ref=row.ref,
        goal_number=row.goal_number,
        position=row.position,
        spec=specs.decode(row.spec),
        kind=TaskKind(row.kind),
        state=TaskState(row.state),
        parent_ref=row.parent_task,
        plan_version=row.plan_version,
        due_at=row.due_at,
        attempts=row.attempts,
        failures=row.retry_count,
        taken_over=row.taken_over,
        verify_first=row.verify_first,
        verify_only=row.verify_only,
        answer=None if row.answer is None else ANSWER.decode(loads(row.answer)),
        approved=row.approved,
        summary=row.summary,
        resume_state=None if row.resume_state is None else TaskState(row.resume_state),
        trail=() if row.trail is None else tuple(loads(row.trail)),
        waits_on=row.waits_on,
        revision=row.revision,
        created_at=row.created_at,
        started_at=row.started_at,
        blocked_at=row.blocked_at,
        finished_at=row.finished_at,
    )
