"""Tasks and circuits: what waits for something that is gone, who is told and asked, and how it goes on.

A task that a circuit holds has its key in `waits_on`; whatever moves the task, a person's press too, lets go of it.
Waiting costs neither attempts nor a model, and ends by itself.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from executor.domain.circuit import Circuit, CircuitState, Outage, back, failed, still_gone
from executor.domain.correction import pause_s
from executor.domain.decision import Decision, DecisionState
from executor.domain.model_outage import BRAIN
from executor.domain.notice import NoticeKind
from executor.domain.outcome import Blocked, Outcome, Stumbled, Succeeded
from executor.domain.task import Task, TaskKind, TaskState
from executor.engine.blockages.blocking import block_task
from executor.engine.casework.case import Case
from executor.engine.correction.services import services_of

IS_BACK = "It is back"
_SERVER_FAULTS = range(500, 600)


def wait_for(case: Case, task: Task, outage: Outage) -> None:
    """The task's attempt failed of this. While the circuit is closed it is tried again soon; else it waits."""
    circuit = failed(case.circuits.get(outage.key), outage, case.now, case.limits)
    case.circuits.put(circuit)
    if not outage.counts:  # an outage is nobody's failure
        task = replace(task, failures=max(task.failures - 1, 0))
        case.set_task(task)
    if circuit.state is not CircuitState.CLOSED:
        hold(case, task, circuit)
        return
    wait_s = max(pause_s(circuit.failures, case.limits.retry_first_s), outage.wait_s)
    task = case.move_task(task.ref, TaskState.RETRYING, summary=outage.reason, why=f"again in {wait_s:g} s")
    case.set_task(replace(task, due_at=case.now + timedelta(seconds=wait_s)))


def hold(case: Case, task: Task, circuit: Circuit) -> None:
    """Let it wait until the circuit is closed. A service's task keeps its turn; one that lacks a resource is paused."""
    if case.open_decisions(task.ref):  # a trial that failed again: its question still stands
        task = block_task(case, task, circuit.type, cause=_asked(circuit, case), asks=False)
        case.set_task(replace(task, waits_on=circuit.key, due_at=None))
        return
    if circuit.local:
        task = case.move_task(task.ref, TaskState.PAUSED, summary=f"Waits: {lacks(circuit)}")
        task = replace(task, resume_state=TaskState.QUEUED)
    else:
        state = TaskState.QUEUED if task.state is TaskState.QUEUED else TaskState.RETRYING
        task = case.move_task(task.ref, state, summary=f"Waits for {circuit.what}", why=circuit.reason)
    case.set_task(replace(task, waits_on=circuit.key, due_at=circuit.retry_at))
    case.event("task.waits", task.ref, key=circuit.key, reason=circuit.reason)
    _tell(case, task, circuit)


def needs_what_is_gone(case: Case, task: Task) -> Circuit | None:
    """The circuit that the task should wait for instead of being tried; None where a person wants it tried."""
    if task.waits_on is not None or task.taken_over or task.verify_only or task.answer is not None:
        return None
    return case.circuits.gone(services_of(task.spec)) if task.kind is TaskKind.WORK else None


def lacks(circuit: Circuit) -> str:
    """What is wrong, in a few words."""
    return circuit.reason if circuit.local else f"{circuit.what} does not work ({circuit.reason})"


def _tell(case: Case, task: Task, circuit: Circuit) -> None:
    """Once a chat and outage: what is down, what happens next, and what a person can do."""
    look_s = max((circuit.retry_at - case.now).total_seconds(), 0.0) if circuit.retry_at else 0.0
    longest_s = look_s if circuit.key == BRAIN else min(case.limits.outage_pause_max_s, case.limits.monitoring_s)
    facts: dict[str, object] = {
        "goal_title": case.goal.title,
        "ref": task.ref,
        "title": task.spec.title,
        "what": circuit.what,
        "reason": circuit.reason,
        "local": circuit.local,
        "advice": circuit.advice,
        "look_s": look_s,
        "longest_s": longest_s,
    }
    case.tell(NoticeKind.FAILURE, told_key(case, circuit.key, circuit.opened_at or case.now), facts)


def told_key(case: Case, key: str, opened_at: datetime) -> str:
    """Of the one message that a chat gets about an outage. Several goals may hear of the model's before it is one."""
    at = f"{opened_at:%Y%m%d%H%M}" if key == BRAIN else f"{opened_at:%Y%m%d%H%M%S%f}"
    return f"outage/{key}/{at}/{case.goal.origin.chat_id}"


def settled(case: Case, ref: str, outcome: Outcome, asked: Sequence[Decision]) -> None:
    """What an attempt's end says about the circuits that it tried, or surely used. A stumble of an outage is told by
    `wait_for` itself. `asked`: what was open about the task while it ran; unless it waits again, that is over."""
    if asked and not case.tasks[ref].waits_on:
        for decision in asked:
            if case.decisions[decision.number].state is DecisionState.OPEN:
                case.close(decision, IS_BACK)
    for circuit in case.circuits.tried_by(ref):
        if _still_gone(outcome):
            case.circuits.put(still_gone(circuit, case.now, case.limits))
        elif isinstance(outcome, Succeeded | Stumbled | Blocked):  # it was reached, whatever came of it
            case.circuits.put(back(circuit, case.now))
        else:  # it was stopped before it could tell
            case.circuits.put(circuit.moved(CircuitState.OPEN, case.now, trial=None, retry_at=case.now))
    if isinstance(outcome, Succeeded) and (task := case.tasks.get(ref)) is not None:
        for key in services_of(task.spec):
            if (known := case.circuits.get(key)) is not None and (known.failures or known.retry_at):
                case.circuits.put(back(known, case.now))


def _still_gone(outcome: Outcome) -> bool:
    """An effect that must not be repeated, and whose answer was a server's fault."""
    status = outcome.result.metadata.get("status") if isinstance(outcome, Blocked) else None
    return isinstance(status, int) and (status in _SERVER_FAULTS or status == 429)


def release(case: Case, task: Task, *, note: str = IS_BACK, trial: bool = False) -> None:
    """Let it go on. A trial keeps the question about it open: it may well have to wait again."""
    blocked = task.state is TaskState.BLOCKED
    if blocked:
        case.unblock(task.ref, note)
    if not trial:
        case.withdraw(task.ref, note=note)
    task = case.move_task(task.ref, TaskState.QUEUED, summary=note)
    case.set_task(replace(task, waits_on="") if trial else task)
    case.event("task.released", task.ref, why=note)


def look_later(case: Case, task: Task, circuit: Circuit) -> None:
    """Still gone: the card shows when the next look is."""
    if not task.final and task.state is not TaskState.BLOCKED and task.due_at != circuit.retry_at:
        case.set_task(replace(task, due_at=circuit.retry_at))


def ask(case: Case, task: Task, circuit: Circuit) -> None:
    """It takes too long: a person hears of it. Looking goes on, and so does the task by itself once it is back."""
    if task.spec.optional:
        case.move_task(task.ref, TaskState.FAILED, summary=_asked(circuit, case))
        return
    tried = (f"Looked {circuit.looks} times, with growing pauses", circuit.advice)
    task = block_task(case, task, circuit.type, cause=_asked(circuit, case), tried=tuple(filter(None, tried)))
    case.set_task(replace(task, waits_on=circuit.key))


def _asked(circuit: Circuit, case: Case) -> str:
    minutes = (case.now - (circuit.opened_at or case.now)).total_seconds() / 60
    over = "that is over" if circuit.local else "it is back"
    return f"{lacks(circuit)}, for {minutes:.0f} min now. I go on looking, and go on by myself when {over}"
