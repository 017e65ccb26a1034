"""What a transaction reads about a goal, and what it writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from executor.domain.allowance import Allowance
from executor.domain.attempt import Attempt
from executor.domain.blockage import Blockage
from executor.domain.circuit import Circuit
from executor.domain.decision import Decision
from executor.domain.effect import Effect
from executor.domain.event import Event
from executor.domain.goal import Goal
from executor.domain.lesson import LessonUse
from executor.domain.milestone import Milestone
from executor.domain.notice import Notice
from executor.domain.plan import GoalDraft, Plan
from executor.domain.secret import SealedSecret
from executor.domain.task import Task
from executor.domain.turn import Turn, TurnEnd
from executor.domain.values import quick


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRows:
    """Everything unfinished about one goal, as one transaction sees it. `tasks` are all of its tasks by
    position, finished ones included, and cancelled ones that only earlier versions of the plan had; the rest holds only
    what is open: attempts running, waiting or unknown, decisions open, blockages unresolved, effects intended or
    unknown."""

    goal: Goal
    tasks: tuple[Task, ...]
    attempts: tuple[Attempt, ...] = ()
    decisions: tuple[Decision, ...] = ()
    blockages: tuple[Blockage, ...] = ()
    effects: tuple[Effect, ...] = ()


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressRow:
    """One line of a goal's history of progress; `progress` is 0..1."""

    goal_number: int
    progress: float
    status: str
    notes: str
    at: datetime


@dataclass(slots=True, kw_only=True)
class Changes:
    """What one transaction writes. Goals, tasks and circuits carry the revision that was read; the store writes it plus
    one.

    `notices` are upserts by key: a new key is inserted; a known one gets the new facts, its revision plus one, and
    becomes pending again if it was sent (a card, a decided question, an end whose question is decided). A known key
    that may not repeat (a milestone, an answer, a text) changes nothing.
    """

    new_goals: list[Goal] = field(default_factory=list)
    drafts: dict[int, GoalDraft] = field(default_factory=dict)  # by goal number; replaces the one before
    goals: list[Goal] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    new_tasks: list[Task] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    removed_tasks: list[str] = field(default_factory=list)  # refs; only tasks of a plan that never started
    new_attempts: list[Attempt] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    new_decisions: list[Decision] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    new_blockages: list[Blockage] = field(default_factory=list)
    blockages: list[Blockage] = field(default_factory=list)
    new_turns: list[Turn] = field(default_factory=list)
    ended_turns: list[TurnEnd] = field(default_factory=list)  # each task has one open turn
    new_effects: list[Effect] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    new_circuits: list[Circuit] = field(default_factory=list)
    circuits: list[Circuit] = field(default_factory=list)
    new_milestones: list[Milestone] = field(default_factory=list)
    milestones: list[Milestone] = field(default_factory=list)
    progress: list[ProgressRow] = field(default_factory=list)
    lessons: list[LessonUse] = field(default_factory=list)  # each adds to its lesson's count, a new one begins it
    revoked_lessons: list[tuple[int, str, datetime]] = field(default_factory=list)  # (number, by whom, when)
    events: list[Event] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    allowances: list[Allowance] = field(default_factory=list)
    commands: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)  # (command id, its reply)
    secrets: list[SealedSecret] = field(default_factory=list)  # a known name of the goal gets the new value
    forgotten: list[int] = field(default_factory=list)  # goals that are over: their secrets go
