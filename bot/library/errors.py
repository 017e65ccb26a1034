"""What a program can act on. Every one is a MilepostError; its `public` is the sentence for a person."""

from executor.domain.errors import MilepostError


class TaskFailed(MilepostError):
    """A task failed on its last attempt. What the function raised is the cause; the blockage is in the database."""

    def __init__(self, public: str, *, task_id: str, attempts: int, blockage_type: str | None) -> None:
        """`blockage_type` is None for an optional task, which holds nothing up."""
        self.task_id = task_id
        self.attempts = attempts
        self.blockage_type = blockage_type
        super().__init__(public)


class TaskNotReady(MilepostError):
    """A task can't be taken now: it waits for others or for a person, runs already, or is over."""


class TaskStopped(MilepostError):
    """A task was cancelled, skipped or taken over while its function ran, so what the function did counts no more."""


class Closed(MilepostError):
    """This executor was closed. Make a new one on the same data folder to go on."""
