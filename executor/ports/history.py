"""The history of a goal's folder: every attempt's changes, to be seen, undone and handed over."""

from typing import Protocol

from executor.domain.change import Change, Difference, Undoing
from executor.domain.errors import MilepostError


class NoHistory(MilepostError):
    """Nothing is kept, or what was asked for is not among it; `public` says why."""


class History(Protocol):
    """A goal's folder is kept as it was after each attempt. Whatever goes wrong with that, no attempt fails for it."""

    async def begin(self, goal_number: int, attempt: str) -> None:
        """`attempt` (``12.3#1``) is about to work. What was changed since the last one is kept apart from it. Waits for
        an undoing under way. Never raises."""
        ...

    async def end(self, goal_number: int, attempt: str) -> None:
        """It has ended: keep what changed. Costs what changed, and a look at each file's date. Never raises."""
        ...

    def has_changes(self, goal_number: int) -> bool:
        """Whether anything is kept. A glance."""
        ...

    async def changes(self, goal_number: int) -> list[Change]:
        """Oldest first; empty where nothing is kept. Raises NoHistory."""
        ...

    async def difference(self, goal_number: int, task_ref: str | None = None, *, whole: bool = False) -> Difference:
        """Everything that was changed, or while the attempts of one task ran. `whole`: files that are no text are in
        the patch too, so that it can be applied. Raises NoHistory."""
        ...

    async def undoing(self, goal_number: int, task_ref: str | None = None, *, state: str | None = None) -> Undoing:
        """What going back would do: to before the goal, to before the first attempt of a task, or to a kept state (the
        beginning of its name). Raises NoHistory."""
        ...

    async def undo(self, goal_number: int, asked: Undoing, command_id: str) -> bool:
        """Go back; the folder as it was stays kept. False: it has changed since `asked`, and nothing was done. Called
        again with the same `command_id`, it does nothing and returns True. Raises NoHistory."""
        ...


class Forgetful:
    """No history at all."""

    async def begin(self, goal_number: int, attempt: str) -> None: ...

    async def end(self, goal_number: int, attempt: str) -> None: ...

    def has_changes(self, goal_number: int) -> bool:
        return False

    async def changes(self, goal_number: int) -> list[Change]:
        return []

    async def difference(self, goal_number: int, task_ref: str | None = None, *, whole: bool = False) -> Difference:
        raise NoHistory("Nothing is kept here about what changed.")

    async def undoing(self, goal_number: int, task_ref: str | None = None, *, state: str | None = None) -> Undoing:
        raise NoHistory("Nothing is kept here that could be gone back to.")

    async def undo(self, goal_number: int, asked: Undoing, command_id: str) -> bool:
        raise NoHistory("Nothing is kept here that could be gone back to.")
