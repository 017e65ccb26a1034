"""Grants of a goal: given with an answer, listed, and taken back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from executor.domain.decision import Decision
from executor.domain.gathered import waiting
from executor.domain.goal import Goal
from executor.domain.grant import Grant
from executor.engine.casework.case import Case
from executor.engine.replies import Accepted, Caller, Refused, Reply

KEY_CHARACTERS = 8  # of a digest: what people type
_WHAT_CHARACTERS = 500


def give(case: Case, decision: Decision, caller: Caller, *, allowed: bool) -> None:
    """For this goal: everything that was shown runs unasked, each by itself. Never: the action does not run again,
    whatever its limits and its files are then."""
    facts = decision.facts
    parts, beside = _texts(facts.get("parts")) or [str(facts["digest"])], _texts(facts.get("beside"))
    shown = [str(facts.get("what") or "")] if str(facts.get("what") or "") else []
    texts = [*shown, *beside]
    parts = parts if allowed else _texts(facts.get("bare")) or parts
    grants = dict(case.goal.grants)
    for digest, what in list(zip(parts, texts, strict=False))[: None if allowed else 1]:
        grants[digest] = Grant(allowed=allowed, what=what[:_WHAT_CHARACTERS], by=caller.name, at=case.now)
        name = "grant.given" if allowed else "grant.refused"
        case.event(name, decision.task_ref, digest=digest, what=grants[digest].what)
    case.set_goal(replace(case.goal, grants=grants))


def answered_too(case: Case, decision: Decision) -> list[Decision]:
    """Other approvals that wait, about which everything has been said now."""
    grants = case.goal.grants
    allowed = {digest for digest, grant in grants.items() if grant.allowed}
    others = [one for one in waiting(case.decisions.values()) if one.number != decision.number]
    return [
        other
        for other in others
        if (asking := _texts(other.facts.get("asking")))
        and allowed.issuperset(asking)
        or any(one in grants and one not in allowed for one in _texts(other.facts.get("bare")))
    ]


@dataclass(frozen=True, slots=True)
class Given:
    """`key` is what people call it by."""

    goal_number: int
    key: str
    grant: Grant


def listed(goals: Sequence[Goal]) -> list[Given]:
    """Of goals that are not over."""
    return [
        Given(goal.number, digest[:KEY_CHARACTERS], grant)
        for goal in goals
        if not goal.final
        for digest, grant in goal.grants.items()
    ]


def revoke(case: Case, key: str) -> Reply:
    """It is asked about again the next time."""
    found = [digest for digest in case.goal.grants if key and digest.startswith(key)]
    if len(found) != 1:
        sentence = f"Goal {case.goal.number} has no grant {key}. /system lists them."
        return Refused(code="no_such_grant", sentence=sentence)
    grant = case.goal.grants[found[0]]
    kept = {digest: one for digest, one in case.goal.grants.items() if digest != found[0]}
    case.set_goal(replace(case.goal, grants=kept))
    case.event("grant.revoked", None, digest=found[0], what=grant.what)
    return Accepted(
        sentence=f"Taken back. Goal {case.goal.number} asks again before that runs.", goal_number=case.goal.number
    )


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []
