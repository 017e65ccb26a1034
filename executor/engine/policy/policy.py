"""Whether an action may run without a word, and if not, why a person is asked. A pure decision over facts.

Four things speak: what the person accepted with the plan, the owner's rules, how sure the plan is of the task, and the
risk of the action itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from executor.domain.plan import ExecutionType
from executor.domain.risk import ASKED_WHEN_RISKY, Risk
from executor.domain.values import quick
from executor.engine.policy.conditions import Circumstances, Condition, asking, letting
from executor.engine.policy.rules import always_asks, runs_unasked

_ALWAYS = {
    Risk.CHANGED: "What it calls has changed since it was accepted.",
    Risk.ORDERS: "What it says of itself looks like orders to a model.",
    Risk.MACHINE: "It changes this machine for everybody, not only the goal's folder.",
}
"""What asks whatever was accepted and whatever the rules say."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The owner's rules, as ``action`` or ``action:pattern`` with ``*`` and ``?``. A task whose plan is less sure of it
    than `confidence_min` (0..1) is approved before it runs; 0: none is."""

    unasked: Sequence[str] = ()
    always_ask: Sequence[str] = ()
    confidence_min: float = 0.5
    conditions: Sequence[Condition] = ()

    @property
    def empty(self) -> bool:
        return not self.unasked and not self.always_ask and not self.conditions


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is known about one action that is about to run. `accepted`: a person saw it whole on a plan and pressed
    Start, or wrote it."""

    action: str
    parameters: Mapping[str, Any]
    risk: frozenset[Risk]
    autonomy: str  # contract section 2
    accepted: bool
    confidence: float = 1.0  # of the plan, in this task
    by_output: bool = False  # where it goes was decided by the output of an earlier task
    looks: bool = False  # it is a condition or a check, and not the work itself
    circumstances: Circumstances = Circumstances()
    strange: str = ""  # where it goes, if it was chosen after strangers' texts were read and nobody named the place


def reason_to_ask(question: Question, policy: Policy) -> str | None:
    """Why a person is asked before this runs; None: it may run."""
    action, parameters = question.action, question.parameters
    if always_asks(policy.always_ask, action, parameters):
        return "The rules say that this always asks."
    if policy.conditions and (rule := asking(policy.conditions, question.circumstances, action, parameters)):
        return f"The rule “{rule.name}” says that this asks."
    for risk, why in _ALWAYS.items():
        if risk in question.risk:
            return why
    if policy.unasked and runs_unasked(policy.unasked, action, parameters):
        return None
    if policy.conditions and letting(policy.conditions, question.circumstances, action, parameters):
        return None
    if question.autonomy != "full" and question.confidence < policy.confidence_min:
        return f"The plan is only {round(question.confidence * 100)} % sure about this task."
    return _beyond(question)


def _beyond(question: Question) -> str | None:
    """What lies outside of that which somebody accepted."""
    if Risk.UNCONFINED in question.risk and not question.accepted:
        return "There is no sandbox here, and nobody has accepted this command."
    if Risk.REACHES in question.risk and not question.accepted:
        return "It reaches beyond the goal's folder, and nobody has accepted that."
    if question.autonomy != "full" and _reviewed(question):
        return "Its plan says that a person approves it before it happens."
    if question.autonomy == "risky" and question.strange and not question.accepted:
        return f"It reaches {question.strange}, which nobody named before this goal read other people's texts."
    if question.autonomy == "risky" and (risky := sorted(question.risk & ASKED_WHEN_RISKY)):
        return f"It {' and '.join(risky)}."
    if question.autonomy == "plan" and question.by_output:
        return "Where it goes was decided by what an earlier task put out."
    if question.autonomy == "plan" and not question.accepted:
        return "It is not part of the plan that was accepted."
    return None


def _reviewed(question: Question) -> bool:
    """What a person wants to see before it counts, they see before it is out."""
    semi = question.circumstances.execution_type is ExecutionType.SEMI_AUTOMATED
    return semi and not question.looks and bool(question.risk & ASKED_WHEN_RISKY)
