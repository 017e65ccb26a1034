"""Reading and writing turns."""

from sqlalchemy import bindparam, select, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.turn import Turn, TurnEnd
from storage.codec import dumps
from storage.fetching import fetch
from storage.prepared import Prepared
from storage.rows import Values, turn_from
from storage.tables import turns
from storage.tables.base import columns
from storage.tables.turns import TURN_OPEN

NEW_TURNS = Prepared(plain_insert(turns))
ENDED_TURNS = Prepared(update(turns).where(turns.c.task_ref == bindparam("at_ref"), TURN_OPEN))
_ALL = select(*columns(turns)).order_by(turns.c.task_ref, turns.c.number)
_OF_TASK = _ALL.where(turns.c.task_ref == bindparam("ref"), turns.c.goal_number == bindparam("goal"))
_OF_GOAL = _ALL.where(turns.c.goal_number == bindparam("goal"))


def end_values(end: TurnEnd) -> Values:
    """Meets the open turn of the task, where there is one: what is known of a turn never changes."""
    return {"result": dumps(dict(end.result)), "finished_at": end.at, "at_ref": end.task_ref}


async def read_turns(connection: AsyncConnection, goal_number: int, task_ref: str | None) -> list[Turn]:
    if task_ref is None:
        rows = await fetch(connection, _OF_GOAL, {"goal": goal_number})
    else:
        rows = await fetch(connection, _OF_TASK, {"goal": goal_number, "ref": task_ref})
    return [turn_from(row) for row in rows]
