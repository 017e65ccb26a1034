"""What a goal that is part of another gets from that one at its beginning, and leaves to it at its end."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from executor.domain.errors import MilepostError


class NotGiven(MilepostError):
    """A goal that is part of another can't begin without that one's files; `public` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """`left` names what stayed behind, each with the reason. `folder` is where the rest lies, from the receiver's own
    folder."""

    folder: str
    files: int
    left: tuple[str, ...] = ()


class Handover(Protocol):
    async def give(self, goal_number: int, part: int) -> HandedOver | None:
        """Copy the files of this goal into the folder of the goal `part`, which has not begun; `folder` is "" then.
        None: that was done before. Raises OSError; then some may be there, and the next time adds the rest."""
        ...

    async def hand_over(self, goal_number: int, target: Path, name: str) -> HandedOver:
        """Copy the files of this goal into the folder `name` of `target`, but for those that are as they were given to
        it. What lies there under the same names is
        replaced, nothing else is touched; links are copied as links and never followed. Each file is there whole or as
        before. Called again it ends the same way. Raises OSError where something is in its way."""
        ...


class NoHandover:
    """Every goal keeps its files."""

    async def give(self, goal_number: int, part: int) -> HandedOver | None:
        return None

    async def hand_over(self, goal_number: int, target: Path, name: str) -> HandedOver:
        return HandedOver(folder=name, files=0)
