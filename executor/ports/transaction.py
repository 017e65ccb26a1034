"""One write transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from executor.domain.allowance import Budget
from executor.domain.attempt import Attempt
from executor.domain.circuit import Circuit
from executor.domain.decision import Decision
from executor.domain.flood import Said
from executor.domain.goal import Goal, Origin
from executor.domain.lesson import Lesson
from executor.domain.plan import GoalDraft, Plan
from executor.ports.changes import CaseRows, Changes
from executor.ports.family import Family
from executor.ports.turning import TurnsBack


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
