"""The one truth: transactions that write, and readings that wait for nobody."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from executor.domain.allowance import Budget
from executor.domain.attempt import Attempt
from executor.domain.blockage import Blockage
from executor.domain.circuit import Circuit
from executor.domain.decision import Decision
from executor.domain.event import Event
from executor.domain.goal import Goal
from executor.domain.lesson import Calibration, Lesson
from executor.domain.letter import DeadLetter
from executor.domain.milestone import Milestone
from executor.domain.plan import GoalDraft, Plan
from executor.domain.secret import SealedSecret
from executor.domain.task import Task
from executor.domain.turn import Turn
from executor.ports.changes import CaseRows
from executor.ports.record import GoalRecord
from executor.ports.transaction import Transaction


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
