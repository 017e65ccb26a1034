"""An outage of the model that Milepost asks: one circuit for all goals, beside those of the services that tasks use.

It opens after a few failures in a row, whoever asked; at once where the provider asks for a pause or can't be reached.
While it is open nothing is sent but one request every `PROBE_S`, by whoever needs an answer then.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from executor.domain.circuit import Circuit, CircuitState, Outage, back, failed, tried_by
from executor.domain.limits import Limits

BRAIN: Final = "brain"  # the circuit's key
PROBE_S = 30.0  # between two requests to a model that is gone


@dataclass(frozen=True, slots=True)
class Held:
    """Nothing may be sent for `wait_s` seconds."""

    circuit: Circuit
    wait_s: float


def admitted(circuit: Circuit | None, who: str, now: datetime) -> Circuit | Held | None:
    """Whether `who` (a task, else the call itself) may send a request now; the circuit as it then is."""
    if circuit is None or circuit.state is CircuitState.CLOSED:
        return circuit
    if circuit.state is CircuitState.HALF_OPEN and circuit.trial == who:
        return circuit
    wait_s = (circuit.retry_at - now).total_seconds() if circuit.retry_at else 0.0
    return Held(circuit, min(wait_s, PROBE_S)) if wait_s > 0 else tried_by(circuit, who, now)


def after_failure(circuit: Circuit | None, gone: Outage, now: datetime, limits: Limits) -> Circuit:
    steady = replace(limits, retry_first_s=PROBE_S, outage_pause_max_s=PROBE_S)
    return failed(circuit, replace(gone, wait_s=max(gone.wait_s, PROBE_S)), now, steady)


def after_answer(circuit: Circuit | None, now: datetime) -> Circuit | None:
    """It answered, whatever it said."""
    if circuit is None or (circuit.state is CircuitState.CLOSED and not circuit.failures):
        return circuit
    return back(circuit, now)
