"""Tasks as rows."""

from datetime import datetime
from operator import attrgetter
from typing import Any

from executor.domain.task import Task, TaskKind, TaskState
from storage.codec import ANSWER, REMEDY, dumps, loads, plain, specs
from storage.rows.kinds import Record, Values

_WENT_WRONG = frozenset({TaskState.RETRYING, TaskState.BLOCKED, TaskState.FAILED})


_planned = attrgetter("spec", "position", "plan_version")
_kept = attrgetter("answer", "resume_state", "trail", "remedy")
_lived = attrgetter(
    *("due_at", "attempts", "failures", "taken_over", "verify_first", "verify_only", "waits_on", "approved"),
    *("started_at", "blocked_at", "finished_at"),
)
_LIFE = (
    *("due_at", "attempts", "retry_count", "taken_over", "verify_first", "verify_only", "waits_on", "approved"),
    *("started_at", "blocked_at", "finished_at"),
    # The state, and what documents 001 and 004 tell from it and from the summary:
    *("state", "summary", "failed_at", "actual_outcome", "error", "blocked_reason", "failure_reason"),
    "actual_duration_minutes",
)


def task_changes(task: Task, before: Task | None = None) -> Values:
    """The columns of a task that may change, its revision excepted; where the row is known, those that do change."""
    if before is None:
        return _plan_columns(task) | _kept_columns(task) | dict(zip(_LIFE, _life(task), strict=True))
    values = {} if _planned(task) == _planned(before) else _plan_columns(task)
    for column, now, then in zip(_LIFE, _life(task), _life(before), strict=True):
        if now is not then and now != then:
            values[column] = now
    if _kept(task) != _kept(before):
        values |= _kept_columns(task)
    return values


def _life(task: Task) -> tuple[Any, ...]:
    """What the columns of _LIFE hold."""
    state, summary = task.state, plain(task.summary)
    failed = state is TaskState.FAILED
    return (
        *_lived(task),
        state.value,
        summary,
        task.finished_at if failed else None,
        summary if state is TaskState.COMPLETED else None,
        summary if state in _WENT_WRONG else None,
        summary if state is TaskState.BLOCKED else None,
        summary if failed else None,
        _minutes(task.started_at, task.finished_at),
    )


def _plan_columns(task: Task) -> Values:
    spec = task.spec
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
        "needs": dumps(spec.needs) if spec.needs else None,
    }


def _kept_columns(task: Task) -> Values:
    return {
        "answer": None if task.answer is None else dumps(ANSWER.encode(task.answer)),
        "resume_state": None if task.resume_state is None else task.resume_state.value,
        "trail": dumps(task.trail) if task.trail else None,
        "remedy": None if task.remedy is None else dumps(REMEDY.encode(task.remedy)),
    }


def _minutes(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else (end - start).total_seconds() / 60


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


def task_from(row: Record) -> Task:
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
        remedy=None if row.remedy is None else REMEDY.decode(loads(row.remedy)),
        trail=() if row.trail is None else tuple(loads(row.trail)),
        waits_on=row.waits_on,
        revision=row.revision,
        created_at=row.created_at,
        started_at=row.started_at,
        blocked_at=row.blocked_at,
        finished_at=row.finished_at,
    )
