"""The owner's conditions for running unasked, and for asking (document 004's automation rules).

A rule of this kind names actions, as the others do, and what must be true of the task around them. What a task says of
itself (its type, how sure its plan is) counts only because the owner has written that it may.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from executor.domain.goal import Goal
from executor.domain.plan import ExecutionType, TaskSpec
from executor.engine.policy.rules import always_asks, runs_unasked


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Of an action that is about to run: its task's, and for a call of an agent's the agent's task's."""

    execution_type: ExecutionType = ExecutionType.FULLY_AUTOMATED
    confidence: float = 1.0
    role: str = ""
    priority: int = 5
    minutes: float | None = None  # as its plan estimates; None: it does not
    tags: Mapping[str, str] = field(default_factory=dict)


def circumstances_of(goal: Goal, spec: TaskSpec) -> Circumstances:
    return Circumstances(
        execution_type=spec.execution_type,
        confidence=spec.confidence,
        role=spec.role or "",
        priority=goal.priority,
        minutes=spec.estimated_minutes,
        tags=goal.metadata,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """[automation.NAME]. `actions` are patterns as in [rules]; whatever is empty or 0 leaves that open. `asks`: it asks
    where all of it holds; else it runs unasked there."""

    name: str
    actions: Sequence[str]
    asks: bool = False
    execution_types: Sequence[str] = ()
    confidence_min: float = 0.0
    roles: Sequence[str] = ()
    tags: Sequence[str] = ()  # "word" or "key=value", all of them
    priority_min: int = 0
    minutes_max: float = 0.0

    def holds(self, here: Circumstances) -> bool:
        return (
            (not self.execution_types or here.execution_type in self.execution_types)
            and here.confidence >= self.confidence_min
            and (not self.roles or here.role in self.roles)
            and all(_tagged(tag, here.tags) for tag in self.tags)
            and here.priority >= self.priority_min
            and (not self.minutes_max or (here.minutes is not None and here.minutes <= self.minutes_max))
        )


def asking(
    conditions: Iterable[Condition], here: Circumstances, action: str, parameters: Mapping[str, Any]
) -> Condition | None:
    """The first that wants a question."""
    found = (one for one in conditions if one.asks and one.holds(here))
    return next((one for one in found if always_asks(one.actions, action, parameters)), None)


def letting(
    conditions: Iterable[Condition], here: Circumstances, action: str, parameters: Mapping[str, Any]
) -> Condition | None:
    """The first that lets it run unasked."""
    found = (one for one in conditions if not one.asks and one.holds(here))
    return next((one for one in found if runs_unasked(one.actions, action, parameters)), None)


def _tagged(tag: str, tags: Mapping[str, str]) -> bool:
    """``#word`` is kept as a key without a value."""
    name, equals, value = tag.removeprefix("#").partition("=")
    return name in tags and (not equals or tags[name] == value)
