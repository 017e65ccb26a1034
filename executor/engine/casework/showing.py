"""What a change of a plan looks like to a person: plain facts for its message, every action in full."""

from collections.abc import Mapping

from executor.domain.adaptation import PlanDiff
from executor.domain.amendment import Amendment
from executor.domain.envelope import same_action, shown, shown_check, time_limit_s
from executor.domain.plan import Criterion, TaskSpec
from executor.domain.subtasks import IN_PARTS, newly_split
from executor.engine.casework.case import Case


def change_facts(case: Case, change: PlanDiff, amendment: Amendment) -> Mapping[str, object]:
    return {
        "line": change.line,
        "old": change.old_version,
        "new": change.new_version,
        "number": case.goal.number,
        "goal_title": case.goal.title,
        "reason": amendment.reason,
        "added": [_added(case, spec) for spec in change.added],
        "removed": [spec.title for spec in change.removed],
        "changed": [
            {"title": after.title, "lines": _differences(case, before, after)} for before, after in change.changed
        ],
        "criteria": [_criterion(before, after) for before, after in change.criteria],
        "again": [_name(case, key) for key in amendment.again],
        "because": list(amendment.because),
    }


def _added(case: Case, spec: TaskSpec) -> Mapping[str, object]:
    title = f"{spec.title} (part of {_name(case, spec.parent)})" if spec.parent else spec.title
    return {"title": title, "runs": shown(spec, whole=True), "lines": looks(spec)}


def looks(spec: TaskSpec, before: TaskSpec | None = None) -> list[str]:
    """What runs beside the task itself and did not before, a line each."""
    known = (before.when, before.check) if before else (None, None)
    told = zip(("runs only when", "is checked by"), (spec.when, spec.check), known, strict=True)
    return [f"{role}: {shown_check(check)}" for role, check, same in told if check is not None and check != same]


def _differences(case: Case, before: TaskSpec, after: TaskSpec) -> list[str]:
    """A line for each thing that is otherwise than before."""
    lines = []
    if before.title != after.title:
        lines.append(f"was: {before.title}")
    if newly_split(before, after):
        return [*lines, f"ran: {shown(before, whole=True)}", IN_PARTS]
    if not same_action(before, after):
        lines += [f"ran: {shown(before, whole=True)}", f"runs: {shown(after, whole=True)}"]
    if time_limit_s(before) != time_limit_s(after):
        lines.append(f"may take: {_seconds(time_limit_s(before))} → {_seconds(time_limit_s(after))}")
    if before.depends_on != after.depends_on:
        names = ", ".join(_name(case, key) for key in after.depends_on)
        lines.append(f"waits for: {names or 'nothing'}")
    if before.when != after.when:
        lines.append(f"runs only when: {shown_check(after.when)}" if after.when else "runs in any case")
    if before.check != after.check:
        lines.append(f"is checked by: {shown_check(after.check)}")
    if before.optional != after.optional:
        lines.append("is optional now" if after.optional else "is no longer optional")
    return lines


def _seconds(limit: float | None) -> str:
    return "the usual time" if limit is None else f"{limit:g} s"


def _criterion(before: Criterion | None, after: Criterion) -> Mapping[str, object]:
    check = "" if after.check is None else shown_check(after.check)
    return {"text": after.text, "check": check, "before": "" if before is None else before.text}


def _name(case: Case, key: str) -> str:
    task = case.by_key(key)
    return key if task is None else task.ref


def reasons(case: Case, amendment: Amendment) -> str:
    """Ask why: the reasons and what was really seen, a line each, from state alone."""
    lines = [f"{amendment.reason}."]
    if amendment.deviation is not None:
        share, threshold = amendment.deviation, case.limits.adaptation_threshold
        compared = "more" if share > threshold else "not more"
        lines.append(
            f"{share:.0%} of what was tried has failed, by weight; {compared} than the {threshold:.0%} allowed."
        )
    for task in (case.by_key(key) for key in amendment.again):
        if task is None:
            continue
        lines.append(f"{task.ref} {task.spec.title}: {task.summary or task.state}")
        blockage = case.blockages.get(task.ref)
        if blockage is not None:
            lines += [f"• {tried}" for tried in blockage.tried]
            lines += [f"• it said: {line}" for line in blockage.detail.splitlines()[-2:]]
    lines += ["I ask because:", *(f"• {reason}" for reason in amendment.because)]
    return "\n".join(lines)
