"""One folder per goal, where its commands run and its files are."""

import asyncio
import os
import stat
from contextlib import suppress
from pathlib import Path

from executor.actions.history.histories import HISTORIES
from executor.actions.identity import Identity, give_all
from executor.actions.inventory import inventory
from executor.actions.removing import remove
from executor.actions.sandbox.bubblewrap import temporary_of
from executor.actions.survivors import end_survivors
from executor.domain.errors import WrongInput

_KNOWN_MAX = 1_000  # folders whose paths are remembered: to make one of its parts takes longer than the look itself


class Folders:
    """The Workspaces port: ``<data_dir>/workspaces/<goal number>``, mode 0700. `root`: another place for all of them;
    `owner`: who commands run as, where Milepost is root; `passable`: whether that user must get there by itself."""

    def __init__(
        self, data_dir: Path, root: Path | None = None, owner: Identity | None = None, *, passable: bool = False
    ) -> None:
        self._root = root or data_dir.absolute() / "workspaces"
        self._histories = data_dir.absolute() / HISTORIES
        self._owner = owner
        self._open = 0o011 if passable else 0
        self._known: dict[int, Path] = {}

    def folder(self, goal_number: int) -> Path:
        """Made on first use. Called with every attempt, so it mostly costs one look. Raises WrongInput where a link
        stands in its place: what was approved for this folder runs in no other."""
        folder = self._known.get(goal_number)
        if folder is None:
            folder = self._remember(goal_number)
        with suppress(FileNotFoundError):
            status = folder.lstat()
            if stat.S_ISLNK(status.st_mode):
                raise WrongInput(f"The folder of goal {goal_number} was replaced by a link; nothing runs in it.")
            if self._is_ready(status):
                return folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for made, mode in ((self._root, 0o700 | self._open), (folder, 0o700)):
            if made.stat().st_mode & 0o077 != mode & 0o077:
                made.chmod(mode)
        if self._owner is not None and not self._is_ready(folder.stat()):
            give_all(folder, self._owner)
        return folder

    def _is_ready(self, status: os.stat_result) -> bool:
        return not status.st_mode & 0o077 and (self._owner is None or status.st_uid == self._owner.uid)

    def _remember(self, goal_number: int) -> Path:
        if len(self._known) >= _KNOWN_MAX:
            self._known.clear()
        folder = self._known[goal_number] = self._root / str(goal_number)
        return folder

    def inventory(self, goal_number: int) -> str:
        return inventory(self.folder(goal_number))

    async def remove(self, goal_number: int) -> None:
        """Delete a goal's folder with everything in it, and its history; links in it are removed and not followed.
        Harmless where there is none. Raises OSError."""
        self._known.pop(goal_number, None)
        goal = self._root / str(goal_number)
        for folder in (goal, temporary_of(goal), *self._worktrees(goal_number), self._histories / goal.name):
            if folder.exists():
                await asyncio.to_thread(remove, folder)

    def with_worktrees(self) -> list[int]:
        """Goals for whose tasks there are worktrees."""
        one = self._root / "*.*"
        found = (*self._root.glob(one.name), *temporary_of(one).parent.glob(one.name))
        heads = {path.name.partition(".")[0] for path in found}
        return sorted(int(head) for head in heads if head.isdecimal())

    async def remove_worktrees(self, goal_number: int) -> None:
        """Those of a goal that is over: what was worth keeping was merged, or is on its branch. Raises OSError."""
        for folder in self._worktrees(goal_number):
            await asyncio.to_thread(remove, folder)

    def _worktrees(self, goal_number: int) -> list[Path]:
        """With what was /tmp for the commands in them."""
        one = self._root / f"{goal_number}.*"
        return [*self._root.glob(one.name), *temporary_of(one).parent.glob(one.name)]

    async def end_leftovers(self, pid: int | None, pid_started: float | None, marker: str) -> int:
        """End what an attempt of a dead predecessor left running, see end_survivors. Only processes that were started
        for one of these folders are touched."""
        return await end_survivors(pid, pid_started, marker, self._root)
