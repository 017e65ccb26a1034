"""What Milepost does about a stumble: `correct` decides, purely; `carry_out` changes the case accordingly."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import assert_never

from executor.domain.blockage import BlockageType
from executor.domain.circuit import Outage
from executor.domain.correction import AskPerson, RetryAfter, pause_s
from executor.domain.diagnosis import Diagnosis, FixKind
from executor.domain.limits import Limits
from executor.domain.outcome import Result, Stumbled
from executor.domain.task import Task, TaskKind, TaskState
from executor.engine.blockages.blocking import block_task
from executor.engine.blockages.lessons import asked_about, got_stuck, hints, identity_of, try_fix
from executor.engine.blockages.loops import leads_back, stopped
from executor.engine.blockages.prerequisites import circle_of
from executor.engine.casework.case import Case
from executor.engine.classification import Verdict, classify
from executor.engine.correction.kin import stopped_with_kin
from executor.engine.correction.outages import wait_for
from executor.engine.correction.repairing import Repair, repair, repaired
from executor.engine.correction.resources import resource_outage
from executor.engine.correction.services import service_outage


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Something outside of the task is gone for now: look whether it is back, and go on then."""

    outage: Outage


Correction = RetryAfter | AskPerson | Repair | WaitFor


def correct(task: Task, outcome: Stumbled, limits: Limits, *, repair: Repair | None = None) -> Correction:
    """A known repair that needs no word; else waiting for what is gone; else another try with growing pauses while
    attempts are left and it may pass by itself; else a person, who is offered the repair that needs a word: at once
    where the very same attempt can't succeed before something changes (a missing credential, a bug)."""
    verdict = classify(outcome.result)
    attempts_left = task.failures < (task.spec.attempts_max or limits.attempts_max)
    if repair is not None and not repair.because:
        return repair
    if (outage := _outage(task, outcome, verdict)) is not None and (attempts_left or not outage.counts):
        return WaitFor(outage)
    if attempts_left and not _hopeless(verdict, outcome.result) and not _needs_word(outcome.diagnosis):
        waits = (pause_s(task.failures, limits.retry_first_s), outcome.wait_s or 0.0, verdict.wait_s or 0.0)
        return RetryAfter(wait_s=max(waits))
    if (diagnosis := outcome.diagnosis) is not None and verdict.subclass == "unknown":
        return AskPerson(
            type=diagnosis.type,
            cause=f"{diagnosis.question or diagnosis.cause} ({diagnosis.by} thinks so)",
            confidence=diagnosis.confidence,
            amendment=None if repair is None else repair.amendment,
        )
    return AskPerson(
        type=verdict.type,
        cause=_cause(outcome, verdict),
        confidence=verdict.confidence,
        amendment=None if repair is None else repair.amendment,
    )


def _needs_word(diagnosis: Diagnosis | None) -> bool:
    """The same again would be no use: something has to change first, or a person has to say something."""
    return diagnosis is not None and diagnosis.kind is not FixKind.RETRY


def _outage(task: Task, outcome: Stumbled, verdict: Verdict) -> Outage | None:
    """Only of what an action of ours did: what a program's own function raised may mean anything."""
    ours = task.kind is TaskKind.WORK and {"exit_code", "url"} & outcome.result.metadata.keys()
    if not ours or task.taken_over:
        return None
    return service_outage(task.ref, task.spec, outcome, verdict) or resource_outage(outcome, verdict)


def _hopeless(verdict: Verdict, result: Result) -> bool:
    """What a function of somebody's own raised sounds like a bug and may pass all the same: it has its attempts."""
    return verdict.hopeless and not _own_bug(verdict, result)


def _own_bug(verdict: Verdict, result: Result) -> bool:
    """An error told by neither a command nor a request of ours."""
    return verdict.type is BlockageType.ERROR and not {"exit_code", "status", "url"} & result.metadata.keys()


def _cause(outcome: Stumbled, verdict: Verdict) -> str:
    """The check that did not hold; else what went wrong. A bug in a program of somebody's own names itself best."""
    if outcome.result.success and outcome.evidence:
        return outcome.evidence
    if _own_bug(verdict, outcome.result) and outcome.result.error:
        return outcome.result.error
    return verdict.cause


def carry_out(case: Case, task: Task, correction: Correction, result: Result) -> None:
    match correction:
        case RetryAfter():
            due_at = case.now + timedelta(seconds=correction.wait_s)
            why = result.error or "it failed"
            task = case.move_task(task.ref, TaskState.RETRYING, summary=why, why=f"again in {correction.wait_s:g} s")
            case.set_task(replace(task, due_at=due_at))
        case AskPerson():
            failure = identity_of(task.spec, result, classify(result))
            got_stuck(case, task)
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
                tried=(*_tried(task), *hints(case.lessons, failure)),
                amendment=correction.amendment,
            )
            asked_about(case, task.ref, failure)
        case Repair():
            failure = identity_of(task.spec, result, classify(result))
            repair(case, task, correction)
            try_fix(case, task.ref, failure, correction.fix)
        case WaitFor():
            wait_for(case, task, correction.outage)
        case _:
            assert_never(correction)


def unless_in_circles(case: Case, task: Task, outcome: Stumbled, correction: Correction) -> Correction:
    """A person instead of the correction, where the same came again and again, or the repair only leads back."""
    if isinstance(correction, WaitFor):
        return correction
    if isinstance(correction, AskPerson):
        circle = circle_of(case, task, outcome)
        return correction if circle is None else replace(correction, cause=circle)
    repairs = isinstance(correction, Repair)
    stop = stopped(task, outcome, repairs=repairs) or stopped_with_kin(task, outcome, case.kin)
    if stop is not None:
        return stop
    if isinstance(correction, Repair) and leads_back(case.goal, repaired(case, correction)):
        verdict = classify(outcome.result)
        cause = f"{verdict.cause}; the repair would lead back to a plan that failed before"
        return AskPerson(type=verdict.type, cause=cause, confidence=verdict.confidence)
    return correction


def _tried(task: Task) -> tuple[str, ...]:
    if task.failures == 0:
        return ()
    times = "once" if task.failures == 1 else f"{task.failures} times, with growing pauses"
    return (f"Ran it {times}",)
