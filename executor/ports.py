"""What the engine needs from the outside. Each docstring is the contract that every adapter keeps.

Adapters live in `storage`, `executor.planner`, `executor.actions`, `executor.workers` and `bot`; only the composition
root names them.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from executor.domain.attempt import Attempt
from executor.domain.blockage import Blockage
from executor.domain.decision import Decision
from executor.domain.effect import Effect
from executor.domain.event import Event
from executor.domain.goal import Goal
from executor.domain.milestone import Milestone
from executor.domain.notice import Notice
from executor.domain.outcome import Outcome, Result, Waiting
from executor.domain.plan import Check, GoalDraft, Plan
from executor.domain.task import Answer, Task

# --------------------------------------------------------------------------------------------------- time and names


class Clock(Protocol):
    """The only source of time. `now` is aware UTC; `monotonic` is seconds and never jumps."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class Ids(Protocol):
    """The only source of random names: 32 lower-case hex digits, unguessable."""

    def new(self) -> str: ...


class CrashPoints(Protocol):
    """Named places before and after every commit and every side effect. In production reaching one does nothing; a
    crash test stops the program there."""

    def reached(self, name: str) -> None: ...


# ----------------------------------------------------------------------------------------------------------- storage


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
    """What one transaction writes. Goals and tasks carry the revision that was read; the store writes it plus one.

    `notices` are upserts by key: a new key is inserted; a known one gets the new facts, its revision plus one, and
    becomes pending again if it was sent (a card, a decided question). A known key that may not repeat (a milestone,
    an end, an answer, a text) changes nothing.
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
    new_effects: list[Effect] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    new_milestones: list[Milestone] = field(default_factory=list)
    milestones: list[Milestone] = field(default_factory=list)
    progress: list[ProgressRow] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    commands: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)  # (command id, its reply)


@dataclass(frozen=True, slots=True)
class Due:
    """A task that may be taken now."""

    task_ref: str
    goal_number: int


class Transaction(Protocol):
    """One write transaction, alone on the database (or on its rows) until it ends. Leaving the block commits;
    an exception rolls everything back."""

    async def reply_to(self, command_id: str) -> Mapping[str, object] | None:
        """The stored reply of a command that was already carried out; None where it is new."""
        ...

    async def next_goal_number(self) -> int: ...

    async def next_decision_number(self) -> int: ...

    async def cases(self, goal_numbers: Sequence[int]) -> list[CaseRows]:
        """The named goals that exist, in any state."""
        ...

    async def decision(self, number: int) -> Decision | None: ...

    async def due(self, now: datetime, limit: int) -> list[Due]:
        """Tasks queued or retrying with due_at <= now, of goals that are in progress, blocked or validating, at most
        `limit`, in the order: what unblocks others, what is in progress already, goal priority, deadline, age."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What the whole place looks like, for /system and doctor."""

    goals_by_state: Mapping[str, int]
    open_decisions: int
    pending_notices: int
    dead_notices: int
    next_due_at: datetime | None
    schema: str


class Store(Protocol):
    """The one truth. Readings never wait for a writer and see one consistent moment each."""

    def transaction(self, label: str = "write") -> AbstractAsyncContextManager[Transaction]:
        """`label` names the crash points before and after the commit: ``storage.<label>.before_commit``."""
        ...

    async def view(self, goal_number: int) -> GoalView | None: ...

    async def goals(self, *, open_only: bool, chat_id: int | None = None, limit: int = 50) -> list[Goal]:
        """Newest first."""
        ...

    async def draft(self, goal_number: int) -> GoalDraft | None: ...

    async def plan(self, goal_number: int, version: int | None = None) -> Plan | None:
        """The newest version where none is named."""
        ...

    async def attempts(self, goal_number: int, task_ref: str | None = None) -> list[Attempt]:
        """Oldest first."""
        ...

    async def outputs(self, goal_number: int, keys: Sequence[str]) -> dict[str, str]:
        """The output of the successful attempt of each named task; a key without one is absent."""
        ...

    async def events(self, goal_number: int, *, limit: int = 200) -> list[Event]:
        """The newest `limit`, oldest of them first."""
        ...

    async def decision(self, number: int) -> Decision | None: ...

    async def open_decisions(self, chat_id: int | None = None) -> list[Decision]:
        """Oldest first; of one chat, or of all."""
        ...

    async def decision_of_message(self, chat_id: int, message_id: int) -> Decision | None:
        """The decision (open or not) that this message shows; for replies with text."""
        ...

    async def next_due_at(self, after: datetime) -> datetime | None:
        """When the next task of a running goal becomes due; for alarms between ticks and for /why."""
        ...

    async def pulse(self) -> Pulse: ...


class Outbox(Protocol):
    """The notices as the courier works on them. Every method is one transaction, and safe to call twice."""

    async def pending(self, now: datetime, limit: int = 200) -> list[Notice]:
        """Pending notices with due_at <= now, by chat, then priority, then age."""
        ...

    async def unfinished(self) -> list[Notice]:
        """Notices left in sending or unknown by a process that is gone."""
        ...

    async def mark_sending(self, key: str, probe_after: int | None) -> Notice | None:
        """Pending (or unknown) → sending, attempts plus one. The notice as it now is, or None: somebody else has it."""
        ...

    async def mark_sent(self, key: str, message_id: int | None, content_hash: str, revision: int, at: datetime) -> None:
        """Sending → sent; back to pending at once if the notice has changed since `revision`."""
        ...

    async def mark_pending(self, key: str, due_at: datetime, error: str) -> None: ...

    async def mark_unknown(self, key: str, error: str) -> None: ...

    async def mark_dead(self, key: str, error: str) -> None: ...

    async def forget_message(self, key: str) -> None:
        """The message is gone from the chat: the next delivery sends a new one. Sending or unknown → pending."""
        ...

    async def message_of(self, key: str) -> int | None:
        """The message that shows this notice (``12/card``), for replies to it; None while there is none."""
        ...

    async def known_message_ids(self, chat_id: int, above: int) -> set[int]: ...

    async def last_message_id(self, chat_id: int) -> int | None:
        """The highest message id known in that chat, of ours or of people; None where none is."""
        ...

    async def move_chat(self, old: int, new: int) -> None:
        """A group became a supergroup: every row of the old chat id gets the new one."""
        ...

    async def put(self, notices: Sequence[Notice]) -> None:
        """Insert notices that belong to no change of state (an answer to a command). A known key changes nothing."""
        ...


# ------------------------------------------------------------------------------------------------------------- brain


class Brain(Protocol):
    """Turns a draft into a plan. Raises WrongInput with one clear line where it can't."""

    name: str
    immediate: bool  # answers within milliseconds and without the network: a goal is planned while it is accepted

    async def plan(self, draft: GoalDraft, goal: Goal) -> Plan:
        """A plan for `goal`, tasks acyclic and every criterion covered by a check, a task or a person."""
        ...


# ----------------------------------------------------------------------------------------------------------- actions


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What an action gets beside its parameters. `started` must be awaited with (pid, start time, command) before a
    child process does anything that can be seen; it raises if the attempt has lost its lease. `tell` puts a text in
    the goal's chat when the attempt is committed. `first_started_at` is when a waiting attempt first began."""

    task_ref: str
    attempt: int
    goal_title: str
    workspace: Path
    timeout_s: float
    output_bytes_max: int
    now: Callable[[], datetime]
    first_started_at: datetime
    environment: Mapping[str, str]
    started: Callable[[int, float, str], Awaitable[None]]
    tell: Callable[[str], None]
    answer: Answer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A person must speak before the action can run. `manual`: they do it and press Done; else they answer."""

    manual: bool
    question: str
    choices: tuple[str, ...] = ()


class Action(Protocol):
    """One kind of work. Stateless: everything that lasts is in the workspace or in the result."""

    @property
    def name(self) -> str: ...

    def check(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """The parameters with defaults filled in. Raises WrongInput naming the wrong one. No I/O."""
        ...

    def describe(self, parameters: Mapping[str, Any]) -> str:
        """What will really happen, for the plan's card: the whole command, the URL, the path."""
        ...

    def repeatable(self, parameters: Mapping[str, Any]) -> bool:
        """False: an outside effect that must never be repeated without a word (contract section 5)."""
        ...

    def ask(self, parameters: Mapping[str, Any]) -> Ask | None:
        """Not None: it runs only after a person has spoken."""
        ...

    async def run(self, parameters: Mapping[str, Any], context: Context) -> Result | Waiting:
        """Do it. Failure is a Result with success False, not an exception; CancelledError ends every child first."""
        ...


class Actions(Protocol):
    """The registry."""

    def get(self, name: str) -> Action:
        """Raises WrongInput naming the known ones."""
        ...

    def names(self) -> list[str]: ...

    def fill(self, parameters: Mapping[str, Any], action: str, outputs: Mapping[str, str]) -> Mapping[str, Any]:
        """Replace ``${key.output}`` by outputs; in shell and python it arrives as data, never as program text."""
        ...

    def keys_used(self, parameters: Mapping[str, Any]) -> list[str]:
        """The keys whose outputs the parameters refer to."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a check saw. `evidence` is one line: command and exit code, file and size, HTTP status."""

    met: bool
    evidence: str
    result: Result | None = None


class Checks(Protocol):
    """Finds out whether a check holds, by looking. Opinion and human checks are not for it."""

    async def look(self, check: Check, context: Context) -> Seen: ...


class Workspaces(Protocol):
    """One folder per goal, made on first use, mode 0700."""

    def folder(self, goal_number: int) -> Path: ...


# ----------------------------------------------------------------------------------------------------------- workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One attempt, claimed and committed, to be run."""

    goal: Goal
    task: Task
    attempt: Attempt
    outputs: Mapping[str, str] = field(default_factory=dict)


class Workers(Protocol):
    """Runs assignments and reports every one exactly once through the callback given at start, in any order."""

    def free(self) -> int:
        """Slots that are free now; 0 while it stops."""
        ...

    def held(self) -> list[tuple[str, int]]:
        """(task_ref, attempt number) of what runs now."""
        ...

    def start(self, assignment: Assignment) -> None: ...

    def stop_task(self, task_ref: str) -> None:
        """End this task's attempt soon; it is reported as interrupted."""
        ...

    async def end_leftovers(self, attempt: Attempt) -> int:
        """End what a dead predecessor's attempt left running on this machine, by its recorded pid and start time and by
        its marker; how many processes that were. A stranger's process is never touched."""
        ...

    async def stop(self) -> None:
        """End everything within seconds; all of it has been reported when this returns."""
        ...


Report = Callable[[Assignment, Outcome, Sequence[str]], None]
"""(assignment, outcome, texts for the chat): how a worker hands back a finished attempt. Never blocks."""


# ------------------------------------------------------------------------------------------------------------ sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """It is in the chat. `message_id` None where the chat gives none (an equal edit)."""

    message_id: int | None
    content_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDelivered:
    """Surely not in the chat; try again in `wait_s`. `whole_chat`: the chat asked for the pause (429)."""

    wait_s: float
    error: str
    whole_chat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MaybeDelivered:
    """The request left and nobody saw the answer."""

    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Undeliverable:
    """It will never arrive. `chat_gone`: nothing else to this chat will either."""

    error: str
    chat_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageGone:
    """The message to edit is no longer there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMoved:
    """The chat has a new id."""

    chat_id: int


Delivery = Delivered | NotDelivered | MaybeDelivered | Undeliverable | MessageGone | ChatMoved


class Sender(Protocol):
    """Puts one notice in its chat: a new message where `message_id` is None, else an edit of that message. Renders at
    the time of the call from the store, so the newest state wins. Never raises for what the chat answers."""

    async def deliver(self, notice: Notice, *, repeated: bool = False) -> Delivery:
        """`repeated`: mark the message as possibly sent before."""
        ...

    async def probe(self, notice: Notice, candidates: Sequence[int]) -> int | None:
        """Which of these message ids already shows this very notice; None: none of them, or it can't be told."""
        ...

    @property
    def can_probe(self) -> bool: ...
