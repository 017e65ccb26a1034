"""A circuit: what is known about something outside of a task that many tasks need, and that is gone for now.

A service of another machine (``https://api.example.com:443``, ``registry:pypi``), or something finite on this one
(``disk:/srv``, ``port:8080``). While its circuit is open, tasks that need it wait instead of trying, and something
cheap looks again and again whether it is back. The figures follow the usual breaker: open after a few consecutive
failures, one trial at a time, closed by a success.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from executor.domain.blockage import BlockageType
from executor.domain.correction import pause_s
from executor.domain.limits import Limits
from executor.domain.moves import check_move


class CircuitState(StrEnum):
    CLOSED = "closed"  # in use; `failures` may be on their way to the limit
    OPEN = "open"  # gone: nobody tries before `retry_at`
    HALF_OPEN = "half_open"  # one task, the `trial`, is let through


CIRCUIT_MOVES: Mapping[CircuitState, frozenset[CircuitState]] = {
    CircuitState.CLOSED: frozenset({CircuitState.OPEN}),
    CircuitState.OPEN: frozenset({CircuitState.HALF_OPEN, CircuitState.CLOSED}),
    CircuitState.HALF_OPEN: frozenset({CircuitState.OPEN, CircuitState.CLOSED}),
}

TRIAL_S = 120.0  # after that, a trial that never began (its goal was paused) is given to another task
TRIAL_EVERY = 4  # looks: where looking says no so often, a task tries all the same; there may be a way we don't see
REOPENS_AT_ONCE_S = 600.0  # what failed again so soon after it was back was not really back


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """What one failure says about something outside. `what` and `reason` are for people, `advice` is what they can do.
    `probe` is what may be looked at cheaply (see ports.Watches); empty: only a try can tell. `wait_s`: not before so
    many seconds; `at_once`: it opens with the first failure."""

    key: str
    type: BlockageType
    what: str
    reason: str
    advice: str = ""
    probe: str = ""
    wait_s: float = 0.0
    at_once: bool = False

    @property
    def local(self) -> bool:
        """Something finite on this machine."""
        return self.type is BlockageType.RESOURCE

    @property
    def counts(self) -> bool:
        """Whether such a failure is one of the task's own: it may have used up itself what it lacks. A lock is always
        held by somebody else."""
        return self.local and not self.key.startswith("lock:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """`failures` are consecutive ones, over all goals. `ask_at`: when a person is asked, if it is still open then.
    `looks` counts since it opened; `paused_s` is the last pause between two of them."""

    key: str
    type: BlockageType
    state: CircuitState = CircuitState.CLOSED
    failures: int = 0
    what: str
    reason: str = ""
    advice: str = ""
    probe: str = ""
    trial: str | None = None
    looks: int = 0
    paused_s: float = 0.0
    opened_at: datetime | None = None
    retry_at: datetime | None = None
    ask_at: datetime | None = None
    changed_at: datetime
    revision: int = -1  # of a row that is not stored yet

    @property
    def local(self) -> bool:
        return self.type is BlockageType.RESOURCE

    def moved(self, state: CircuitState, now: datetime, **changes: object) -> "Circuit":
        check_move(CIRCUIT_MOVES, self.state, state, f"Circuit {self.key}")
        return replace(self, state=state, changed_at=now, **changes)  # type: ignore[arg-type]


def failed(circuit: Circuit | None, outage: Outage, now: datetime, limits: Limits) -> Circuit:
    """The circuit after one more failure."""
    circuit = circuit or Circuit(key=outage.key, type=outage.type, what=outage.what, changed_at=now)
    circuit = replace(
        circuit,
        failures=circuit.failures + 1,
        what=outage.what,
        reason=outage.reason,
        advice=outage.advice,
        probe=outage.probe or circuit.probe,
    )
    if circuit.state is CircuitState.OPEN:  # others were under way when it opened
        later = now + timedelta(seconds=outage.wait_s)
        return replace(circuit, retry_at=max(circuit.retry_at or later, later) if outage.wait_s else circuit.retry_at)
    if circuit.state is CircuitState.HALF_OPEN:
        return still_gone(circuit, now, limits, wait_s=outage.wait_s)
    soon = (now - circuit.changed_at).total_seconds() < REOPENS_AT_ONCE_S
    again = soon and circuit.looks > 0
    if not (outage.at_once or again or circuit.failures >= limits.outage_failures):
        return replace(circuit, changed_at=now)
    first_s = circuit.paused_s * 2 if again else pause_s(circuit.failures, limits.retry_first_s)
    paused_s = min(first_s, limits.outage_pause_max_s)
    return circuit.moved(
        CircuitState.OPEN,
        now,
        looks=0,
        paused_s=paused_s,
        opened_at=(circuit.opened_at if soon else None) or now,  # one outage, of which is told once
        retry_at=now + timedelta(seconds=max(paused_s, outage.wait_s)),
        ask_at=now + timedelta(seconds=limits.outage_ask_s),
    )


def still_gone(circuit: Circuit, now: datetime, limits: Limits, *, wait_s: float = 0.0) -> Circuit:
    """Open, with a pause twice as long as the one before."""
    longest_s = min(limits.outage_pause_max_s, limits.monitoring_s)
    paused_s = max(min(circuit.paused_s * 2, longest_s), limits.retry_first_s)
    return circuit.moved(
        CircuitState.OPEN,
        now,
        trial=None,
        looks=circuit.looks + 1,
        paused_s=paused_s,
        retry_at=now + timedelta(seconds=max(paused_s, wait_s)),
    )


def tried_by(circuit: Circuit, ref: str, now: datetime) -> Circuit:
    """Half open: this task is let through."""
    retry_at = now + timedelta(seconds=TRIAL_S)
    return circuit.moved(CircuitState.HALF_OPEN, now, trial=ref, looks=circuit.looks + 1, retry_at=retry_at)


def back(circuit: Circuit, now: datetime) -> Circuit:
    """Closed by a success. What is known of the outage stays, for the case that it comes again soon."""
    return circuit.moved(CircuitState.CLOSED, now, failures=0, trial=None, retry_at=None, ask_at=None)


def wants_trial(circuit: Circuit) -> bool:
    """Looking said no so often that a task should try."""
    return circuit.looks % TRIAL_EVERY == TRIAL_EVERY - 1
