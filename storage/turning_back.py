"""Stored moments after the wall clock was set back: what waits would wait that much longer.

Moments that people named are not among them, and nothing that is over is touched.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Column, ColumnElement, Table, Update, bindparam, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.sqlite import later_of
from storage.tables import attempts, circuits, goals, notices, tasks
from storage.tables.attempts import ATTEMPT_OPEN
from storage.tables.goals import GOAL_UNPLANNED
from storage.tables.notices import NOTICE_PENDING
from storage.tables.tasks import TASK_WAITS_FOR_ITS_TIME

MICROSECOND = timedelta(microseconds=1)
FAR = timedelta(days=400)  # beyond every pause: "until somebody answers" is a moment as well


def _back(column: Column[datetime]) -> ColumnElement[int]:
    return type_coerce(column, BigInteger) - bindparam("back", type_=BigInteger)


def _earlier(table: Table, name: str, *which: ColumnElement[bool]) -> Update:
    """What lies ahead, by as much as the clock went back, and not beyond now."""
    column = table.c[name]
    shifted = later_of(bindparam("now", type_=column.type), _back(column))
    ahead = (column > bindparam("now"), column < bindparam("far"))
    return update(table).where(*which, *ahead).values({name: type_coerce(shifted, column.type)})


def _begun_earlier(name: str) -> Update:
    column = attempts.c[name]
    return update(attempts).where(ATTEMPT_OPEN).values({name: type_coerce(_back(column), column.type)})


_STATEMENTS: Sequence[Update] = (
    _earlier(tasks, "due_at", TASK_WAITS_FOR_ITS_TIME),
    _earlier(goals, "plan_due_at", GOAL_UNPLANNED),
    _earlier(notices, "due_at", NOTICE_PENDING),
    _earlier(circuits, "retry_at"),
    _earlier(circuits, "ask_at"),
    _begun_earlier("started_at"),
    _begun_earlier("lease_until"),
)


async def turn_back(connection: AsyncConnection, was: datetime, now: datetime) -> None:
    """See ports.TurnsBack."""
    back = (was - now) // MICROSECOND
    for statement in _STATEMENTS:
        await connection.execute(statement, {"now": now, "far": was + FAR, "back": back})
