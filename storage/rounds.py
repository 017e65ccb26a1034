"""Approvals that were gathered on one card, answered ones too."""

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.decision import Decision, DecisionKind
from executor.domain.gathered import round_of
from storage.fetching import fetch
from storage.rows.questions import decision_from
from storage.tables import decisions
from storage.tables.base import among, columns

_SINCE = (
    select(*columns(decisions))
    .where(
        decisions.c.goal_number == bindparam("goal"),
        decisions.c.number >= bindparam("first"),  # a round bears the number of its first approval
        among(decisions.c.kind, (DecisionKind.APPROVAL,)),
    )
    .order_by(decisions.c.number)
)


async def read_round(connection: AsyncConnection, goal_number: int, number: int) -> list[Decision]:
    """Oldest first."""
    found = [decision_from(row) for row in await fetch(connection, _SINCE, {"goal": goal_number, "first": number})]
    return [decision for decision in found if round_of(decision) == number]
