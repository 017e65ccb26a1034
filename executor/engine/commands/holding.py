"""What keeps tasks back beside their own plan: something that is gone, or a resource that others hold. For /why."""

from collections.abc import Sequence
from datetime import datetime

from executor.domain.circuit import Circuit, CircuitState
from executor.domain.family import awaited
from executor.domain.task import Task, TaskState
from executor.engine.spans import ago, ahead
from executor.engine.why import Code, Hold
from executor.ports import GoalView


def holds_by_circuit(view: GoalView, circuits: Sequence[Circuit], now: datetime) -> dict[str, Hold]:
    """By task ref."""
    known = {circuit.key: circuit for circuit in circuits}
    return {
        task.ref: _held(task, known[task.waits_on], now)
        for task in view.tasks
        if task.waits_on and task.waits_on in known and task.state is not TaskState.BLOCKED
    }


def _held(task: Task, circuit: Circuit, now: datetime) -> Hold:
    code = Code.WAITS_FOR_RESOURCE if circuit.local else Code.CIRCUIT_OPEN
    since = f", for {ago(circuit.opened_at, now)} now" if circuit.opened_at else ""
    gone = f"{circuit.reason}{since}" if circuit.local else f"{circuit.what} does not work{since} ({circuit.reason})"
    if circuit.state is CircuitState.HALF_OPEN:
        then = f"{circuit.trial} tries whether it is back"
    else:
        then = f"looks again {ahead(circuit.retry_at, now)}"
    return Hold(code=code, sentence=f"{gone}; {then}", since=circuit.opened_at, next_at=circuit.retry_at)


def holds_by_goal(view: GoalView) -> dict[str, Hold]:
    """By task ref."""
    return {
        task.ref: Hold(code=Code.WAITS_FOR_GOAL, sentence=f"waits for a goal of its own; {_lower(task.summary)}")
        for task in view.tasks
        if awaited(task.waits_on) and task.state is TaskState.PAUSED
    }


def _lower(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"
