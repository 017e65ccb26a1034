"""The circuit of the model, in the transactions of the ledger: whoever asks is let through or held by it."""

from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.circuit import Circuit, CircuitState, Outage
from executor.domain.limits import Limits
from executor.domain.model_outage import BRAIN, Held, admitted, after_answer, after_failure
from executor.ports import BrainFailed, Call, Failure
from storage.fetching import fetch_first
from storage.rows.circuits import circuit_from, circuit_values
from storage.sqlite import insert
from storage.tables import circuits
from storage.tables.base import columns

_READ = select(*columns(circuits)).where(circuits.c.key == bindparam("key"))
_CHANGE = update(circuits).where(circuits.c.key == bindparam("at_key"))


async def let_through(connection: AsyncConnection, call: Call) -> None:
    """Raises BrainFailed while nothing may be sent; nothing has then changed."""
    known = await _read(connection)
    found = admitted(known, call.task_ref or call.id, call.at)
    if isinstance(found, Held):
        gone = found.circuit
        raise BrainFailed(
            Failure.SERVER, f"{gone.what} does not work ({gone.reason}).", wait_s=found.wait_s, since=gone.opened_at
        )
    await _write(connection, known, found)


async def note_end(connection: AsyncConnection, gone: Outage | None, now: datetime, limits: Limits) -> datetime | None:
    """A request has ended, without an answer where `gone` says why. Since when the model counts as gone; None: it does
    not."""
    known = await _read(connection)
    new = after_failure(known, gone, now, limits) if gone else after_answer(known, now)
    await _write(connection, known, new)
    return new.opened_at if new is not None and new.state is not CircuitState.CLOSED else None


async def _read(connection: AsyncConnection) -> Circuit | None:
    row = await fetch_first(connection, _READ, {"key": BRAIN})
    return None if row is None else circuit_from(row)


async def _write(connection: AsyncConnection, old: Circuit | None, new: Circuit | None) -> None:
    if new is None or new is old:
        return
    if old is None:
        await connection.execute(insert(circuits).values(circuit_values(new)))
    else:
        await connection.execute(_CHANGE.values(circuit_values(new)), {"at_key": BRAIN})
