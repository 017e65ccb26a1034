"""What is done about a single task (document 004): do it now, do it in parts, or leave it to a person and say why."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from executor.domain.limits import TITLE_CHARACTERS_MAX
from executor.domain.plan import ExecutionType, TaskSpec
from executor.domain.subtasks import split


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """A task as it was read out of a text: who can do it, how sure that is (0..1), and the words that say so."""

    title: str
    execution_type: ExecutionType
    confidence: float = 1.0
    context: str = ""


@dataclass(frozen=True, slots=True)
class Immediate:
    """It can be done as it stands."""

    spec: TaskSpec


@dataclass(frozen=True, slots=True)
class Decompose:
    """It is too big for one step. The keys of the parts differ among themselves."""

    parts: tuple[TaskSpec, ...]


@dataclass(frozen=True, slots=True)
class OnlyPerson:
    """Nobody but a person can do it, for this reason."""

    reason: str


Strategy = Immediate | Decompose | OnlyPerson

NOT_EXECUTABLE = "Only a person can do this"
_TEXT = re.compile(
    r"\b(?:draft|write|compose|outline|summar(?:y|i[sz]e|ies)|extract|list|translate|rewrite|reply|answer|letter|"
    r"e-?mail|message|report|agenda|minutes|describe|explain|brainstorm|compare|propose|proofread|plan)\b",
    re.IGNORECASE,
)
"""Words for work whose result is a text."""


def strategy_of(text: str, found: Sequence[Extracted], actions: Collection[str]) -> Strategy:
    """From what a task's `text` was read as; `actions` are the known ones, by name."""
    if len(found) > 1:
        return Decompose(tuple(spec_of(str(n), one, one.title, actions) for n, one in enumerate(found, start=1)))
    if not found or found[0].execution_type is ExecutionType.MANUAL:
        reason = found[0].context.strip() if found else ""
        return OnlyPerson(reason or NOT_EXECUTABLE)
    return Immediate(spec_of("1", found[0], text, actions))


def spec_of(key: str, one: Extracted, text: str, actions: Collection[str]) -> TaskSpec:
    """A person's part stays one; a text is drafted; anything else is worked on in turns, where that is possible."""
    told = f"{text}\n{one.context}" if one.context and one.context not in text else text
    title = " ".join(one.title.split())[:TITLE_CHARACTERS_MAX]
    if one.execution_type is ExecutionType.MANUAL:
        action = "manual"
    elif one.execution_type is ExecutionType.SEMI_AUTOMATED or "agent" not in actions or _TEXT.search(one.title):
        action = "draft"
    else:
        action = "agent"
    return TaskSpec(
        key=key,
        title=title,
        action=action,
        parameters={"instructions": told},
        execution_type=one.execution_type,
        confidence=one.confidence,
        expected_outcome=one.title,
    )


def words_for(strategy: Strategy) -> str:
    """One line for people."""
    match strategy:
        case Immediate():
            return "I can do this now"
        case Decompose():
            return f"Too big for one step: {len(strategy.parts)} parts"
        case OnlyPerson():
            return f"A person is needed: {strategy.reason}"


def tasks_of(title: str, strategy: Strategy) -> tuple[TaskSpec, ...]:
    """The plan of a task that stands alone."""
    match strategy:
        case Immediate():
            return (strategy.spec,)
        case Decompose():
            *parts, whole = split(_by_hand(title), strategy.parts)
            return (whole, *parts)
        case OnlyPerson():
            return (_by_hand(title),)


def _by_hand(title: str) -> TaskSpec:
    return TaskSpec(
        key="1",
        title=" ".join(title.split())[:TITLE_CHARACTERS_MAX],
        action="manual",
        parameters={"instructions": title},
        execution_type=ExecutionType.MANUAL,
    )
