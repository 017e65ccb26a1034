"""Attempts and effects as rows."""

from executor.domain.attempt import Attempt, AttemptState
from executor.domain.effect import Effect, EffectState
from storage.codec import dumps, loads, plain
from storage.rows.kinds import Record, Values


def attempt_changes(attempt: Attempt) -> Values:
    return {
        "state": attempt.state.value,
        "executor_id": attempt.executor_id,
        "executor_type": attempt.executor_type,
        "lease_until": attempt.lease_until,
        "pid": attempt.pid,
        "pid_started": attempt.pid_started,
        "command": plain(attempt.command),
        "exit_code": attempt.exit_code,
        "result": None if attempt.result is None else dumps(dict(attempt.result)),
        "evidence": plain(attempt.evidence),
        "finished_at": attempt.finished_at,
    }


def attempt_values(attempt: Attempt) -> Values:
    return attempt_changes(attempt) | {
        "task_ref": attempt.task_ref,
        "number": attempt.number,
        "goal_number": attempt.goal_number,
        "signature": attempt.signature,
        "started_at": attempt.started_at,
    }


def attempt_from(row: Record) -> Attempt:
    return Attempt(
        task_ref=row.task_ref,
        number=row.number,
        goal_number=row.goal_number,
        state=AttemptState(row.state),
        executor_id=row.executor_id,
        executor_type=row.executor_type,
        lease_until=row.lease_until,
        pid=row.pid,
        pid_started=row.pid_started,
        command=row.command,
        signature=row.signature,
        exit_code=row.exit_code,
        result=None if row.result is None else loads(row.result),
        evidence=row.evidence,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def effect_values(effect: Effect) -> Values:
    return {
        "id": effect.id,
        "goal_number": effect.goal_number,
        "task_ref": effect.task_ref,
        "attempt": effect.attempt,
        "what": plain(effect.what),
        "state": effect.state.value,
        "receipt": plain(effect.receipt),
        "intended_at": effect.intended_at,
        "settled_at": effect.settled_at,
    }


def effect_from(row: Record) -> Effect:
    return Effect(
        id=row.id,
        goal_number=row.goal_number,
        task_ref=row.task_ref,
        attempt=row.attempt,
        what=row.what,
        state=EffectState(row.state),
        receipt=row.receipt,
        intended_at=row.intended_at,
        settled_at=row.settled_at,
    )
