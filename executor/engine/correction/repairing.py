"""Known repairs: found for a failure, held against what Milepost may do by itself, and put into the plan."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from executor.domain.amendment import Amendment, put_in
from executor.domain.blockage import BlockageType
from executor.domain.diagnosis import Diagnosis
from executor.domain.lesson import Lesson
from executor.domain.limits import Limits
from executor.domain.outcome import Stumbled
from executor.domain.plan import MILEPOST, MODEL, TaskSpec
from executor.domain.task import Task, TaskKind, TaskState
from executor.engine.blockages.fix import Fix
from executor.engine.blockages.fixes import find_fix, start_service
from executor.engine.blockages.lessons import worth_trying
from executor.engine.blockages.prerequisites import run_first
from executor.engine.blockages.widening import wider
from executor.engine.casework.case import Case
from executor.engine.casework.envelopes import why_ask
from executor.engine.classification import classify
from executor.engine.planning.adaptation import adapt, begin_afresh, current_plan


@dataclass(frozen=True, slots=True)
class Repair:
    """Change the plan by this fix, and try again. `because` says why a person has to agree first; empty: nobody has."""

    fix: Fix
    because: tuple[str, ...] = ()

    @property
    def specs(self) -> tuple[TaskSpec, ...]:
        return (self.fix.spec,) if self.fix.before is None else (self.fix.before, self.fix.spec)

    @property
    def amendment(self) -> Amendment:
        key = self.fix.spec.key
        return Amendment(tasks=self.specs, whole=False, again=(key,), reason=self.fix.what, because=self.because)


def known_repair(case: Case, task: Task, outcome: Stumbled) -> Repair | None:
    """The repair for this failure; None where none is known, or the task is not Milepost's to repair."""
    by_rule = run_first(case, task, outcome) or fix_for(task, outcome, case.limits, case.lessons)
    beyond = None if by_rule else _beyond_the_sandbox(task, outcome)
    fix = by_rule or beyond or _by_diagnosis(task, outcome.diagnosis)
    if fix is None:
        return None
    found = Repair(fix)
    plan = current_plan(case)
    new = replace(plan, tasks=put_in(plan.tasks, found.specs))
    return replace(found, because=why_ask(case, plan, new, repaired=found.specs if by_rule else ()))


def _beyond_the_sandbox(task: Task, outcome: Stumbled) -> Fix | None:
    """More of this machine than the plan gave it: it needs the same leave as any other change."""
    if task.kind is not TaskKind.WORK or task.taken_over or outcome.result.success:
        return None
    return wider(task.spec, outcome.result, classify(outcome.result))


def _by_diagnosis(task: Task, diagnosis: Diagnosis | None) -> Fix | None:
    """A model's change of the plan; it needs the same leave as any other."""
    if diagnosis is None or diagnosis.spec is None or task.kind is not TaskKind.WORK or task.taken_over:
        return None
    what = f"{diagnosis.cause.rstrip('.')} (so {diagnosis.by} thinks)"
    return Fix(what=what, spec=diagnosis.spec, before=diagnosis.before, by=diagnosis.by)


def fix_for(task: Task, outcome: Stumbled, limits: Limits, lessons: Sequence[Lesson] = ()) -> Fix | None:
    if task.kind is not TaskKind.WORK or task.taken_over or outcome.result.success:
        return None
    verdict, spec = classify(outcome.result), task.spec
    if verdict.subclass == "time_limit" and spec.timeout_s is None and "timeout_s" not in spec.parameters:
        spec = replace(spec, timeout_s=limits.timeout_s)  # it ran under the configuration's
    if wider(spec, outcome.result, verdict) is not None:
        return None  # going around the sandbox would change what was asked for
    found = find_fix(spec, outcome.result, verdict, worth_trying(lessons, spec, outcome.result, verdict))
    return found or start_service(spec, outcome.result, verdict, limits.services)


_ASKED_MODEL = frozenset({BlockageType.ERROR, BlockageType.DEPENDENCY})


def beyond_rules(task: Task, outcome: Stumbled) -> bool:
    """No rule mends this failure, no waiting and no person's secret would: something has to be done otherwise."""
    verdict = classify(outcome.result)
    if verdict.subclass in ("missing_credential", "needs_input") or fix_for(task, outcome, Limits()) is not None:
        return False
    return verdict.subclass == "unknown" or (verdict.hopeless and verdict.type in _ASKED_MODEL)


def repair(case: Case, task: Task, found: Repair) -> None:
    """The fix as a new version of the plan: the task as it is tried next, behind whatever has to come first."""
    case.event("task.repaired", task.ref, fix=found.fix.what)
    failures, trail = task.failures, task.trail
    case.set_task(case.move_task(task.ref, TaskState.RETRYING, summary=found.fix.what))
    made_by = f"{MODEL}{found.fix.by}" if found.fix.by else MILEPOST
    adapt(case, repaired(case, found), reason=found.fix.what, made_by=made_by)
    begin_afresh(case, case.tasks[task.ref])
    case.set_task(replace(case.tasks[task.ref], failures=failures, trail=trail, summary=found.fix.what))


def repaired(case: Case, found: Repair) -> tuple[TaskSpec, ...]:
    """The plan with this repair in it."""
    return put_in(current_plan(case).tasks, found.specs)


def apply_fix(case: Case, task: Task, amendment: Amendment) -> str:
    """A person agreed to the repair of a blocked task."""
    specs = put_in(current_plan(case).tasks, amendment.tasks)
    case.event("task.repaired", task.ref, fix=amendment.reason)
    adapt(case, specs, reason=amendment.reason, again=amendment.again)
    return f"Trying {task.ref} again: {amendment.reason}."
