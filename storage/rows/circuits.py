"""Circuits as rows."""

from executor.domain.blockage import BlockageType
from executor.domain.circuit import Circuit, CircuitState
from storage.codec import plain
from storage.rows.kinds import Record, Values


def circuit_values(circuit: Circuit) -> Values:
    """As it is written: one revision further."""
    return {
        "key": circuit.key,
        "type": circuit.type.value,
        "state": circuit.state.value,
        "failures": circuit.failures,
        "what": plain(circuit.what),
        "reason": plain(circuit.reason),
        "advice": plain(circuit.advice),
        "probe": plain(circuit.probe),
        "trial": circuit.trial,
        "looks": circuit.looks,
        "paused_s": circuit.paused_s,
        "opened_at": circuit.opened_at,
        "retry_at": circuit.retry_at,
        "ask_at": circuit.ask_at,
        "changed_at": circuit.changed_at,
        "revision": circuit.revision + 1,
    }


def circuit_from(row: Record) -> Circuit:
    return Circuit(
        key=row.key,
        type=BlockageType(row.type),
        state=CircuitState(row.state),
        failures=row.failures,
        what=row.what,
        reason=row.reason,
        advice=row.advice,
        probe=row.probe,
        trial=row.trial,
        looks=row.looks,
        paused_s=row.paused_s,
        opened_at=row.opened_at,
        retry_at=row.retry_at,
        ask_at=row.ask_at,
        changed_at=row.changed_at,
        revision=row.revision,
    )
