"""Ways that were proposed for a goal, as its decisions tell."""

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.decision import DecisionKind, DecisionState
from storage.fetching import fetch
from storage.rows import decision_from
from storage.tables import decisions
from storage.tables.base import among, columns

REVERT = "revert"
_REFUSED = select(*columns(decisions)).where(
    decisions.c.goal_number == bindparam("number"),
    among(decisions.c.kind, (DecisionKind.ADAPTATION,)),
    among(decisions.c.state, (DecisionState.ANSWERED,)),
    decisions.c.option == REVERT,
)


async def read_refused_ways(connection: AsyncConnection, goal_number: int) -> frozenset[str]:
    found = (decision_from(row) for row in await fetch(connection, _REFUSED, {"number": goal_number}))
    return frozenset(one.amendment.chosen for one in found if one.amendment is not None and one.amendment.chosen)
