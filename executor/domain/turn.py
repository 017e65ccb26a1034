"""A turn: one step of a task that a model works on call by call. Stored before it is carried out and after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from executor.domain.mail import SEND_DRAFT
from executor.domain.subtasks import SUBTASKS
from executor.domain.values import quick

AGENT = "agent"
"""The name of the action that works in turns."""
TURNS_MAX = 30  # of one go, where the plan names no other number
TURNS_MOST = 200  # that a plan may name: a goal's cycles end it long before
WITHIN_AGENTS = frozenset({AGENT, SUBTASKS, SEND_DRAFT, "workflow", "goal"})
"""Actions that no turn may call: they would begin work that nobody has accepted."""


class TurnKind(StrEnum):
    CALL = "call"  # of one action
    FINISH = "finish"  # the model says that it is done, or stuck; or a limit ended the work
    NOTE = "note"  # what a person said about the work


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """`number` counts within the task, 1 …, over all of its attempts; `attempt` is the one in which it began.
    `result` (contract section 5) is None until it is known what came of it: at most one turn of a task, its last."""

    task_ref: str
    goal_number: int
    number: int
    attempt: int
    kind: TurnKind = TurnKind.CALL
    thought: str = ""
    action: str = ""  # of a call
    parameters: Mapping[str, Any] = field(default_factory=dict)  # of a call; of a finish what it says
    does: str = ""  # in one line for people
    result: Mapping[str, Any] | None = None
    started_at: datetime
    finished_at: datetime | None = None

    @property
    def open(self) -> bool:
        return self.result is None

    @property
    def succeeded(self) -> bool:
        return bool(self.result and self.result.get("success"))


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEnd:
    """What came of the open turn of a task."""

    task_ref: str
    result: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A model wants this action to be run."""

    action: str
    parameters: Mapping[str, Any]
    thought: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """A model says that the task is done (a claim that is looked into), or that it can't go on."""

    success: bool
    summary: str
    insights: tuple[str, ...] = ()
    thought: str = ""


Act = Call | Finish


def latest(turns: Sequence[Turn]) -> list[Turn]:
    """The turns of the present go: those since the work was last finished, given up or ended by a limit."""
    ends = [index for index, turn in enumerate(turns) if turn.kind is TurnKind.FINISH and not turn.open]
    return list(turns[ends[-1] + 1 :] if ends else turns)


def calls(turns: Sequence[Turn]) -> list[Turn]:
    return [turn for turn in turns if turn.kind is TurnKind.CALL]
