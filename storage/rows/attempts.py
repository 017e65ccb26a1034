"""Attempts and effects as rows."""

from operator import attrgetter

from executor.domain.attempt import Attempt, AttemptState
from executor.domain.effect import Effect, EffectState
from storage.codec import dumps, loads, plain
from storage.rows.kinds import Record, Values

_AS_IT_IS = ("executor_id", "executor_type", "lease_until", "pid", "pid_started", "exit_code", "finished_at")
_as_it_is = attrgetter(*_AS_IT_IS)


def attempt_changes(attempt: Attempt, before: Attempt | None = None) -> Values:
    """The columns of an attempt that may change; where the row is known, those that do change, and its state."""
    values: Values = {"state": attempt.state.value}
    if before is None:
        values |= dict(zip(_AS_IT_IS, _as_it_is(attempt), strict=True))
    else:
        for column, now, then in zip(_AS_IT_IS, _as_it_is(attempt), _as_it_is(before), strict=True):
            if now is not then and now != then:
                values[column] = now
    if before is None or attempt.command != before.command:
        values["command"] = plain(attempt.command)
    if before is None or attempt.evidence != before.evidence:
        values["evidence"] = plain(attempt.evidence)
    if before is None or attempt.result != before.result:
        values["result"] = None if attempt.result is None else dumps(dict(attempt.result))
    return values


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
