"""What the chat needs from the rest of the program; only the composition root plugs concrete things in."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Protocol

from bot.facade import GoesBack, TakesGoals
from executor.domain.adaptation import PlanDiff
from executor.domain.allowance import Budget
from executor.domain.attempt import Attempt
from executor.domain.decision import Decision
from executor.domain.event import Event
from executor.domain.goal import Goal, Origin
from executor.domain.habits import Habits
from executor.domain.lesson import Calibration, Lesson
from executor.domain.letter import DeadLetter
from executor.domain.notice import Notice
from executor.domain.plan import Criterion, GoalDraft, Plan
from executor.domain.turn import Turn
from executor.engine.replies import Caller, Refused, Reply
from executor.engine.why import Why
from executor.ports import GoalView, Spent


class Engine(TakesGoals, GoesBack, Protocol):
    """The façade. A command that was carried out once under its `command_id` returns the same reply again."""

    async def start(self, goal_number: int, *, caller: Caller, command_id: str) -> Reply: ...

    async def answer_together(
        self, goal_number: int, first: int, last: int, *, yes: bool, caller: Caller, command_id: str
    ) -> Reply: ...

    async def left_behind(self, may: Callable[[int], bool]) -> list[Goal]:
        """Open goals of people who may nothing any more."""
        ...

    async def hand_over(self, goal_number: int, heir: Caller, *, chat_id: int | None, command_id: str) -> Reply: ...

    async def approve(self, decision_number: int, *, caller: Caller, command_id: str) -> Reply: ...

    async def reject(self, decision_number: int, *, caller: Caller, command_id: str) -> Reply: ...

    async def pause(self, goal_number: int, *, caller: Caller, command_id: str) -> Reply: ...

    async def resume(self, goal_number: int, *, caller: Caller, command_id: str) -> Reply: ...

    async def cancel(self, goal_number: int, *, caller: Caller, command_id: str) -> Reply: ...

    async def cancel_task(self, task_ref: str, *, caller: Caller, command_id: str) -> Reply: ...

    async def fail(self, goal_number: int, *, reason: str, caller: Caller, command_id: str) -> Reply: ...

    async def retry(self, task_ref: str, *, caller: Caller, command_id: str) -> Reply: ...

    async def skip(self, task_ref: str, *, caller: Caller, command_id: str) -> Reply: ...

    async def take_over(self, task_ref: str, *, caller: Caller, command_id: str) -> Reply: ...

    async def done(self, task_ref: str, *, caller: Caller, command_id: str) -> Reply: ...

    async def hand_back(self, task_ref: str, *, caller: Caller, command_id: str) -> Reply: ...

    async def assign(self, task_ref: str, assignee: str | None, *, caller: Caller, command_id: str) -> Reply: ...

    async def note(self, goal_number: int, *, text: str, caller: Caller, command_id: str) -> Reply: ...

    async def add_task(
        self, title: str, *, goal_number: int | None, origin: Origin, caller: Caller, command_id: str
    ) -> Reply: ...

    async def execute_task(self, task_ref: str, *, caller: Caller, command_id: str) -> Reply: ...

    async def split_task(self, task_ref: str, text: str, *, caller: Caller, command_id: str) -> Reply: ...

    async def adapt(self, goal_number: int, *, reason: str, caller: Caller, command_id: str) -> Reply: ...

    async def set_deadline(
        self, goal_number: int, deadline_at: datetime | None, *, told: str = "", caller: Caller, command_id: str
    ) -> Reply: ...

    async def set_priority(self, goal_number: int, priority: int, *, caller: Caller, command_id: str) -> Reply: ...

    async def edit_criterion(
        self, goal_number: int, place: int, criterion: Criterion, *, trusted: bool, caller: Caller, command_id: str
    ) -> Reply: ...

    async def rework(self, goal_number: int, *, feedback: str, caller: Caller, command_id: str) -> Reply: ...

    async def revert(self, goal_number: int, version: int, *, caller: Caller, command_id: str) -> Reply: ...

    async def compare(self, goal_number: int, old: int, new: int) -> PlanDiff | Refused: ...

    async def lessons(self) -> list[Lesson]:
        """The last used first."""
        ...

    async def calibrations(self) -> list[Calibration]: ...

    async def revoke_lesson(self, number: int, *, caller: Caller, command_id: str) -> Reply: ...

    async def revoke_grant(self, goal_number: int, key: str, *, caller: Caller, command_id: str) -> Reply: ...

    async def dead_letters(self, chat_id: int | None, *, offset: int, limit: int) -> list[DeadLetter]:
        """Newest first."""
        ...

    async def take_up(self, goal_number: int, *, caller: Caller, command_id: str) -> Reply: ...

    async def budget(self, goal_number: int) -> Budget | None: ...

    async def set_budget(
        self, goal_number: int, usd: Decimal, *, trusted: bool, caller: Caller, command_id: str
    ) -> Reply: ...

    async def spending(self, goal_number: int) -> list[Spent]: ...

    async def plan(self, goal_number: int, version: int | None = None) -> Plan | None:
        """The newest version where none is named."""
        ...

    async def replied(self, command_id: str) -> Reply | None:
        """What a command was told when it was carried out; None where it was not."""
        ...

    async def view(self, goal_number: int) -> GoalView | None: ...

    async def newest(self, chat_id: int) -> int | None:
        """The newest open goal of that chat, else its newest."""
        ...

    async def goals(self, chat_id: int | None, *, open_only: bool) -> list[Goal]:
        """Newest first."""
        ...

    async def why(self, goal_number: int, *, task_ref: str | None = None, zone: tzinfo = ...) -> Why | None:
        """None for a goal or a task that does not exist."""
        ...

    async def turns(self, goal_number: int, task_ref: str | None = None) -> list[Turn]: ...

    async def attempts(self, goal_number: int, task_ref: str | None = None) -> list[Attempt]:
        """Oldest first."""
        ...

    async def events(self, goal_number: int) -> list[Event]: ...

    async def open_decisions(self, chat_id: int | None) -> list[Decision]:
        """Oldest first."""
        ...

    async def system(self) -> list[str]: ...


class Decisions(Protocol):
    """The part of the store that replies and presses need."""

    async def decision(self, number: int) -> Decision | None: ...

    async def decision_of_message(self, chat_id: int, message_id: int) -> Decision | None: ...


class ChatOutbox(Protocol):
    """The part of the outbox that the chat itself needs."""

    async def put(self, notices: Sequence[Notice]) -> None: ...

    async def move_chat(self, old: int, new: int) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowInfo:
    """A workflow as people see it: `command` runs it, with an example for each value that must be given; `parameters`
    says by name what each means or what it is without a word."""

    title: str
    command: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The workflows there are, and a line about each file that can't be read as one: its name, place and fault."""

    workflows: Sequence[WorkflowInfo]
    problems: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A goal that an empty chat offers as a button."""

    label: str
    text: str


class HabitRows(Protocol):
    """What chats want of their own accord, as storage keeps it. Every method is one transaction."""

    async def habits(self, chat_id: int) -> Habits: ...

    async def digests_due(self, now: datetime) -> list[Habits]: ...

    async def keep(self, kept: Habits) -> None: ...

    async def told(self, kept: Habits, notices: Sequence[Notice]) -> None:
        """A digest is in the outbox, and `kept` says when the next one is due."""
        ...


class PollMark(Protocol):
    """When we last heard from Telegram, kept over restarts."""

    async def last(self) -> datetime | None: ...

    async def mark(self, at: datetime) -> None: ...


class Checkup(Protocol):
    """One check of the doctor. `state` is "good", "note" or "wrong"; `remedy` says what to do, where something is."""

    @property
    def check(self) -> str: ...

    @property
    def state(self) -> str: ...

    @property
    def seen(self) -> str: ...

    @property
    def remedy(self) -> str: ...


async def nobody_looks() -> Sequence[Checkup]:
    """The doctor of a chat that has none."""
    return ()


Examine = Callable[[], Awaitable[Sequence[Checkup]]]
"""All of the doctor's checks, of the program that runs."""
Fetch = Callable[[str], Awaitable[bytes]]
"""The content of a file by its id. Raises WrongInput with one clear line where the chat does not give it."""
ReadGoal = Callable[[str], GoalDraft]
"""A goal's text as a draft. Raises WrongInput with one clear line."""
Workflows = Callable[[], Shelf]
ReadRun = Callable[[str], GoalDraft]
"""The words after /run as a draft. Raises WrongInput for an unknown workflow and for missing or wrong values."""
Wake = Callable[[], None]
