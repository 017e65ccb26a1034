"""A STOP: a person ended all action at once, and a person lifts it. It needs no model, no queue and no row."""

from dataclasses import dataclass
from datetime import datetime

from executor.domain.errors import MilepostError

Place = tuple[int, int | None]
"""A chat, and the topic in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """`by` is a person's name; where nobody said who it was, words for that. `lifted_by`: it is over. `answered_in`:
    the chat, and its topic, that hears of it as the answer to its command. `begun_with` and `lifted_with`: the ids of
    the commands that did it, so that one that comes again, after a crash, does nothing again. `told`: the chats have
    heard of its end."""

    by: str
    at: datetime
    lifted_by: str = ""
    begun_with: str = ""
    lifted_with: str = ""
    told: bool = False
    answered_in: Place | None = None

    @property
    def note(self) -> str:
        """Why something did not run, in a few words."""
        return f"Stopped by {self.by}"


class Stopped(MilepostError):
    """Everything is stopped; nothing was done."""

    def __init__(self, stop: Stop) -> None:
        self.stop = stop
        super().__init__(stop.note)
