"""Looking whether what is gone is back, and letting go on what waits for it.

Every look is a row's time (`retry_at`), so a restart changes nothing. The look itself is made outside any transaction;
what it saw is written in one, against the circuit as it is then.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from executor.domain.circuit import Circuit, CircuitState, back, still_gone, tried_by, wants_trial
from executor.domain.goal import GOAL_RUNNING
from executor.domain.task import Task
from executor.engine.casework.case import Case
from executor.engine.casework.circuits import Circuits
from executor.engine.casework.joint import Numbers, merge
from executor.engine.correction.outages import ask, look_later, release
from executor.engine.flow import advance
from executor.engine.nursery import Nursery
from executor.engine.tools import Tools
from executor.ports import Changes, Store, Transaction

EVERY_S = 0.05  # between two questions to the database, unless something changed a circuit just now
FORGET_AFTER = timedelta(days=1)

Held = list[tuple[Case, Task]]


class Watching:
    """`changed` is called after each commit; `log_failure(what, error)` hears of a look that a bug broke."""

    def __init__(
        self,
        store: Store,
        tools: Callable[[], Tools],
        nursery: Nursery,
        *,
        changed: Callable[[], None],
        log_failure: Callable[[str, Exception], None],
    ) -> None:
        self._store = store
        self._tools = tools
        self._nursery = nursery
        self._changed = changed
        self._log_failure = log_failure
        self._asked_at = float("-inf")
        self.seen_until: datetime | None = None  # every look that was due by then has begun
        self._looking: set[str] = set()

    @property
    def looking(self) -> frozenset[str]:
        """The keys that are being looked at."""
        return frozenset(self._looking)

    def soon(self) -> None:
        """A circuit has changed: the next turn asks the database, however short ago it did."""
        self._asked_at = float("-inf")

    async def begin(self) -> None:
        """Start every look that is due; each ends by itself."""
        tools = self._tools()
        if tools.clock.monotonic() - self._asked_at < EVERY_S:
            return
        self._asked_at = tools.clock.monotonic()
        now = tools.clock.now()
        for circuit in await self._store.circuits_due(now):
            if circuit.key not in self._looking:
                self._looking.add(circuit.key)
                self._nursery.start(self._look(circuit), f"look {circuit.key}")
        self.seen_until = now

    async def _look(self, circuit: Circuit) -> None:
        try:
            answer = None
            if circuit.state is CircuitState.OPEN and circuit.probe:
                answer = await self._tools().watches.look(circuit.probe)
            await self._write(circuit.key, answer)
        except Exception as error:  # noqa: BLE001 - as in the tick: one circuit's bug must not end all looking
            self._log_failure(f"look {circuit.key}", error)
        finally:
            self._looking.discard(circuit.key)
        self._changed()

    async def _write(self, key: str, answer: bool | None) -> None:
        tools = self._tools()
        async with self._store.transaction("watch") as transaction:
            circuits = Circuits(await transaction.circuits())
            if (circuit := circuits.get(key)) is None:
                return
            held = await self._held(transaction, key, circuits)
            decide(circuits, circuit, answer, held)
            cases = {case.goal.number: case for case, _ in held}
            changes = merge([changed for case in cases.values() if (changed := self._advanced(case)) is not None])
            circuits.add_to(changes)
            await transaction.save(changes)
            await transaction.forget_circuits(tools.clock.now() - FORGET_AFTER)

    def _advanced(self, case: Case) -> Changes | None:
        """None: a bug holds this goal up; it waits on, and is looked at again with the next look."""
        try:
            advance(case)
            return case.changes()
        except Exception as error:  # noqa: BLE001 - as in the tick: one goal's bug must not hold up every other goal
            self._log_failure(f"goal {case.goal.number}", error)
            return None

    async def _held(self, transaction: Transaction, key: str, circuits: Circuits) -> Held:
        """The tasks that wait for it, the most urgent first, each with its goal's case."""
        tools = self._tools()
        waiting = await transaction.waiting_on(key)
        numbers = Numbers(await transaction.next_decision_number())
        cases = {
            rows.goal.number: Case(rows, tools.clock.now(), tools.limits, numbers, circuits=circuits)
            for rows in await transaction.cases(sorted({one.goal_number for one in waiting}))
        }
        return [(cases[one.goal_number], cases[one.goal_number].tasks[one.task_ref]) for one in waiting]


def decide(circuits: Circuits, circuit: Circuit, answer: bool | None, held: Held) -> None:
    """What follows from a look. `answer` as of Watches.look."""
    if not held:
        return
    now, limits = held[0][0].now, held[0][0].limits
    if circuit.state is CircuitState.CLOSED or (circuit.state is CircuitState.OPEN and answer):
        if circuit.state is not CircuitState.CLOSED:
            circuits.put(back(circuit, now))
        for case, task in held:
            release(case, task)
        return
    if circuit.retry_at is not None and circuit.retry_at > now:  # it failed again while it was looked at
        return
    if circuit.ask_at is not None and circuit.ask_at <= now:  # about the one that tries next, too
        circuit = replace(circuit, ask_at=now + timedelta(seconds=limits.outage_ask_s))
        _ask(circuit, held)
        held = [(case, case.tasks[task.ref]) for case, task in held if not case.tasks[task.ref].final]
    candidate = next(((case, task) for case, task in held if case.goal.state in GOAL_RUNNING), None)
    if candidate is not None and (answer is None or wants_trial(circuit)):
        trial = candidate[1].ref
        circuit = tried_by(circuit, trial, now)
        release(*candidate, note=f"Trying whether {circuit.what} is back", trial=True)
        held = [(case, task) for case, task in held if task.ref != trial]
    else:
        circuit = still_gone(circuit, now, limits)
    circuits.put(circuit)
    for case, task in held:
        look_later(case, case.tasks[task.ref], circuit)


def _ask(circuit: Circuit, held: Held) -> None:
    """One question a goal, not one a task. A trial under way keeps the one that is open about it."""
    for case, task in held:
        asked = any(
            other.waits_on == circuit.key or other.ref == circuit.trial
            for other in case.tasks.values()
            if case.open_decisions(other.ref)
        )
        if not asked and case.goal.state in GOAL_RUNNING:
            ask(case, case.tasks[task.ref], circuit)
