"""A plan: an immutable version of what will be done for a goal, in the shape of contract section 5."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


class CheckKind(StrEnum):
    COMMAND = "command"
    FILE = "file"
    HTTP = "http"
    OPINION = "opinion"
    HUMAN = "human"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """How the truth of one sentence is found out. Only the fields of its kind are set."""

    kind: CheckKind
    command: str = ""
    path: str = ""
    contains: str | None = None
    url: str = ""
    status: int = 200
    question: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One success criterion. `covered_by` names the task whose own end is the proof; it is then not checked twice."""

    text: str
    check: Check | None = None
    covered_by: str | None = None


class ExecutionType(StrEnum):
    MANUAL = "manual"
    SEMI_AUTOMATED = "semi_automated"
    FULLY_AUTOMATED = "fully_automated"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """One task as planned. `key` is unique in the plan; `depends_on` and `only_if` hold keys.

    `only_if` (contract section 4, ``if 1``): run only when that task completed; else this one is skipped.
    `weight` is its share in the percentage, 1 unless the plan says otherwise. `timeout_s` None: the sandbox's default.
    """

    key: str
    title: str
    action: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    only_if: tuple[str, ...] = ()
    when: Check | None = None
    role: str | None = None
    assignee: str | None = None
    execution_type: ExecutionType = ExecutionType.FULLY_AUTOMATED
    confidence: float = 1.0
    expected_outcome: str = ""
    check: Check | None = None
    critical: bool = False
    optional: bool = False
    weight: float = 1.0
    needs: tuple[str, ...] = ()
    attempts_max: int | None = None
    timeout_s: float | None = None
    estimated_minutes: float | None = None
    rework: tuple["TaskSpec", ...] = ()  # of a gate: what the plan holds ready for when it says no
    parent: str | None = None  # the key of the task that it is a part of (domain/subtasks.py)


BY_HAND = frozenset({"manual", "ask"})


def for_person(spec: TaskSpec) -> bool:
    """A person does it although its action could (document 004, manual): it is theirs until they hand it back."""
    return spec.execution_type is ExecutionType.MANUAL and spec.action not in BY_HAND


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A way that was weighed when the plan was made. `probability` of success is 0..1, and an opinion. `tasks` is empty
    for the one that was chosen: they are the plan's own."""

    name: str
    rationale: str = ""
    probability: float | None = None
    estimated_minutes: float | None = None
    estimated_usd: float | None = None
    tasks: tuple[TaskSpec, ...] = ()


MODEL = "model "  # and its name: what `made_by` says of a model's plan
MILEPOST = "milepost"  # of a version that it made by itself; what a person put in bears their name


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`made_by` names the brain or the workflow; `reading` is what it did and did not understand, a sentence a line.
    `chosen` names one of the `alternatives`, where any were weighed."""

    goal_number: int = 0
    version: int = 1
    summary: str = ""
    criteria: tuple[Criterion, ...] = ()
    tasks: tuple[TaskSpec, ...] = ()
    gates: tuple[TaskSpec, ...] = ()  # what must hold at the very end, in this order (domain/gate.py)
    made_by: str = "offline"
    reading: tuple[str, ...] = ()
    reason: str = ""  # why this version replaced the one before
    deviation: float | None = None  # 0..1: the weighted share of failed expectations that led to it, where measured
    created_at: datetime | None = None
    alternatives: tuple[Alternative, ...] = ()
    chosen: str = ""
    only_person: str = ""  # why nobody but a person can do the only task, where that is so

    @property
    def by_model(self) -> bool:
        """A model wrote it: nobody has accepted it yet by writing it."""
        return self.made_by.startswith(MODEL)

    def task(self, key: str) -> TaskSpec:
        return next(task for task in self.tasks if task.key == key)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalDraft:
    """A goal as a person wrote it, read but not yet planned. `tasks` is empty when the brain is to plan.

    `reading` says in sentences what was understood (the deadline in full, the budget) and what was not.
    """

    title: str
    description: str = ""
    criteria: tuple[Criterion, ...] = ()
    tasks: tuple[TaskSpec, ...] = ()
    deadline_at: datetime | None = None
    priority: int = 5
    budget_usd: Decimal | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    reading: tuple[str, ...] = ()
    workflow: str | None = None  # plan by this workflow instead of asking the brain
    workflow_parameters: Mapping[str, str] = field(default_factory=dict)
    accepted: bool = False  # a person has accepted its tasks word for word, as part of another goal's plan
    single: bool = False  # one task, which is begun at once: now, in parts, or by a person (domain/strategy.py)
