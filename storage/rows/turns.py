"""Turns as rows."""

from executor.domain.turn import Turn, TurnKind
from storage.codec import dumps, loads, plain
from storage.rows.kinds import Record, Values


def turn_values(turn: Turn) -> Values:
    return {
        "task_ref": turn.task_ref,
        "number": turn.number,
        "goal_number": turn.goal_number,
        "attempt": turn.attempt,
        "kind": turn.kind.value,
        "thought": plain(turn.thought),
        "action": plain(turn.action),
        "parameters": dumps(dict(turn.parameters)),
        "does": plain(turn.does),
        "result": None if turn.result is None else dumps(dict(turn.result)),
        "started_at": turn.started_at,
        "finished_at": turn.finished_at,
    }


def turn_from(row: Record) -> Turn:
    return Turn(
        task_ref=row.task_ref,
        number=row.number,
        goal_number=row.goal_number,
        attempt=row.attempt,
        kind=TurnKind(row.kind),
        thought=row.thought,
        action=row.action,
        parameters=loads(row.parameters),
        does=row.does,
        result=None if row.result is None else loads(row.result),
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
