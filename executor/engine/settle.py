"""What an attempt's outcome means for its task: one pure decision per kind of outcome.

A result counts only while the task's open attempt has the same number: a worker that lost its lease is fenced off.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import assert_never

from executor.domain.attempt import Attempt, AttemptState
from executor.domain.correction import AskPerson
from executor.domain.decision import DecisionKind, Option
from executor.domain.effect import EffectState
from executor.domain.notice import NoticeKind
from executor.domain.outcome import (
    Blocked,
    GateClosed,
    Interrupted,
    NeedsAllowance,
    NeedsApproval,
    NeedsGoal,
    NeedsPerson,
    NeedsReview,
    NotNeeded,
    Outcome,
    Result,
    Stumbled,
    Succeeded,
    Uncertain,
    Waiting,
)
from executor.domain.plan import ExecutionType
from executor.domain.task import Task, TaskKind, TaskState
from executor.domain.values import replace
from executor.engine.asking.asking import ask_for_allowance, ask_for_approval, ask_for_review
from executor.engine.asking.doubting import ask_about_effect, can_be_read_back
from executor.engine.blockages.lessons import failed_again, succeeded
from executor.engine.blockages.loops import noted, noted_poll, pointless_wait
from executor.engine.casework.case import Case
from executor.engine.correction.correcting import carry_out, correct, unless_in_circles
from executor.engine.correction.outages import hold, settled
from executor.engine.correction.repairing import known_repair
from executor.engine.correction.suspects import lost_too_often, noted_loss
from executor.engine.flow import NOT_BEGUN
from executor.engine.gates import SKIP, gate_closed, gate_stumbled, options_of
from executor.engine.planning.subgoals import park_for_goal
from executor.engine.turns import end_with

_EFFECTS = {
    Succeeded: EffectState.DONE,
    Stumbled: EffectState.FAILED,
    Blocked: EffectState.FAILED,
    Interrupted: EffectState.FAILED,  # before it began: else its outcome would be Uncertain
    NeedsPerson: EffectState.FAILED,
    NeedsAllowance: EffectState.FAILED,
    NeedsApproval: EffectState.FAILED,
    NeedsGoal: EffectState.FAILED,
    NeedsReview: EffectState.DONE,
    NotNeeded: EffectState.FAILED,
}


def settle(case: Case, ref: str, number: int, outcome: Outcome, texts: Sequence[str] = ()) -> bool:
    """Take over the outcome of attempt `number`. False: it is fenced off, and nothing changed."""
    attempt, task = case.attempts.get(ref), case.tasks.get(ref)
    if attempt is None or task is None or attempt.number != number or attempt.state is not AttemptState.RUNNING:
        return False
    asked = case.open_decisions(ref) if task.state is TaskState.IN_PROGRESS else []
    end_with(case, task, outcome)
    if task.state is TaskState.IN_PROGRESS:
        _settle_open(case, task, attempt, outcome)
    else:  # a person cancelled or skipped it while it ran: what it did is recorded, and decides nothing
        _record(case, attempt, AttemptState.INTERRUPTED, _result_of(outcome), evidence="Stopped by a person")
        _settle_effect(case, ref, _EFFECTS.get(type(outcome), EffectState.UNKNOWN), "Stopped by a person")
    settled(case, ref, outcome, asked)
    for index, text in enumerate(texts, start=1):
        case.tell(NoticeKind.TEXT, f"{ref}#{number}/text/{index}", {"text": text, "ref": ref})
    return True


def _settle_open(case: Case, task: Task, attempt: Attempt, outcome: Outcome) -> None:
    match outcome:
        case Succeeded():
            _succeed(case, task, attempt, outcome)
        case Stumbled():
            _stumble(case, task, attempt, outcome)
        case Blocked():
            _record(case, attempt, AttemptState.FAILED, outcome.result, outcome.evidence)
            _settle_effect(case, task.ref, EffectState.FAILED, outcome.cause)
            carry_out(case, task, AskPerson(type=outcome.type, cause=outcome.cause, confidence=1.0), outcome.result)
        case Waiting() | NeedsPerson() | NeedsAllowance() | NeedsApproval() | NeedsGoal() | NeedsReview():
            _settle_parked(case, task, attempt, outcome)
        case Interrupted():
            _record(case, attempt, AttemptState.INTERRUPTED, None, outcome.note)
            _settle_effect(case, task.ref, EffectState.FAILED, NOT_BEGUN)
            _interrupt(case, task, outcome)
        case Uncertain():
            _doubt(case, task, attempt, outcome)
        case NotNeeded():
            _record(case, attempt, AttemptState.SUCCEEDED, None, outcome.note)
            _settle_effect(case, task.ref, EffectState.FAILED, NOT_BEGUN)
            case.move_task(task.ref, TaskState.SKIPPED, summary=outcome.note)
        case GateClosed():
            _record(case, attempt, AttemptState.FAILED, outcome.result, outcome.evidence)
            gate_closed(case, task, outcome)
        case _:
            assert_never(outcome)


def _settle_parked(
    case: Case,
    task: Task,
    attempt: Attempt,
    outcome: Waiting | NeedsPerson | NeedsAllowance | NeedsApproval | NeedsGoal | NeedsReview,
) -> None:
    """The attempt stays open, without a slot and without a timer of its own."""
    match outcome:
        case Waiting():
            _wait(case, task, attempt, outcome)
        case NeedsPerson():
            _park(case, attempt)
            _ask(case, task, outcome)
        case NeedsAllowance():
            _park(case, attempt)
            case.move_task(task.ref, TaskState.AWAITING_APPROVAL, summary="Waits until a person allows more")
            ask_for_allowance(case, outcome.kind, outcome.question)
        case NeedsApproval():
            _park(case, replace(attempt, evidence=NOT_BEGUN))
            ask_for_approval(case, task, outcome)
        case NeedsGoal():
            _park(case, attempt)
            park_for_goal(case, task, outcome)
        case NeedsReview():
            _settle_effect(case, task.ref, EffectState.DONE, outcome.evidence)
            _park(case, replace(attempt, result=outcome.result.record()))
            ask_for_review(case, task, outcome)


def _result_of(outcome: Outcome) -> Result | None:
    with_result = Succeeded | Stumbled | Blocked | Uncertain | NeedsReview | GateClosed
    return outcome.result if isinstance(outcome, with_result) else None


def _record(case: Case, attempt: Attempt, state: AttemptState, result: Result | None, evidence: str = "") -> None:
    exit_code = result.metadata.get("exit_code") if result else None
    case.set_attempt(
        replace(
            attempt,
            state=state,
            result=result.record() if result else attempt.result,
            exit_code=exit_code if isinstance(exit_code, int) else None,
            evidence=evidence,
            finished_at=case.now,
        )
    )


def _settle_effect(case: Case, ref: str, state: EffectState, receipt: str) -> None:
    """An effect in doubt has happened once its task is done; that the task is not says nothing about it."""
    if not case.in_doubt(ref):
        case.settle_effect(ref, state, receipt)
    elif state is EffectState.DONE:
        case.settle_effect(ref, EffectState.HAPPENED, receipt)


def _by_hand(task: Task) -> bool:
    """The answer is the work itself, and not what a person wants to have done better."""
    return task.taken_over or task.spec.execution_type is not ExecutionType.SEMI_AUTOMATED


def _park(case: Case, attempt: Attempt) -> None:
    case.set_attempt(replace(attempt, state=AttemptState.WAITING, pid=None, pid_started=None))


def _wait(case: Case, task: Task, attempt: Attempt, outcome: Waiting) -> None:
    task = noted_poll(task, outcome)
    case.set_task(task)
    if (stop := pointless_wait(task, outcome)) is not None and outcome.result is not None:
        _record(case, attempt, AttemptState.FAILED, outcome.result, outcome.note)
        carry_out(case, task, stop, outcome.result)
        return
    _park(case, attempt)
    task = case.move_task(task.ref, TaskState.QUEUED, summary=outcome.note)
    case.set_task(replace(task, due_at=case.now + timedelta(seconds=outcome.wait_s)))
    if (gone := case.circuits.gone([outcome.gone])) is not None:
        hold(case, case.tasks[task.ref], gone)


def _succeed(case: Case, task: Task, attempt: Attempt, outcome: Succeeded) -> None:
    _record(case, attempt, AttemptState.SUCCEEDED, outcome.result, outcome.evidence)
    _settle_effect(case, task.ref, EffectState.DONE, outcome.evidence)
    case.unblock(task.ref, "It succeeded")
    succeeded(case, case.move_task(task.ref, TaskState.COMPLETED, summary=outcome.evidence))


def _stumble(case: Case, task: Task, attempt: Attempt, outcome: Stumbled) -> None:
    _record(case, attempt, AttemptState.FAILED, outcome.result, outcome.evidence)
    _settle_effect(case, task.ref, EffectState.FAILED, outcome.evidence or outcome.result.error or "")
    if task.kind is TaskKind.GATE:
        gate_stumbled(case, task, outcome)
        return
    if task.answer is not None and _by_hand(task):  # it did not hold: tell them why, and ask again
        problem = outcome.evidence or outcome.result.error or "It did not hold"
        case.set_task(replace(case.move_task(task.ref, TaskState.QUEUED, summary=problem), answer=None))
        return
    task = noted(replace(task, failures=task.failures + 1), outcome.result)
    case.set_task(task)
    task = failed_again(case, task, outcome.result)
    correction = correct(task, outcome, case.limits, repair=known_repair(case, task, outcome))
    carry_out(case, task, unless_in_circles(case, task, outcome, correction), outcome.result)


YES, NO = Option("yes", "Yes"), Option("no", "No", refuses=True)


def _ask(case: Case, task: Task, needs: NeedsPerson) -> None:
    if needs.manual and task.answer is not None:  # given while the question was on its way
        case.move_task(task.ref, TaskState.QUEUED, summary=f"{task.answer.by}: {task.answer.text}"[:200])
        return
    case.move_task(task.ref, TaskState.AWAITING_APPROVAL, summary="Waits for a person")
    facts: dict[str, object] = {
        "ref": task.ref,
        "title": task.spec.title,
        "instructions": needs.question,
        "problem": needs.problem,
        "check": needs.check,
    }
    if task.spec.assignee:
        facts["assignee"] = task.spec.assignee
    if needs.manual:
        case.ask(DecisionKind.MANUAL, task_ref=task.ref, question=needs.question, facts=facts)
        return
    if task.kind is TaskKind.GATE:
        options = options_of(task)
        free = SKIP in options
        facts["runs"] = free  # whoever answers says what is run
        case.ask(
            DecisionKind.QUESTION,
            task_ref=task.ref,
            question=needs.question,
            facts=facts,
            options=options,
            free_text=free,
        )
        return
    criterion = task.kind is TaskKind.CRITERION
    choices = tuple(Option(str(index), choice) for index, choice in enumerate(needs.choices, start=1))
    case.ask(
        DecisionKind.QUESTION,
        task_ref=task.ref,
        question=needs.question,
        facts=facts,
        options=(YES, NO) if criterion else choices,
        free_text=not criterion,
    )


def _interrupt(case: Case, task: Task, outcome: Interrupted) -> None:
    """Its survivors are ended: try the check first, else run it again. An interruption is nobody's failure."""
    task = noted_loss(task, soon=outcome.soon) if outcome.lost else task
    case.set_task(replace(task, verify_first=task.spec.check is not None))
    if (stop := lost_too_often(task, case.limits)) is not None:
        carry_out(case, case.tasks[task.ref], stop, Result(success=False, error=outcome.note))
        return
    case.move_task(task.ref, TaskState.QUEUED, summary=outcome.note)


def _doubt(case: Case, task: Task, attempt: Attempt, outcome: Uncertain) -> None:
    _record(case, attempt, AttemptState.UNKNOWN, outcome.result, outcome.note)
    case.settle_effect(task.ref, EffectState.UNKNOWN)
    if can_be_read_back(case, task, outcome):
        case.event("effect.read_back", task.ref, note=outcome.note)
        again = case.move_task(task.ref, TaskState.QUEUED, summary=f"{outcome.note}; I look whether it happened")
        case.set_task(replace(again, verify_only=True))
        return
    case.set_task(replace(task, verify_only=False))
    ask_about_effect(case, case.tasks[task.ref], outcome.note)
