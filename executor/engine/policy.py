"""Whether an action may run without a word, and if not, why a person is asked. A pure decision over facts.

Four things speak: what the person accepted with the plan, the owner's rules, how sure the plan is of the task, and the
risk of the action itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from executor.domain.risk import ASKED_WHEN_RISKY, Risk
from executor.domain.values import quick
from executor.engine.starters import starts_another

_CHAINING = frozenset(";|&$`<>()\n\\")
"""What lets one command line run more than the command that it begins with."""
_ALWAYS = {
    Risk.CHANGED: "What it calls has changed since it was accepted.",
    Risk.ORDERS: "What it says of itself looks like orders to a model.",
    Risk.MACHINE: "It changes this machine for everybody, not only the goal's folder.",
}
"""What asks whatever was accepted and whatever the rules say."""
_SUBJECTS = {"shell": "command", "wait": "command", "python": "code", "http": "url", "read": "path", "write": "path"}


@dataclass(frozen=True, slots=True)
class Policy:
    """The owner's rules, as ``action`` or ``action:pattern`` with ``*`` and ``?``. A task whose plan is less sure of it
    than `confidence_min` (0..1) is approved before it runs; 0: none is."""

    unasked: Sequence[str] = ()
    always_ask: Sequence[str] = ()
    confidence_min: float = 0.5

    @property
    def empty(self) -> bool:
        return not self.unasked and not self.always_ask


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


def reason_to_ask(question: Question, policy: Policy) -> str | None:
    """Why a person is asked before this runs; None: it may run."""
    if _matches(policy.always_ask, question):
        return "The rules say that this always asks."
    for risk, why in _ALWAYS.items():
        if risk in question.risk:
            return why
    if _matches(policy.unasked, question) and not _chains(question, policy.unasked):
        return None
    if question.autonomy != "full" and question.confidence < policy.confidence_min:
        return f"The plan is only {round(question.confidence * 100)} % sure about this task."
    if Risk.UNCONFINED in question.risk and not question.accepted:
        return "There is no sandbox here, and nobody has accepted this command."
    if Risk.REACHES in question.risk and not question.accepted:
        return "It reaches beyond the goal's folder, and nobody has accepted that."
    if question.autonomy == "risky" and (risky := sorted(question.risk & ASKED_WHEN_RISKY)):
        return f"It {' and '.join(risky)}."
    if question.autonomy == "plan" and not question.accepted:
        return "It is not part of the plan that was accepted."
    return None


def _matches(patterns: Sequence[str], question: Question) -> bool:
    if not patterns:
        return False
    subject = _subject(question)
    for pattern in patterns:
        action, colon, wanted = pattern.partition(":")
        if action == question.action and (not colon or fnmatchcase(subject.strip(), wanted)):
            return True
    return False


def _subject(question: Question) -> str:
    """What the part after the colon is held against: ``mcp:notes.read_*`` names a server and a tool."""
    if question.action == "mcp":
        return f"{question.parameters.get('server')}.{question.parameters.get('tool')}"
    return str(question.parameters.get(_SUBJECTS.get(question.action, ""), ""))


def _chains(question: Question, unasked: Sequence[str]) -> bool:
    """A command that a pattern fits only by its beginning may do anything after it, and one that starts another program
    (``env -S …``) runs that. A Python program always may, so
    only a rule about all of them lets one run."""
    if question.action == "python":
        return "python" not in unasked
    subject = str(question.parameters.get(_SUBJECTS.get(question.action, ""), ""))
    if question.action not in ("shell", "wait") or _to_the_byte(question.action, subject, unasked):
        return False
    if any(character in _CHAINING for character in subject):
        return True
    return question.action not in unasked and starts_another(subject)


def _to_the_byte(action: str, subject: str, patterns: Sequence[str]) -> bool:
    """A rule that names the whole command covers it, whatever it runs."""
    return f"{action}:{subject}" in patterns and not any(sign in subject for sign in "*?[")
