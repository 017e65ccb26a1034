"""Forgetting what is over and old, in small transactions: each deletes a few hundred rows at most and leaves the rest
to the next one, so that nobody waits for it and a crash in between only delays it.

The file does not shrink: its free pages are used again. Rows that hold the highest number are never deleted, because
the next number is counted from them.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    func,
    select,
    tuple_,
)

from executor.domain.decision import DecisionKind
from executor.domain.notice import NoticeState
from storage.connections import Connections
from storage.tables import attempts, commands, decisions, effects, goals, lessons, metadata, notices, tasks, turns
from storage.tables.attempts import ATTEMPT_OPEN
from storage.tables.base import among
from storage.tables.decisions import DECISION_OPEN
from storage.tables.effects import EFFECT_UNSETTLED
from storage.tables.goals import GOAL_OVER

LABELS = ("housekeeping.goal", "housekeeping.rest")
ROWS_MAX = 500
GOALS_MAX = 50

_NUMBER: BindParameter[int] = bindparam("number")
_MOST: BindParameter[int] = bindparam("most")
_BEFORE: BindParameter[datetime] = bindparam("before")
_HOLDS_NOTHING = DecisionKind.RESULT.value  # asked on a goal's last message, and answered or not
_HIGHEST = select(func.max(goals.c.number)).scalar_subquery()
_LAST_ASKED = select(decisions.c.goal_number).order_by(decisions.c.number.desc()).limit(1).scalar_subquery()
_OLD = (
    select(goals.c.number)
    .where(
        GOAL_OVER,
        goals.c.finished_at < _BEFORE,
        goals.c.number != _HIGHEST,
        goals.c.number != func.coalesce(_LAST_ASKED, 0),
        ~exists().where(DECISION_OPEN, decisions.c.kind != _HOLDS_NOTHING, decisions.c.goal_number == goals.c.number),
        ~exists().where(EFFECT_UNSETTLED, effects.c.goal_number == goals.c.number),
        ~exists().where(ATTEMPT_OPEN, attempts.c.goal_number == goals.c.number),
    )
    .order_by(goals.c.finished_at)
)
_OLD_GOALS = _OLD.limit(_MOST)
_STILL_OLD = _OLD.where(goals.c.number == _NUMBER)


def _some(table: Table, condition: ColumnElement[bool]) -> Any:
    """Delete at most so many rows of a table."""
    keys = list(table.primary_key.columns)
    which = select(*keys).where(condition).limit(_MOST)
    return delete(table).where((tuple_(*keys) if len(keys) > 1 else keys[0]).in_(which))


def _of_goal(table: Table) -> ColumnElement[bool]:
    """By what an index knows."""
    if table is attempts or table is turns:
        return table.c.task_ref.in_(select(tasks.c.ref).where(tasks.c.goal_number == _NUMBER))
    here: ColumnElement[bool] = table.c.goal_number == _NUMBER
    return here


_PARTS = [
    (table, _some(table, _of_goal(table)))
    for table in reversed(metadata.sorted_tables)  # what refers to others goes first
    if "goal_number" in table.c and table is not lessons
]
_GOAL = delete(goals).where(goals.c.number == _NUMBER)
_OLD_COMMANDS = _some(commands, commands.c.at < _BEFORE)
_OLD_NOTICES = _some(
    notices,
    and_(
        notices.c.goal_number.is_(None),
        notices.c.created_at < _BEFORE,
        among(notices.c.state, (NoticeState.SENT, NoticeState.DEAD)),
    ),
)


class HousekeepingRows:
    """Every method is one transaction at most, and safe to call again at any time."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def old_goals(self, before: datetime, limit: int = GOALS_MAX) -> list[int]:
        """Goals that were over before then and that hold nothing up: no open question, no effect in doubt, no attempt
        without an end. The oldest first."""
        async with self._connections.read_once() as connection:
            return list((await connection.execute(_OLD_GOALS, {"before": before, "most": limit})).scalars())

    async def forget_goal(self, number: int, before: datetime, rows: int = ROWS_MAX) -> bool:
        """Delete at most `rows` rows of an old goal; its own row goes last. True: nothing of it is left to delete, or
        it is no old goal any more. What was learned from it stays."""
        async with self._connections.write("housekeeping.goal") as connection:
            still = await connection.execute(_STILL_OLD, {"before": before, "number": number})
            if still.first() is None:
                return True
            for _, statement in _PARTS:
                rows -= (await connection.execute(statement, {"number": number, "most": rows})).rowcount
                if rows <= 0:
                    return False
            await connection.execute(_GOAL, {"number": number})
            return True

    async def forget_rest(self, before: datetime, rows: int = ROWS_MAX) -> bool:
        """Delete at most `rows` old commands and as many old notices that belong to no goal. True: none is left."""
        values = {"before": before, "most": rows}
        async with self._connections.write("housekeeping.rest") as connection:
            met = [(await connection.execute(one, values)).rowcount for one in (_OLD_COMMANDS, _OLD_NOTICES)]
        return max(met) < rows
