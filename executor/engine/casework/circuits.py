"""All circuits as one transaction sees them: shared by its cases, and written with what they changed."""

from collections.abc import Iterable, Mapping

from executor.domain.circuit import Circuit, CircuitState
from executor.ports import Changes


class Circuits:
    """Empty where a transaction has nothing to do with them."""

    def __init__(self, known: Iterable[Circuit] = ()) -> None:
        self._before = {circuit.key: circuit for circuit in known}
        self._now = dict(self._before)

    @property
    def changed(self) -> bool:
        return any(circuit is not self._before.get(key) for key, circuit in self._now.items())

    def get(self, key: str) -> Circuit | None:
        return self._now.get(key)

    def put(self, circuit: Circuit) -> None:
        self._now[circuit.key] = circuit

    def noted(self) -> Mapping[str, Circuit]:
        """What is known now, for `back_to`."""
        return dict(self._now)

    def back_to(self, known: Mapping[str, Circuit]) -> None:
        """Forget what a goal said that a bug held up: it will say it again."""
        self._now = dict(known)

    def gone(self, keys: Iterable[str]) -> Circuit | None:
        """The first of these that nobody should try now."""
        found = (self._now.get(key) for key in keys)
        return next((circuit for circuit in found if circuit and circuit.state is not CircuitState.CLOSED), None)

    def tried_by(self, ref: str) -> list[Circuit]:
        """Those that this task was let through to try."""
        return [circuit for circuit in self._now.values() if circuit.trial == ref]

    def add_to(self, changes: Changes) -> None:
        """What changed, once, at the end of the transaction."""
        changed = [circuit for key, circuit in self._now.items() if circuit is not self._before.get(key)]
        changes.new_circuits.extend(circuit for circuit in changed if circuit.key not in self._before)
        changes.circuits.extend(circuit for circuit in changed if circuit.key in self._before)
