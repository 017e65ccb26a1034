"""What the gates at the end of a goal need from outside: a look at the project, and tasks that mend it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from executor.domain.gate import Gate
from executor.domain.goal import Goal
from executor.domain.plan import TaskSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFailure:
    """What a gate saw. `failing` names the tests that failed, where they were named; `said` is the end of what was
    printed; `round` counts the failures of this gate from 1."""

    goal: Goal
    gate: Gate
    command: str
    failing: tuple[str, ...] = ()
    said: str = ""
    round: int = 1


class Mender(Protocol):
    """Turns what is wrong with a result into tasks. Both methods are asked from an attempt or a command, never inside
    a transaction, so they may take their time; asked twice about the same they may answer differently.

    Keys need only be unique among themselves, and `depends_on` may name only those.
    """

    async def debug(self, failure: GateFailure) -> Sequence[TaskSpec]:
        """Tasks after which the gate is worth another try; empty: nothing but a person's decision helps."""
        ...

    async def rework(self, feedback: str, goal: Goal) -> Sequence[TaskSpec]:
        """Tasks that bring about what a person wants changed, at least one. Raises WrongInput with one clear line."""
        ...


class Project(Protocol):
    """Looks at the files of a goal's folder. Quick enough for a thread, and never changes anything."""

    def command_for(self, gate: Gate, folder: Path) -> str | None:
        """The project's own command for its tests, or that of an installed scanner; None: there is none to be seen."""
        ...

    def files(self, folder: Path) -> Sequence[str]:
        """What there is to review, a line each, the newest first: path and size. Not what was installed."""
        ...
