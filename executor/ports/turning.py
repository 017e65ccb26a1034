"""What a clock that was set back does to stored moments."""

from datetime import datetime
from typing import Protocol


class TurnsBack(Protocol):
    """A part of the port Transaction."""

    async def turn_back(self, was: datetime, now: datetime) -> None:
        """It was `was`, and it is `now`, which is earlier. Everything that waits for its time (tasks, planning, looks,
        messages) waits for as long as it would have; what was due stays due; what runs began as long ago."""
        ...
