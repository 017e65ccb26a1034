"""What a goal may know of the other goals of its family."""

from collections.abc import Sequence
from typing import Protocol


class Family(Protocol):
    """A part of the port Transaction."""

    async def trails(self, root: int, *, but: int) -> Sequence[Sequence[str]]:
        """The trails of tasks that have not succeeded, of this goal and of all that are part of it, without those of
        the goal `but`."""
        ...
