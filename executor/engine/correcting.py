"""What Milepost does about a stumble: `correct` decides, purely; `carry_out` changes the case accordingly."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import assert_never

from executor.domain.blockage import BlockageType
from executor.domain.correction import AskPerson, RetryAfter, pause_s
from executor.domain.limits import Limits
from executor.domain.outcome import Result, Stumbled
from executor.domain.plan import TaskSpec
from executor.domain.task import Task, TaskKind, TaskState
from executor.engine.adaptation import adapt, begin_afresh, current_plan
from executor.engine.blocking import block_task
from executor.engine.case import Case
from executor.engine.classification import Verdict, classify
from executor.engine.fixes import Fix, find_fix
from executor.engine.loops import leads_back, stopped


@dataclass(frozen=True, slots=True)
class Repair:
    """Change the plan by this fix, and try again."""

    fix: Fix


Correction = RetryAfter | AskPerson | Repair


def may_adapt(case: Case, task: Task) -> bool:
    """Repairs belong to work that runs, and end at a number: then a person decides."""
    return task.kind is TaskKind.WORK and case.goal.plan_version <= case.limits.adaptations_max and not task.taken_over


def correct(task: Task, outcome: Stumbled, limits: Limits, *, may_adapt: bool = False) -> Correction:
    """A known repair, else another try with growing pauses while attempts are left and it may pass by itself, else a
    person: at once where the very same attempt can't succeed before something changes (a missing credential, a bug)."""
    verdict = classify(outcome.result)
    attempts_left = task.failures < (task.spec.attempts_max or limits.attempts_max)
    if may_adapt and not outcome.result.success and (fix := find_fix(task.spec, outcome.result, verdict)) is not None:
        return Repair(fix)
    if attempts_left and not _hopeless(verdict, outcome.result):
        waits = (pause_s(task.failures, limits.retry_first_s), outcome.wait_s or 0.0, verdict.wait_s or 0.0)
        return RetryAfter(wait_s=max(waits))
    return AskPerson(type=verdict.type, cause=_cause(outcome, verdict), confidence=verdict.confidence)


def _hopeless(verdict: Verdict, result: Result) -> bool:
    """What a function of somebody's own raised sounds like a bug and may pass all the same: it has its attempts."""
    return verdict.hopeless and not _own_bug(verdict, result)


def _own_bug(verdict: Verdict, result: Result) -> bool:
    """An error told by neither a command nor a server."""
    return verdict.type is BlockageType.ERROR and not {"exit_code", "status"} & result.metadata.keys()


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
        case Repair():
            repair(case, task, correction.fix)
        case _:
            assert_never(correction)


def repair(case: Case, task: Task, fix: Fix) -> None:
    """The fix as a new version of the plan: the task as it is tried next, behind whatever has to come first."""
    case.event("task.repaired", task.ref, fix=fix.what)
    failures, trail = task.failures, task.trail
    case.set_task(case.move_task(task.ref, TaskState.RETRYING, summary=fix.what))
    adapt(case, _repaired(case, task, fix), reason=fix.what)
    begin_afresh(case, case.tasks[task.ref])
    case.set_task(replace(case.tasks[task.ref], failures=failures, trail=trail, summary=fix.what))


def _repaired(case: Case, task: Task, fix: Fix) -> list[TaskSpec]:
    """The plan with this fix in it."""
    specs: list[TaskSpec] = []
    for spec in current_plan(case).tasks:
        if spec.key == task.spec.key:
            specs += [fix.before, fix.spec] if fix.before is not None else [fix.spec]
        else:
            specs.append(spec)
    return specs


def unless_in_circles(case: Case, task: Task, outcome: Stumbled, correction: Correction) -> Correction:
    """A person instead of the correction, where the same came again and again, or the repair only leads back."""
    if isinstance(correction, AskPerson):
        return correction
    repairs = isinstance(correction, Repair)
    if (stop := stopped(task, outcome, repairs=repairs)) is not None:
        return stop
    if isinstance(correction, Repair) and leads_back(case.goal, _repaired(case, task, correction.fix)):
        verdict = classify(outcome.result)
        cause = f"{verdict.cause}; the repair would lead back to a plan that failed before"
        return AskPerson(type=verdict.type, cause=cause, confidence=verdict.confidence)
    return correction


def _tried(task: Task) -> tuple[str, ...]:
    if task.failures == 0:
        return ()
    times = "once" if task.failures == 1 else f"{task.failures} times, with growing pauses"
    return (f"Ran it {times}",)
