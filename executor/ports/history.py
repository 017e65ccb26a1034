"""The history of a goal's folder: every attempt's changes, to be seen, undone and handed over."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from executor.domain.change import Branch, Change, Difference, Undoing
from executor.domain.errors import MilepostError, WrongInput

REPOSITORY = "repo"
"""What a goal's first line names its repository by: ``#repo=shop``."""


class NoHistory(MilepostError):
    """Nothing is kept, or what was asked for is not among it; `public` says why."""


class History(Protocol):
    """A goal's folder is kept as it was after each attempt. Whatever goes wrong with that, no attempt fails for it."""

    def check(self, metadata: Mapping[str, str]) -> None:
        """Raises WrongInput where a goal names a repository that nothing may be done in."""
        ...

    async def begin(self, goal_number: int, attempt: str, branch: Branch | None = None) -> Path | None:
        """`attempt` (``12.3#1``) is about to work: in the folder that this returns, None being the goal's own. What was
        changed since the last one is kept apart from it. Waits for an undoing under way. Raises MilepostError for a
        `branch` alone, where its repository can't be used."""
        ...

    async def end(
        self, goal_number: int, attempt: str, branch: Branch | None = None, *, succeeded: bool = True
    ) -> tuple[str, ...]:
        """It has ended: keep what changed, and merge what an attempt on a branch did if it `succeeded`. The files in
        which that conflicts with what was merged meanwhile: then nothing is merged; while a person works on the task,
        those that they are to settle. Costs what changed, and a look at
        each file's date. Raises MilepostError for a `branch` alone."""
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

    def check(self, metadata: Mapping[str, str]) -> None:
        if REPOSITORY in metadata:
            raise WrongInput("No repository is set up here for goals to work on.")

    async def begin(self, goal_number: int, attempt: str, branch: Branch | None = None) -> Path | None:
        return None

    async def end(
        self, goal_number: int, attempt: str, branch: Branch | None = None, *, succeeded: bool = True
    ) -> tuple[str, ...]:
        return ()

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
