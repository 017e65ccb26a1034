"""What an attempt's outcome means for its task: one pure decision per kind of outcome.

A result counts only while the task's open attempt has the same number: a worker that lost its lease is fenced off.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import assert_never

from executor.domain.attempt import Attempt, AttemptState
from executor.domain.blockage import BlockageType
from executor.domain.correction import AskPerson, Correction, RetryAfter, pause_s
from executor.domain.decision import OPTIONS, DecisionKind, Option
from executor.domain.effect import EffectState
from executor.domain.limits import Limits
from executor.domain.notice import NoticeKind
from executor.domain.outcome import (
    Blocked,
    Interrupted,
    NeedsPerson,
    NotNeeded,
    Outcome,
    Result,
    Stumbled,
    Succeeded,
    Uncertain,
    Waiting,
)
from executor.domain.plan import TaskSpec
from executor.domain.task import Task, TaskKind, TaskState
from executor.engine.adaptation import adapt, begin_afresh, current_plan
from executor.engine.blocking import block_task
from executor.engine.case import Case
from executor.engine.classification import Verdict, classify
from executor.engine.fixes import Fix, find_fix

_EFFECTS = {
    Succeeded: EffectState.DONE,
    Stumbled: EffectState.FAILED,
    Blocked: EffectState.FAILED,
    Interrupted: EffectState.FAILED,  # before it began: else its outcome would be Uncertain
    NeedsPerson: EffectState.FAILED,
    NotNeeded: EffectState.FAILED,
}


ONLY_A_PERSON = frozenset({"missing_credential", "needs_input"})
"""Causes (causes.toml) for which trying again is pointless: nobody but a person can help."""


@dataclass(frozen=True, slots=True)
class Repair:
    """Change the plan by this fix, and try again."""

    fix: Fix


def settle(case: Case, ref: str, number: int, outcome: Outcome, texts: Sequence[str] = ()) -> bool:
    """Take over the outcome of attempt `number`. False: it is fenced off, and nothing changed."""
    attempt, task = case.attempts.get(ref), case.tasks.get(ref)
    if attempt is None or task is None or attempt.number != number or attempt.state is not AttemptState.RUNNING:
        return False
    if task.state is TaskState.IN_PROGRESS:
        _settle_open(case, task, attempt, outcome)
    else:  # a person cancelled or skipped it while it ran: what it did is recorded, and decides nothing
        _record(case, attempt, AttemptState.INTERRUPTED, _result_of(outcome), evidence="Stopped by a person")
        _settle_effect(case, ref, _EFFECTS.get(type(outcome), EffectState.UNKNOWN), "Stopped by a person")
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
            _fail(case, task, AskPerson(type=outcome.type, cause=outcome.cause, confidence=1.0), outcome.result)
        case Waiting():
            _park(case, attempt)
            case.set_task(
                replace(
                    task.moved(TaskState.QUEUED, case.now, summary=outcome.note),
                    due_at=case.now + timedelta(seconds=outcome.wait_s),
                )
            )
        case NeedsPerson():
            _park(case, attempt)
            _ask(case, task, outcome)
        case Interrupted():
            _record(case, attempt, AttemptState.INTERRUPTED, None, outcome.note)
            _settle_effect(case, task.ref, EffectState.FAILED, "It was not begun")
            _interrupt(case, task, outcome.note)
        case Uncertain():
            _doubt(case, task, attempt, outcome)
        case NotNeeded():
            _record(case, attempt, AttemptState.SUCCEEDED, None, outcome.note)
            _settle_effect(case, task.ref, EffectState.FAILED, "It was not begun")
            case.move_task(task.ref, TaskState.SKIPPED, summary=outcome.note)
        case _:
            assert_never(outcome)


def _result_of(outcome: Outcome) -> Result | None:
    return outcome.result if isinstance(outcome, Succeeded | Stumbled | Blocked | Uncertain) else None


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


def _park(case: Case, attempt: Attempt) -> None:
    case.set_attempt(replace(attempt, state=AttemptState.WAITING, pid=None, pid_started=None))


def _succeed(case: Case, task: Task, attempt: Attempt, outcome: Succeeded) -> None:
    _record(case, attempt, AttemptState.SUCCEEDED, outcome.result, outcome.evidence)
    _settle_effect(case, task.ref, EffectState.DONE, outcome.evidence)
    case.unblock(task.ref, "It succeeded")
    case.move_task(task.ref, TaskState.COMPLETED, summary=outcome.evidence)


def _stumble(case: Case, task: Task, attempt: Attempt, outcome: Stumbled) -> None:
    _record(case, attempt, AttemptState.FAILED, outcome.result, outcome.evidence)
    _settle_effect(case, task.ref, EffectState.FAILED, outcome.evidence or outcome.result.error or "")
    if task.answer is not None:  # a person's Done or answer did not hold: tell them why, and ask again
        problem = outcome.evidence or outcome.result.error or "It did not hold"
        case.set_task(replace(task.moved(TaskState.QUEUED, case.now, summary=problem), answer=None))
        return
    task = replace(task, failures=task.failures + 1)
    case.set_task(task)
    correction = correct(task, outcome, case.limits, may_adapt=_may_adapt(case, task))
    if isinstance(correction, Repair):
        repair(case, task, correction.fix)
    else:
        _fail(case, task, correction, outcome.result)


def _may_adapt(case: Case, task: Task) -> bool:
    """Repairs belong to work that runs, and end at a number: then a person decides."""
    return task.kind is TaskKind.WORK and case.goal.plan_version <= case.limits.adaptations_max and not task.taken_over


def correct(task: Task, outcome: Stumbled, limits: Limits, *, may_adapt: bool = False) -> "Correction | Repair":
    """A known repair while attempts are left, else another try with growing pauses, else a person. What only a person
    can give (a credential, an answer at a prompt) is asked for at once."""
    verdict = classify(outcome.result)
    attempts_left = task.failures < (task.spec.attempts_max or limits.attempts_max)
    if may_adapt and not outcome.result.success and (fix := find_fix(task.spec, outcome.result, verdict)) is not None:
        return Repair(fix)
    if attempts_left and verdict.subclass not in ONLY_A_PERSON:
        waits = (pause_s(task.failures, limits.retry_first_s), outcome.wait_s or 0.0, verdict.wait_s or 0.0)
        return RetryAfter(wait_s=max(waits))
    return AskPerson(type=verdict.type, cause=_cause(outcome, verdict), confidence=verdict.confidence)


def _cause(outcome: Stumbled, verdict: Verdict) -> str:
    """The check that did not hold; else what went wrong. A bug in a program of somebody's own names itself best."""
    if outcome.result.success and outcome.evidence:
        return outcome.evidence
    own_bug = verdict.type is BlockageType.ERROR and "exit_code" not in outcome.result.metadata
    return outcome.result.error if own_bug and outcome.result.error else verdict.cause


def _fail(case: Case, task: Task, correction: Correction, result: Result) -> None:
    match correction:
        case RetryAfter():
            due_at = case.now + timedelta(seconds=correction.wait_s)
            why = result.error or "it failed"
            task = case.move_task(task.ref, TaskState.RETRYING, summary=why, why=f"again in {correction.wait_s:g} s")
            case.set_task(replace(task, due_at=due_at))
        case AskPerson():
            if task.spec.optional:
                case.move_task(task.ref, TaskState.FAILED, summary=correction.cause)
                return
            block_task(
                case,
                task,
                correction.type,
                cause=correction.cause,
                confidence=correction.confidence,
                result=result,
                tried=_tried(task),
            )
        case _:
            assert_never(correction)


def repair(case: Case, task: Task, fix: Fix) -> None:
    """The fix as a new version of the plan: the task as it is tried next, behind whatever has to come first."""
    case.event("task.repaired", task.ref, fix=fix.what)
    failures = task.failures
    case.set_task(case.move_task(task.ref, TaskState.RETRYING, summary=fix.what))
    specs: list[TaskSpec] = []
    for spec in current_plan(case).tasks:
        if spec.key == task.spec.key:
            specs += [fix.before, fix.spec] if fix.before is not None else [fix.spec]
        else:
            specs.append(spec)
    adapt(case, specs, reason=fix.what)
    begin_afresh(case, case.tasks[task.ref])
    case.set_task(replace(case.tasks[task.ref], failures=failures, summary=fix.what))


def _tried(task: Task) -> tuple[str, ...]:
    if task.failures == 0:
        return ()
    times = "once" if task.failures == 1 else f"{task.failures} times, with growing pauses"
    return (f"Ran it {times}",)


YES, NO = Option("yes", "Yes"), Option("no", "No", refuses=True)


def _ask(case: Case, task: Task, needs: NeedsPerson) -> None:
    case.move_task(task.ref, TaskState.AWAITING_APPROVAL, summary="Waits for a person")
    facts: dict[str, object] = {
        "ref": task.ref,
        "title": task.spec.title,
        "instructions": needs.question,
        "problem": needs.problem,
        "check": needs.check,
    }
    if needs.manual:
        case.ask(DecisionKind.MANUAL, task_ref=task.ref, question=needs.question, facts=facts)
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


def _interrupt(case: Case, task: Task, note: str) -> None:
    """Its survivors are ended: try the check first, else run it again. An interruption is nobody's failure."""
    case.move_task(task.ref, TaskState.QUEUED, summary=note)
    case.set_task(replace(case.tasks[task.ref], verify_first=task.spec.check is not None))


def _doubt(case: Case, task: Task, attempt: Attempt, outcome: Uncertain) -> None:
    _record(case, attempt, AttemptState.UNKNOWN, outcome.result, outcome.note)
    case.settle_effect(task.ref, EffectState.UNKNOWN)
    case.set_task(replace(task, verify_only=False))
    ask_about_effect(case, case.tasks[task.ref], outcome.note)


def ask_about_effect(case: Case, task: Task, note: str) -> None:
    """Nobody saw whether it happened, so a person says, or lets Milepost look where there is a check."""
    effect = case.effects.get(task.ref)
    case.move_task(task.ref, TaskState.AWAITING_APPROVAL, summary="Its outcome is unknown")
    case.ask(
        DecisionKind.EFFECT,
        task_ref=task.ref,
        question=f"Did this happen? {effect.what if effect else task.spec.title}",
        facts={
            "ref": task.ref,
            "title": task.spec.title,
            "what": effect.what if effect else task.spec.title,
            "when": effect.intended_at.isoformat() if effect else "",
            "note": note,
        },
        options=OPTIONS[DecisionKind.EFFECT],
    )
