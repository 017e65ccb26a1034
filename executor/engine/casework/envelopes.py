"""What Milepost may change of a plan by itself: the envelope that a person accepted, the limits, and the autonomy."""

from collections.abc import Sequence

from executor.domain.envelope import Envelope, envelope_of, outside, risky
from executor.domain.plan import Plan, TaskSpec
from executor.engine.casework.case import Case


def envelope_now(case: Case, plan: Plan) -> Envelope:
    """The envelope of the plan as it stands: everything in it was accepted, or lay inside what was."""
    goal = case.goal
    return envelope_of(
        plan, case.limits, extra_tasks_used=goal.own_tasks, budget_usd=goal.budget_usd, deadline_at=goal.deadline_at
    )


def why_ask(case: Case, old: Plan, new: Plan, *, repaired: Sequence[TaskSpec] = ()) -> tuple[str, ...]:
    """Why changing the plan from `old` to `new` needs a person, a sentence each; empty: Milepost may do it by itself.
    `repaired` are tasks as a safe repair makes them. Limits hold whatever the autonomy is (contract section 2)."""
    envelope = envelope_now(case, old).with_repair(repaired)
    reasons = limits_reached(case, new)
    match case.goal.autonomy:
        case "full":
            pass
        case "risky":
            reasons += risky(envelope, new)
        case _:
            done = [task.spec.key for task in case.work if task.final]
            reasons += outside(envelope, new, done=done, now=case.now)
    return tuple(reasons)


def limits_reached(case: Case, new: Plan) -> list[str]:
    reasons: list[str] = []
    most = case.limits.adaptations_max
    if case.goal.own_adaptations >= most:
        times = {0: "I may not change a plan by myself", 1: "I have changed this plan once by myself"}
        said = times.get(most, f"I have changed this plan {most} times by myself")
        reasons.append(said + (", and may not do it again" if most else ""))
    if len(new.tasks) > case.limits.tasks_max:
        reasons.append(f"It has {len(new.tasks)} tasks, and a plan may have {case.limits.tasks_max}")
    return reasons
