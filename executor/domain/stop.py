"""A STOP: a person ended all action at once, and a person lifts it. It needs no model, no queue and no row."""

from dataclasses import dataclass
from datetime import datetime

from executor.domain.errors import MilepostError


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """`by` is a person's name; where nobody said who it was, words for that. `lifted_by`: it is over."""

    by: str
    at: datetime
    lifted_by: str = ""

    @property
    def note(self) -> str:
        """Why something did not run, in a few words."""
        return f"Stopped by {self.by}"


class Stopped(MilepostError):
    """Everything is stopped; nothing was done."""

    def __init__(self, stop: Stop) -> None:
        self.stop = stop
        super().__init__(stop.note)
