"""Where a plan does not work out, and no rule, no repair and no other way that was weighed helps: the model may propose
another plan, once for the same trouble of the same version. It is checked, and waits for a word like any other change.
"""

from executor.domain.adaptation import PlanDiff
from executor.domain.amendment import Amendment
from executor.domain.plan import MODEL
from executor.domain.task import TaskState
from executor.engine.asking.asking import ask_for_allowance
from executor.engine.casework.case import Case
from executor.engine.flow import advance
from executor.engine.planning.adaptation import current_plan, deviation_of, troubled
from executor.engine.planning.steering import may_need_another, off_course, offer
from executor.engine.replies import Accepted, Refused, Reply
from executor.ports import Adapting, BrainFailed, Rethought

_MOVED_ON = Refused(code="moved_on", sentence="The goal has moved on.")


def stuck(case: Case) -> bool:
    """Off its course, and what is wrong may be the way itself."""
    return off_course(case) and may_need_another(case)


def trouble_of(case: Case) -> str:
    """Names this trouble of this version; the same after a restart, and after a try that changed nothing."""
    refs = ",".join(sorted(task.ref for task in troubled(case)))
    return f"adapt/{case.goal.number}/{case.goal.plan_version}/{refs}"


def question_of(case: Case) -> Adapting:
    """What the model is shown: the goal, the plan, and what was really seen of each task."""
    results = {
        task.spec.key: {"ref": task.ref, "state": str(task.state), "seen": task.summary, "attempts": task.attempts}
        for task in case.work
        if task.state is not TaskState.CANCELLED
    }
    for task in troubled(case):
        if (blockage := case.blockages.get(task.ref)) is not None:
            results[task.spec.key] |= {
                "blockage": str(blockage.type),
                "cause": blockage.cause,
                "output": blockage.detail,
                "tried": list(blockage.tried),
            }
    facts = {"goal": case.goal.title, "description": case.goal.description, "results": results}
    return Adapting(
        goal_number=case.goal.number,
        plan=current_plan(case),
        facts=facts,
        tasks_max=case.limits.tasks_max,
        troubled=tuple(task.spec.key for task in troubled(case)),
    )


def take_up(case: Case, trouble: str, found: Rethought | str) -> Reply:
    """Offer the new plan, unless the goal moved on meanwhile. A text says why none came."""
    if not stuck(case) or trouble_of(case) != trouble:
        return _MOVED_ON
    if isinstance(found, str):
        case.event("adapt.failed", None, error=found)
        return Accepted(sentence=found, goal_number=case.goal.number)
    keys = {spec.key for spec in found.tasks}
    again = tuple(task.spec.key for task in troubled(case) if task.spec.key in keys)
    amendment = Amendment(
        tasks=found.tasks,
        again=again,
        reason=f"{found.reason.rstrip('.')} (proposed by {found.by})",
        deviation=deviation_of(case),
    )
    offered = offer(case, amendment, made_by=f"{MODEL}{found.by}")
    advance(case)
    said = "Changed." if isinstance(offered, PlanDiff) else "Proposed."
    return Accepted(sentence=said, goal_number=case.goal.number)


def ask_for_more(case: Case, trouble: str, failed: BrainFailed) -> Reply:
    """The model could think about it, and may not cost any more: a person decides."""
    if not stuck(case) or trouble_of(case) != trouble:
        return _MOVED_ON
    ask_for_allowance(case, failed.limit, f"A model could look for another plan. {failed.public}")
    return Accepted(sentence="Asked.", goal_number=case.goal.number)
