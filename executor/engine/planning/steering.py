"""Changing course: what a plan could do otherwise after what has happened, and whether a person is asked first.

Without a model there is little to invent, and nothing is: a task that failed is tried once more behind what has
finished since, a way that was weighed and not taken is proposed, what only served a skipped task goes, and where
nothing can be improved the plan stays as it is.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from executor.domain.adaptation import PlanDiff, diff
from executor.domain.amendment import Amendment, put_in
from executor.domain.blockage import BlockageType
from executor.domain.decision import Decision, DecisionKind
from executor.domain.goal import GoalState
from executor.domain.plan import MILEPOST, Alternative, Plan, TaskSpec
from executor.domain.task import Task, TaskState
from executor.engine.casework.case import Case
from executor.engine.casework.envelopes import why_ask
from executor.engine.casework.impasse import open_impasse
from executor.engine.casework.showing import change_facts
from executor.engine.casework.ways import by_alternative
from executor.engine.flow import advance
from executor.engine.planning.adaptation import adapt, current_plan, deviation_of, troubled

_MAY_PASS = frozenset({BlockageType.ERROR, BlockageType.DEPENDENCY})
"""Blockages that another order of the tasks may lift."""
_BY_HAND = frozenset({"manual", "ask"})


def off_course(case: Case) -> bool:
    """Nothing moves any more, and too much has failed, or something critical; and no change is proposed yet."""
    if case.goal.state is not GoalState.BLOCKED or proposed(case) is not None:
        return False
    critical = any(task.spec.critical for task in troubled(case))
    return critical or deviation_of(case) > case.limits.adaptation_threshold


def steer(case: Case, others: Sequence[Alternative] = ()) -> None:
    """After attempts have ended: look for another way where the goal is off its course. `others` are ways that were
    weighed and not taken, the likeliest first. The caller has advanced the case."""
    if not off_course(case):
        return
    measured = deviation_of(case)
    amendment = another_way(case, deviation=measured)
    if amendment is None and others and may_need_another(case):
        amendment = by_alternative(case, others[0], deviation=measured)
    if amendment is None:
        return
    if isinstance(offer(case, amendment), PlanDiff):
        _last_tries(case, amendment.again)
    advance(case)


def may_need_another(case: Case) -> bool:
    """Something is wrong with the way itself: no repair is known for it, and nobody is only waited for."""
    blockages = [case.blockages[task.ref] for task in troubled(case) if task.ref in case.blockages]
    return any(one.type in _MAY_PASS and one.amendment is None and one.missing is None for one in blockages)


def another_way(case: Case, *, deviation: float | None = None) -> Amendment | None:
    """What failed, once more behind what has finished since: it may have needed that. None: there is nothing new."""
    changed: dict[str, TaskSpec] = {}
    said = []
    for task in troubled(case):
        finished = _finished_since(case, task)
        if finished:
            keys = (*task.spec.depends_on, *(other.spec.key for other in finished))
            changed[task.spec.key] = replace(task.spec, depends_on=keys)
            names = ", ".join(other.ref for other in finished)
            said.append(f"{task.ref} is tried again behind {names}, finished since it failed")
    if not changed:
        return None
    tasks = tuple(changed.get(spec.key, spec) for spec in current_plan(case).tasks)
    return Amendment(tasks=tasks, again=tuple(changed), reason="; ".join(said), deviation=deviation)


def _finished_since(case: Case, task: Task) -> list[Task]:
    blockage, since = case.blockages.get(task.ref), task.blocked_at
    if blockage is None or blockage.type not in _MAY_PASS or blockage.amendment is not None or since is None:
        return []
    if task.taken_over or task.spec.action in _BY_HAND:
        return []
    return [
        other
        for other in case.work
        if other.state is TaskState.COMPLETED
        and other.finished_at is not None
        and other.finished_at > since
        and other.spec.key not in task.spec.depends_on
    ]


def _last_tries(case: Case, keys: Collection[str]) -> None:
    """One attempt each, not all of them anew: nothing else has changed."""
    for key in keys:
        task = case.by_key(key)
        if task is not None and not task.final:
            most = task.spec.attempts_max or case.limits.attempts_max
            case.set_task(replace(task, failures=most - 1))


# ---------------------------------------------------------------------------------------------------- with or without


def offer(case: Case, amendment: Amendment, *, because: Collection[str] = (), made_by: str = "") -> PlanDiff | Decision:
    """Apply the change where Milepost may do so by itself; else ask. `because` are reasons to ask beside those that the
    envelope and the limits know; `made_by`: see `adapt`. The caller advances the case."""
    old = current_plan(case)
    new = amended(case, old, amendment)
    reasons = (*because, *why_ask(case, old, new))
    if not reasons:
        return apply(case, amendment, made_by=made_by or MILEPOST)
    return propose_change(case, replace(amendment, because=reasons))


def propose_change(case: Case, amendment: Amendment) -> Decision:
    """Ask about it. What it would try again is asked about here, and nowhere else meanwhile."""
    if (earlier := proposed(case)) is not None:
        case.close(earlier, "Another change is proposed")
    if (impasse := open_impasse(case)) is not None:
        case.close(impasse, "A change of the plan is proposed")
    for task in (case.by_key(key) for key in amendment.again):
        if task is not None:
            case.withdraw(task.ref, note="A change of the plan is proposed")
    old = current_plan(case)
    change = diff(old, amended(case, old, amendment))
    return case.ask(
        DecisionKind.ADAPTATION,
        task_ref=None,
        question=f"{change.line}, {amendment.reason}",
        facts=change_facts(case, change, amendment),
        amendment=amendment,
    )


def apply(case: Case, amendment: Amendment, *, made_by: str = "") -> PlanDiff:
    """The change as the next version."""
    return adapt(
        case,
        amended(case, current_plan(case), amendment).tasks,
        reason=amendment.reason,
        deviation=amendment.deviation,
        again=amendment.again,
        criteria=amendment.criteria,
        chosen=amendment.chosen,
        made_by=made_by,
    )


def amended(case: Case, old: Plan, amendment: Amendment) -> Plan:
    """The plan as it would be. Finished and running tasks stay in it whatever was proposed."""
    tasks = amendment.tasks if amendment.whole else put_in(old.tasks, amendment.tasks)
    wanted = {spec.key for spec in tasks}
    under_way = (TaskState.COMPLETED, TaskState.SKIPPED, TaskState.IN_PROGRESS)
    stays = [t.spec for t in case.work if t.state in under_way and t.spec.key not in wanted]
    criteria = old.criteria if amendment.criteria is None else amendment.criteria
    return replace(old, version=old.version + 1, tasks=(*stays, *tasks), criteria=criteria)


def proposed_plan(case: Case, version: int) -> Plan | None:
    """The plan that a person is asked about, where it would be this version."""
    decision = proposed(case)
    if decision is None or decision.amendment is None or version != case.goal.plan_version + 1:
        return None
    return replace(amended(case, current_plan(case), decision.amendment), reason=decision.amendment.reason)


def proposed(case: Case) -> Decision | None:
    kind = DecisionKind.ADAPTATION
    return next((decision for decision in case.open_decisions() if decision.kind is kind), None)


# ------------------------------------------------------------------------------------------------- what is not needed


def after_skip(case: Case, task: Task) -> None:
    """What Milepost had put before a skipped task goes with it; what a person had planned only for it is asked about.
    The caller advances the case."""
    specs = current_plan(case).tasks
    own = {t.spec.key for t in _droppable(case) if t.spec.key.startswith(f"fix-{task.spec.key}-")}
    if own:
        kept = tuple(spec for spec in specs if spec.key not in own)
        apply(case, Amendment(tasks=kept, reason=f"{task.ref} is skipped, and nothing else needs this"))
        specs = kept
    served = only_served(case, task)
    if served:
        names = " and ".join(t.ref for t in served)
        kept = tuple(spec for spec in specs if spec.key not in {t.spec.key for t in served})
        because = f"You accepted {names} with the plan; I can't know whether you want {_it(served)} anyway"
        offer(
            case, Amendment(tasks=kept, reason=f"{names} only served {task.ref}, which is skipped"), because=[because]
        )


def _it(tasks: list[Task]) -> str:
    return "it" if len(tasks) == 1 else "them"


def _droppable(case: Case) -> list[Task]:
    return [task for task in case.work if not task.final and task.state is not TaskState.IN_PROGRESS]


def only_served(case: Case, task: Task) -> list[Task]:
    """Unfinished tasks on the way to `task` whose work nothing else needs: no other task, and no criterion."""
    proofs = {criterion.spec.parameters.get("covered_by") for criterion in case.criteria}
    candidates = {t.spec.key: t for t in _droppable(case) if t.spec.key not in proofs and t.spec.weight > 0}
    over = {t.spec.key for t in case.work if t.state in (TaskState.SKIPPED, TaskState.CANCELLED)}
    found: dict[str, Task] = {}
    ahead = _needs(task)
    while ahead:
        keys = {key for key in ahead if key in candidates and _needed_only_by(case, key, over | found.keys())}
        new = {key: candidates[key] for key in keys if key not in found}
        found |= new
        ahead = {key for one in new.values() for key in _needs(one)}
    return sorted(found.values(), key=lambda one: one.position)


def _needed_only_by(case: Case, key: str, keys: Collection[str]) -> bool:
    dependents = [t.spec.key for t in case.work if key in _needs(t) and t.state is not TaskState.CANCELLED]
    return bool(dependents) and all(one in keys for one in dependents)


def _needs(task: Task) -> set[str]:
    return {*task.spec.depends_on, *task.spec.only_if}
