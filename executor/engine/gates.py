"""What follows from a gate: new tasks before it is tried again, a repair, or a person's decision.

A gate that says no leads to tasks by itself, each time as a new version of the plan and with the message that tells of
it, for a set number of rounds; its `failures` count them, and stay with it through all versions. Whatever was already
seen to be true is looked at again once something has changed, but a person is asked once only.
"""

from collections.abc import Sequence
from dataclasses import replace

from executor.domain.amendment import Amendment
from executor.domain.blockage import BlockageType
from executor.domain.decision import Decision, Option
from executor.domain.envelope import same_action
from executor.domain.gate import Gate, command_in, gate_in
from executor.domain.outcome import GateClosed, Stumbled
from executor.domain.plan import TaskSpec
from executor.domain.task import Answer, Task, TaskState
from executor.engine.attempts.gate_attempt import LOOKS_GOOD, as_command
from executor.engine.blockages.blocking import block_task
from executor.engine.blockages.fix import Fix
from executor.engine.blockages.fixes import find_fix
from executor.engine.blockages.loops import noted
from executor.engine.casework.case import Case
from executor.engine.casework.envelopes import why_ask
from executor.engine.classification import classify
from executor.engine.correction.correcting import carry_out, correct, unless_in_circles
from executor.engine.flow import close_parked_attempt
from executor.engine.planning.adaptation import adapt, begin_afresh, current_plan
from executor.engine.replies import Caller

SKIP = Option("skip", "Skip this check", refuses=True)
REVIEWED = (Option("looks-good", LOOKS_GOOD), Option("rework", "Rework", wants_text=True, refuses=True))
_BY_HAND = frozenset({"manual", "ask"})


def gate_closed(case: Case, task: Task, closed: GateClosed) -> None:
    """A gate ran and said no. The caller has recorded the attempt and advances the case."""
    if task.taken_over:  # a person's Done did not hold: tell them why, and ask again
        case.set_task(replace(case.move_task(task.ref, TaskState.QUEUED, summary=closed.evidence), answer=None))
        return
    task = replace(task, failures=task.failures + 1, answer=None)
    case.set_task(task)
    case.event("gate.closed", task.ref, gate=str(gate_in(task.spec)), round=task.failures, what=closed.evidence)
    if not closed.tasks or task.failures > case.limits.gate_rounds_max:
        _ask(case, task, closed)
        return
    amendment = _amendment(case, task, closed)
    if amendment.because:
        _ask(case, task, closed, amendment)
    else:
        mend(case, task, amendment)


def _ask(case: Case, task: Task, closed: GateClosed, amendment: Amendment | None = None) -> None:
    """A person decides. `amendment` is what would be done, and is worth a word."""
    rounds = task.failures - 1
    tried = (f"{rounds} round{'s' if rounds > 1 else ''} of mending it",) if rounds else ()
    error, cause = BlockageType.ERROR, closed.evidence
    block_task(case, task, error, cause=cause, result=closed.result, tried=tried, amendment=amendment)


def _amendment(case: Case, task: Task, closed: GateClosed) -> Amendment:
    """The new tasks, and why a person has to agree to them first. What a person does anyway needs no word, nor do tasks
    that the accepted plan holds ready for this."""
    new = with_own_keys(case, closed.tasks, f"{task.spec.key}-{task.failures}")
    old = current_plan(case)
    ready = [spec for spec in new if any(same_action(spec, one) for one in task.spec.rework)]
    by_hand = [spec for spec in new if spec.action in _BY_HAND]
    accepted, wanted = replace(old, tasks=(*old.tasks, *ready)), replace(old, tasks=(*old.tasks, *new))
    because = why_ask(case, accepted, wanted, repaired=by_hand)
    return Amendment(tasks=tuple(new), whole=False, reason=closed.evidence, because=because)


def mend(case: Case, task: Task, amendment: Amendment) -> str:
    """These tasks as a new version of the plan; then the gate is tried again, and what was passed before it as well."""
    _wait_for_work(case, task, summary=amendment.reason)
    change = adapt(case, [*current_plan(case).tasks, *amendment.tasks], reason=amendment.reason)
    return f"{change.line}, then {task.ref} is tried again."


def _wait_for_work(case: Case, task: Task, *, summary: str) -> None:
    """Back to where a gate waits for all work; its failures go on counting."""
    failures, trail = task.failures, task.trail
    begin_afresh(case, case.tasks[task.ref])
    case.set_task(replace(case.tasks[task.ref], failures=failures, trail=trail, summary=summary))


def gate_stumbled(case: Case, task: Task, outcome: Stumbled) -> None:
    """It could not be run, so it says nothing about the result: a safe repair, another try, or a person."""
    task = noted(replace(task, failures=task.failures + 1, answer=None), outcome.result)
    case.set_task(task)
    command = str(outcome.result.metadata.get("command") or command_in(task.spec))
    fix = find_fix(as_command(task.spec, command), outcome.result, classify(outcome.result)) if command else None
    if fix is not None and not task.taken_over and not _because(case, fix):
        _repair(case, task, fix)
        return
    correction = unless_in_circles(case, task, outcome, correct(task, outcome, case.limits))
    carry_out(case, task, correction, outcome.result)


def _because(case: Case, fix: Fix) -> tuple[str, ...]:
    """Why a person has to agree to a repair first: the gate's own command is no part of the plan's tasks."""
    old, before = current_plan(case), [fix.before] if fix.before is not None else []
    return why_ask(case, old, replace(old, tasks=(*old.tasks, *before)), repaired=before)


def _repair(case: Case, task: Task, fix: Fix) -> None:
    """As for any other task, but what has to come first is work, and the gate keeps its place at the end."""
    case.event("task.repaired", task.ref, fix=fix.what)
    changed = {"command": fix.spec.parameters["command"]}
    spec = replace(task.spec, parameters={**task.spec.parameters, **changed}, depends_on=fix.spec.depends_on)
    case.set_task(replace(task, spec=spec))
    _wait_for_work(case, case.tasks[task.ref], summary=fix.what)
    before = [fix.before] if fix.before is not None else []
    adapt(case, [*current_plan(case).tasks, *before], reason=fix.what)


# ---------------------------------------------------------------------------------------------------------- once more


def with_own_keys(case: Case, specs: Sequence[TaskSpec], prefix: str) -> list[TaskSpec]:
    """The same tasks under keys that no other task of the goal has or had."""
    taken = {task.spec.key for task in case.work}
    while any(f"{prefix}-{spec.key}" in taken for spec in specs):
        prefix += "x"
    names = {spec.key: f"{prefix}-{spec.key}" for spec in specs}

    def renamed(keys: Sequence[str]) -> tuple[str, ...]:
        return tuple(names[key] for key in keys if key in names)

    return [
        replace(spec, key=names[spec.key], depends_on=renamed(spec.depends_on), only_if=renamed(spec.only_if))
        for spec in specs
    ]


# -------------------------------------------------------------------------------------------------------- what is asked


def options_of(task: Task) -> tuple[Option, ...]:
    """What a gate's question may be answered with; that for a command takes words, too."""
    return REVIEWED if gate_in(task.spec) is Gate.REVIEW else (SKIP,)


def answer_gate(case: Case, decision: Decision, task: Task, caller: Caller, option: Option | None, text: str) -> str:
    """Close the question; what was said becomes the gate's command, or goes to whoever mends the result."""
    case.decide(decision.number, caller, option=option.name if option else None, text=text or None)
    if option == SKIP:
        case.move_task(task.ref, TaskState.SKIPPED, summary=f"Skipped by {caller.name}")
        close_parked_attempt(case, task.ref)
        return f"Noted: {task.spec.title.lower()} is not checked, and the receipt says so."
    queued = case.move_task(task.ref, TaskState.QUEUED, summary=f"{caller.name}: {text or LOOKS_GOOD}"[:200])
    if gate_in(task.spec) is Gate.REVIEW:
        case.set_task(replace(queued, answer=Answer(text=text or LOOKS_GOOD, by=caller.name, at=case.now)))
        return "Thank you, noted."
    case.set_task(replace(queued, spec=replace(task.spec, parameters={**task.spec.parameters, "command": text})))
    return f"Running {text}"
