"""What a goal that is part of another leaves to that one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """`left` names what stayed behind, each with the reason. `folder` is where the rest lies, from the receiver's own
    folder."""

    folder: str
    files: int
    left: tuple[str, ...] = ()


class Handover(Protocol):
    async def hand_over(self, goal_number: int, target: Path, name: str) -> HandedOver:
        """Copy the files of this goal into the folder `name` of `target`. What lies there under the same names is
        replaced, nothing else is touched; links are copied as links and never followed. Each file is there whole or as
        before. Called again it ends the same way. Raises OSError where something is in its way."""
        ...


class NoHandover:
    """Every goal keeps its files."""

    async def hand_over(self, goal_number: int, target: Path, name: str) -> HandedOver:
        return HandedOver(folder=name, files=0)
