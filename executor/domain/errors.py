"""One root for every error of Milepost, sorted by who can act.

``str(error)`` is the text for our log; ``error.public`` is the one sentence for a person and never holds a secret.
"""


class MilepostError(Exception):
    """Something went wrong inside Milepost."""

    def __init__(self, public: str | None = None, *, detail: str = "") -> None:
        self.public = public or (self.__doc__ or "").strip().splitlines()[0]
        super().__init__(f"{self.public} {detail}".strip())


class WrongInput(MilepostError):
    """The person who sent this can mend it."""


class WrongMove(MilepostError):
    """A state was asked to change in a way that its table of moves does not allow."""


class Unconfigured(MilepostError):
    """Whoever runs Milepost must change its configuration."""


class DataFolderError(MilepostError):
    """The data folder or its database can't be used."""


class SealBroken(MilepostError):
    """A stored secret can't be read: the key of this install was lost or is another one."""


class NewerSchema(DataFolderError):
    """The database was written by a newer Milepost."""


class Conflict(MilepostError):
    """A row changed between reading and writing; read again and repeat."""


class DeliveryFailed(MilepostError):
    """A message could not be delivered to the chat."""
