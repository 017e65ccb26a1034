"""What turns a draft into a plan, and what it may cost to ask a model."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from executor.domain.circuit import Outage
from executor.domain.diagnosis import Diagnosis
from executor.domain.errors import MilepostError
from executor.domain.goal import Goal
from executor.domain.plan import GoalDraft, Plan, TaskSpec
from executor.domain.strategy import Extracted
from executor.domain.turn import Act, Turn
from executor.ports.actions import Actions


class Brain(Protocol):
    """Turns a draft into a plan. Raises WrongInput with one clear line where it can't, BrainFailed where it might
    later."""

    name: str
    immediate: bool  # answers within milliseconds and without the network: a goal is planned while it is accepted

    async def plan(self, draft: GoalDraft, goal: Goal) -> Plan:
        """A plan for `goal`, tasks acyclic and every criterion covered by a check, a task or a person."""
        ...


class Purpose(StrEnum):
    """Why a model is asked (contract section 5); each request says it in the header ``x-milepost-purpose``."""

    PLAN = "plan"
    ACT = "act"
    DIAGNOSE = "diagnose"
    JUDGE = "judge"
    ADAPT = "adapt"
    DRAFT = "draft"
    REVIEW = "review"
    EXTRACT = "extract"
    PROPOSE = "propose"


CYCLES = frozenset({Purpose.PLAN, Purpose.ACT, Purpose.DIAGNOSE, Purpose.ADAPT})
"""The requests that count as reasoning cycles of a goal."""


class Failure(StrEnum):
    """Why a request to a model came to nothing."""

    AUTH = "auth"  # the key is missing, wrong or not allowed to do this
    BLOCKED = "blocked"  # the provider's filter refused the question or the answer
    BAD_REQUEST = "bad_request"
    MODEL_NOT_FOUND = "model_not_found"
    RATE_LIMITED = "rate_limited"
    SERVER = "server"
    TIMEOUT = "timeout"
    NETWORK = "network"
    MALFORMED = "malformed"  # the reply is no reply of this protocol, or no JSON
    TRUNCATED = "truncated"  # it ended at the token limit
    EMPTY = "empty"
    INVALID = "invalid"  # JSON, but not in the shape that was asked for
    BUDGET = "budget"  # never sent: it could have cost more than is left
    CYCLES = "cycles"  # never sent: the goal has used up its reasoning cycles
    STOPPED = "stopped"  # never sent: a person has stopped everything


PASSING = frozenset({Failure.RATE_LIMITED, Failure.SERVER, Failure.TIMEOUT, Failure.NETWORK, Failure.STOPPED})
"""Failures of the provider or of the way there, and a STOP; asking again later may help."""


class BrainFailed(MilepostError):
    """The model could not be asked, or gave no usable answer. `wait_s`: not before so many seconds, where told.
    `limit`: which limit would be overshot (an AllowanceKind), for the kinds BUDGET and CYCLES. `since`: the model
    counts as gone for everybody from then on (domain.model_outage)."""

    def __init__(
        self,
        kind: Failure,
        public: str,
        *,
        wait_s: float | None = None,
        limit: str = "",
        detail: str = "",
        since: datetime | None = None,
    ) -> None:
        super().__init__(public, detail=detail)
        self.since = since
        self.kind = kind
        self.wait_s = wait_s
        self.limit = limit


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """For what a request is made; its cost is counted there."""

    goal_number: int | None = None
    task_ref: str | None = None
    role: str | None = None  # who works on that task


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What a model thinks of a question; `deviation` is 0..1. It never counts as more than that."""

    met: bool
    deviation: float
    evidence: str
    by: str  # the model


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapting:
    """A plan that does not work out, and what was seen of it."""

    goal_number: int
    plan: Plan
    facts: Mapping[str, object]
    tasks_max: int
    troubled: tuple[str, ...] = ()  # the keys of what failed or is blocked


@dataclass(frozen=True, slots=True, kw_only=True)
class Rethought:
    """All tasks of another plan, checked; finished ones are as they were. `reason` is one sentence for a person."""

    tasks: tuple[TaskSpec, ...]
    reason: str
    by: str  # the model


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """A task that is worked on in turns. `facts` about the task are the same for all turns of an attempt; `turns` are
    all that were finished, oldest first; `turn` of `turns_max` comes next and may call one of the `tools`. `warning` is
    for the model, empty where there is none."""

    facts: Mapping[str, object]
    turns: Sequence[Turn]
    tools: tuple[str, ...]
    turn: int
    turns_max: int
    warning: str = ""


class Mind(Protocol):
    """A model's part in single tasks. Every method raises BrainFailed. What it is given as facts is data to it."""

    @property
    def name(self) -> str:
        """The model, as people are told of it."""
        ...

    async def draft(self, instructions: str, facts: Mapping[str, object], about: About) -> str:
        """A text, written as instructed, from the facts alone."""
        ...

    async def extract(self, text: str, facts: Mapping[str, object], about: About) -> tuple[Extracted, ...]:
        """The tasks that a text asks for, and who can do each."""
        ...

    async def judge(self, question: str, facts: Mapping[str, object], about: About) -> Opinion: ...

    async def diagnose(self, spec: TaskSpec, facts: Mapping[str, object], about: About, actions: Actions) -> Diagnosis:
        """Why the task failed, and what to change; every action in it is known and takes its parameters."""
        ...

    async def act(self, acting: Acting, about: About, actions: Actions) -> Act:
        """The next turn: a call of one of the tools, with parameters that it takes, or the end."""
        ...

    async def adapt(self, question: Adapting, actions: Actions) -> Rethought:
        """Another plan for the same criteria, that can be carried out."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to a model, before it is sent. `worst` is the most that it can cost in US dollars. `digest` is the
    same for the same request."""

    id: str
    goal_number: int | None
    task_ref: str | None
    purpose: Purpose
    provider: str
    model: str
    worst: Decimal
    at: datetime
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """How a call went. `tokens_in` includes the `tokens_cached`; `tokens_out` includes those of thinking."""

    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    cost: Decimal = Decimal(0)
    duration_s: float = 0.0
    error: str = ""  # a Failure; empty: it went well
    reply: str = ""  # what the model said, where it said something
    ended_at: datetime | None = None
    gone: Outage | None = None  # the provider, or the way to it, failed in a way that may pass


class Purse(Protocol):
    """The ledger of what models cost. A call without a receipt (a crash) keeps counting at its worst."""

    async def reserve(self, call: Call) -> str | None:
        """The reply, where the same goal has paid for it already, and for a task in the same attempt (one that was
        interrupted goes on in the next); nothing is then recorded. Else None, and the call is recorded at its worst
        cost. Raises BrainFailed(BUDGET or CYCLES) when the goal's cap, the day's cap
        or the goal's reasoning cycles could be overshot, and with `since` while the model is gone; nothing is then
        recorded."""
        ...

    async def settle(self, call_id: str, receipt: Receipt) -> datetime | None:
        """Replace the worst cost by the real one, and keep the reply. Since when the model counts as gone; None: it
        does not."""
        ...

    async def forget(self, goal_number: int | None, digests: Collection[str]) -> None:
        """Replies to these requests turned out to be of no use: they are not given again."""
        ...
