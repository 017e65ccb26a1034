"""The one truth: transactions that write, and readings that wait for nobody."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from executor.domain.allowance import Allowance, Budget
from executor.domain.attempt import Attempt
from executor.domain.blockage import Blockage
from executor.domain.circuit import Circuit
from executor.domain.decision import Decision
from executor.domain.effect import Effect
from executor.domain.event import Event
from executor.domain.flood import Said
from executor.domain.goal import Goal, Origin
from executor.domain.lesson import Calibration, Lesson, LessonUse
from executor.domain.letter import DeadLetter
from executor.domain.milestone import Milestone
from executor.domain.notice import Notice
from executor.domain.plan import GoalDraft, Plan
from executor.domain.secret import SealedSecret
from executor.domain.task import Task
from executor.domain.turn import Turn, TurnEnd
from executor.domain.values import quick
from executor.ports.family import Family
from executor.ports.record import GoalRecord
from executor.ports.turning import TurnsBack


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


@dataclass(frozen=True, slots=True)
class Due:
    """A task that may be taken now."""

    task_ref: str
    goal_number: int
    needs: tuple[str, ...] = ()


class Transaction(Family, TurnsBack, Protocol):
    """One write transaction, alone on the database (or on its rows) until it ends. Leaving the block commits;
    an exception rolls everything back."""

    async def reply_to(self, command_id: str, *, decision: int | None = None) -> Mapping[str, object] | None:
        """The stored reply of a command that was already carried out; None where it is new. `decision`: the one that
        will be asked for next."""
        ...

    async def next_goal_number(self) -> int: ...

    async def next_decision_number(self) -> int: ...

    async def cases(self, goal_numbers: Sequence[int]) -> list[CaseRows]:
        """The named goals that exist, in any state."""
        ...

    async def decision(self, number: int) -> Decision | None: ...

    async def plans(self, goal_number: int) -> list[Plan]:
        """Every version, oldest first."""
        ...

    async def refused_ways(self, goal_number: int) -> frozenset[str]:
        """The names of the alternatives that were proposed and that a person did not want."""
        ...

    async def lessons(self) -> list[Lesson]:
        """What helped at least once and was not revoked, the last used first."""
        ...

    async def budget(self, goal_number: int) -> Budget | None:
        """As Store.budget."""
        ...

    async def subgoals(self, root: int) -> int:
        """How many goals were ever made for the tasks of this one, and for theirs."""
        ...

    async def families(self) -> list[tuple[int, str]]:
        """As Store.families."""
        ...

    async def plan_makers(self, goal_numbers: Collection[int]) -> Mapping[tuple[int, int], str]:
        """Who made each version of these goals' plans, by goal and version."""
        ...

    async def due(self, now: datetime, limit: int, without: Sequence[str] = ()) -> list[Due]:
        """Tasks queued or retrying with due_at <= now and held by no circuit, of goals that are in progress, blocked or
        validating, at most `limit`, in the order: what unblocks others, what is in progress already, goal priority,
        deadline, age. Those that need one of the resources in `without` are left out."""
        ...

    async def give_to(self, goal_number: int, origin: Origin) -> None:
        """It is that person's, in that chat. Where that is another chat, its card, its open questions and what waits to
        be sent go there as new messages."""
        ...

    async def said(self, goal_number: int, chat_id: int, now: datetime) -> tuple[Said, Said]:
        """How much was said of late of the goal, and in the chat by all goals (domain.flood)."""
        ...

    async def needs_running(self) -> list[tuple[str, tuple[str, ...]]]:
        """Running tasks that need resources, with those."""
        ...

    async def circuits(self) -> list[Circuit]:
        """All that are known, by key."""
        ...

    async def waiting_on(self, key: str) -> list[Due]:
        """Tasks that this circuit holds, in the order of `due`."""
        ...

    async def forget_circuits(self, before: datetime) -> None:
        """Drop what has been closed since then and holds nobody."""
        ...

    async def unplanned(self) -> list[tuple[Goal, GoalDraft]]:
        """Goals pending or planning, oldest first."""
        ...

    async def abandoned(self, now: datetime, living: Sequence[str]) -> list[Attempt]:
        """Running attempts whose lease is over or whose executor is not among the `living` (empty: leases only)."""
        ...

    async def extend_leases(self, executor_id: str, held: Sequence[tuple[str, int]], until: datetime) -> list[str]:
        """Heartbeat of (task_ref, attempt number) pairs; returns the refs that somebody else has fenced off."""
        ...

    async def record_process(self, task_ref: str, number: int, pid: int, pid_started: float, command: str) -> None: ...

    async def save(self, changes: Changes) -> None:
        """Write everything. Raises Conflict if a goal, task, attempt, decision, blockage or effect is no longer as it
        was read; nothing is then written."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalView:
    """A goal with all that a card or a status shows."""

    goal: Goal
    plan: Plan | None
    tasks: tuple[Task, ...]
    decisions: tuple[Decision, ...]  # open ones
    blockages: tuple[Blockage, ...]  # unresolved ones
    milestones: tuple[Milestone, ...]
    attempts: tuple[Attempt, ...] = ()  # the running and waiting ones
    needs_running: tuple[tuple[str, tuple[str, ...]], ...] = ()  # of all goals, where a ready task needs resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What one purpose of one task (None: of the goal itself) has cost, with one model."""

    task_ref: str | None
    purpose: str
    model: str
    calls: int
    tokens_in: int
    tokens_out: int
    cost: Decimal  # US dollars


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What the whole place looks like, for /system and doctor."""

    goals_by_state: Mapping[str, int]
    open_decisions: int  # that hold something up
    pending_notices: int
    dead_notices: int
    next_due_at: datetime | None
    schema: str


class Store(Protocol):
    """The one truth. Readings never wait for a writer and see one consistent moment each."""

    def transaction(self, label: str = "write") -> AbstractAsyncContextManager[Transaction]:
        """`label` names the crash points before and after the commit: ``storage.<label>.before_commit``."""
        ...

    async def reply(self, command_id: str) -> Mapping[str, object] | None:
        """As Transaction.reply_to, for whoever only reads."""
        ...

    async def view(self, goal_number: int) -> GoalView | None: ...

    async def watched(self, numbers: Collection[int] | None = None) -> list[CaseRows]:
        """The goals of these numbers; None: every goal that is in progress, blocked or validating, and those that wait
        for Start without a question."""
        ...

    async def durations(self, signatures: Collection[str], most: int) -> dict[str, list[float]]:
        """Seconds that the newest successful attempts at the same work took, at most `most` each; work that was never
        done is absent."""
        ...

    async def goals(
        self, *, open_only: bool, chat_id: int | None = None, limit: int = 50, whole: bool = False
    ) -> list[Goal]:
        """Newest first; `whole` leaves out those that are part of others."""
        ...

    async def dead_letters(self, chat_id: int | None, *, offset: int, limit: int) -> list[DeadLetter]:
        """Goals that failed or were cancelled with work left, and tasks that failed in others, newest first."""
        ...

    async def lessons(self) -> list[Lesson]:
        """What helped at least once and was not revoked, the last used first."""
        ...

    async def calibrations(self) -> list[Calibration]:
        """By kind of work, most frequent first, of the newest tasks that were planned with less than full confidence
        and are over."""
        ...

    async def draft(self, goal_number: int) -> GoalDraft | None: ...

    async def plan(self, goal_number: int, version: int | None = None) -> Plan | None:
        """The newest version where none is named."""
        ...

    async def attempts(self, goal_number: int, task_ref: str | None = None, *, limit: int = 500) -> list[Attempt]:
        """The newest `limit`, oldest of them first. Of a very long output only the last part, which is what people
        look at; `outputs` has it whole."""
        ...

    async def outputs(self, goal_number: int, keys: Sequence[str]) -> dict[str, str]:
        """The output of the successful attempt of each named task; a key without one is absent."""
        ...

    async def turns(self, goal_number: int, task_ref: str | None = None) -> list[Turn]:
        """Of one task, or of all tasks of the goal; oldest first."""
        ...

    async def events(self, goal_number: int, *, limit: int = 200) -> list[Event]:
        """The newest `limit`, oldest of them first."""
        ...

    async def record(self, goal_number: int) -> GoalRecord:
        """Everything that is kept about it; empty for one that does not exist."""
        ...

    async def decision(self, number: int) -> Decision | None: ...

    async def round_of_approvals(self, goal_number: int, number: int) -> list[Decision]:
        """Approvals that were gathered on one card (domain.gathered), open or not; oldest first."""
        ...

    async def open_decisions(self, chat_id: int | None = None) -> list[Decision]:
        """Those that hold something up, oldest first; of one chat, or of all. Not those about a result."""
        ...

    async def decision_of_message(self, chat_id: int, message_id: int) -> Decision | None:
        """The decision (open or not) that this message shows; for replies with text."""
        ...

    async def secrets(self) -> list[SealedSecret]:
        """Of all goals; those that are over have none."""
        ...

    async def next_due_at(self, after: datetime) -> datetime | None:
        """When the next task of a running goal becomes due, or the next circuit wants a look; for alarms between ticks
        and for /why."""
        ...

    async def circuits(self) -> list[Circuit]:
        """All that are known, by key."""
        ...

    async def circuits_due(self, now: datetime) -> list[Circuit]:
        """Those that hold tasks, and are closed or want a look by now."""
        ...

    async def spending(self, goal_number: int) -> list[Spent]:
        """By task, purpose and model; dearest first."""
        ...

    async def budget(self, goal_number: int) -> Budget | None:
        """None for a goal that does not exist."""
        ...

    async def families(self) -> list[tuple[int, str]]:
        """Goals that are part of others and not over, or still waited for, each with the task that wanted it; oldest
        first."""
        ...

    async def subgoal(self, task_ref: str, attempt: int) -> GoalView | None:
        """The goal that this attempt at a task wanted, or an earlier one that was interrupted."""
        ...

    async def spent_usd(self, goal_number: int) -> Decimal:
        """What the brain has cost this goal so far."""
        ...

    async def pulse(self) -> Pulse: ...
