"""Reading one goal's whole record, for its export."""

from sqlalchemy import Integer, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.ports import GoalRecord
from storage.fetching import fetch
from storage.reading import read_plans
from storage.rows import attempt_from, blockage_from, decision_from, event_from
from storage.tables import attempts, blockages, decisions, execution_log, tasks
from storage.tables.base import columns
from storage.turns import read_turns

_NUMBER = bindparam("number", type_=Integer)
_ATTEMPTS = (
    select(*columns(attempts))
    .where(attempts.c.task_ref.in_(select(tasks.c.ref).where(tasks.c.goal_number == _NUMBER)))
    .order_by(attempts.c.started_at, attempts.c.task_ref, attempts.c.number)
)
_DECISIONS, _BLOCKAGES, _EVENTS = (
    select(*columns(table)).where(table.c.goal_number == _NUMBER).order_by(*order)
    for table, order in (
        (decisions, (decisions.c.number,)),
        (blockages, (blockages.c.detected_at, blockages.c.id)),
        (execution_log, (execution_log.c.id,)),
    )
)


async def read_record(connection: AsyncConnection, goal_number: int) -> GoalRecord:
    """`connection` is in a transaction, so that all of it is of one moment."""
    about = {"number": goal_number}
    return GoalRecord(
        plans=tuple(await read_plans(connection, goal_number)),
        attempts=tuple(map(attempt_from, await fetch(connection, _ATTEMPTS, about))),
        turns=tuple(await read_turns(connection, goal_number, None)),
        decisions=tuple(map(decision_from, await fetch(connection, _DECISIONS, about))),
        blockages=tuple(map(blockage_from, await fetch(connection, _BLOCKAGES, about))),
        events=tuple(map(event_from, await fetch(connection, _EVENTS, about))),
    )
