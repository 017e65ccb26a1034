"""The History port: one repository per goal, ``<data_dir>/histories/<goal number>``, beside the workspaces."""

import asyncio
import shutil
import subprocess
import tarfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypeVar

from executor.actions.given import NAME as GIVEN
from executor.actions.history.archive import pack
from executor.actions.history.branches import ORIGIN, Branches
from executor.actions.history.differences import difference, files_between, named_state, state_before
from executor.actions.history.git import Git, GitFailed, installed
from executor.actions.history.origin import chosen
from executor.actions.history.repository import Hide, Repository
from executor.actions.history.restoring import come_back_masked, go_back, would_be_lost
from executor.actions.history.scan import TooMany
from executor.domain.change import Archived, Branch, Change, Difference, Undoing
from executor.ports import Clock
from executor.ports.history import REPOSITORY, NoHistory

HISTORIES = "histories"
"""The folder of all of them, in the data folder."""
OPEN_MAX = 16  # goals whose files are remembered
FRESH_S = 2.0  # a folder that was kept so short a while ago is not looked at again before the next attempt
NO_REPOSITORY = "Working on a repository needs git on this machine, and it is not installed."
MISSING = "git is not installed on this machine, so nothing is kept about what changes."
UNREADABLE = "What was kept about this goal's folder can't be read; the log says more."
TROUBLE = (GitFailed, OSError, TooMany, ValueError, subprocess.SubprocessError)
_T = TypeVar("_T")


@dataclass(slots=True)
class Goal:
    """What runs now in one goal's folder, and what ran since its newest kept state."""

    number: int
    workspace: Path
    folder: Path
    lock: threading.Lock = field(default_factory=threading.Lock)
    repository: Repository | None = None
    branches: Branches | None = None
    running: dict[str, None] = field(default_factory=dict)
    ran: dict[str, None] = field(default_factory=dict)
    kept_at_s: float = float("-inf")


class Histories:
    """`log(goal number, error)` hears of what could not be kept. `hide`: a file's content without the secrets in it,
    None where they can't be taken out; what it takes out is never kept."""

    def __init__(
        self,
        data_dir: Path,
        clock: Clock,
        log: Callable[[int, Exception], None],
        *,
        file_bytes_max: int = 50_000_000,
        repositories: Sequence[Path] = (),
        workspaces: Path | None = None,
        hide: Hide = bytes,
    ) -> None:
        self._root = data_dir.absolute() / HISTORIES
        self._workspaces = workspaces or data_dir.absolute() / "workspaces"
        self._clock = clock
        self._log = log
        self._repositories = repositories
        self._file_bytes_max = file_bytes_max
        self._goals: OrderedDict[int, Goal] = OrderedDict()
        self._hide = hide
        self._installed = installed()

    # ------------------------------------------------------------------------------------------------------ keeping

    def check(self, metadata: Mapping[str, str]) -> None:
        if (word := metadata.get(REPOSITORY)) is not None:
            chosen(self._repositories, word)

    async def begin(self, goal_number: int, attempt: str, branch: Branch | None = None) -> Path | None:
        if branch is not None:
            return await self._on_branch(goal_number, lambda goal: self._begin_branch(goal, branch))
        if not self._installed:
            return None
        goal = self._goal(goal_number)
        undoing = goal.lock.locked()
        if undoing or (not goal.running and self._clock.monotonic() - goal.kept_at_s >= FRESH_S):
            await self._keep(goal, "")
        goal.running[attempt] = goal.ran[attempt] = None
        return None

    async def end(
        self, goal_number: int, attempt: str, branch: Branch | None = None, *, succeeded: bool = True
    ) -> tuple[str, ...]:
        if branch is not None:
            return await self._on_branch(
                goal_number, lambda goal: self._end_branch(goal, attempt, branch, succeeded=succeeded)
            )
        if not self._installed:
            return ()
        goal = self._goal(goal_number)
        try:
            await self._keep(goal, attempt)
        finally:
            goal.running.pop(attempt, None)
        return ()

    async def _on_branch(self, goal_number: int, work: Callable[[Goal], _T]) -> _T:
        if not self._installed:
            raise NoHistory(NO_REPOSITORY)
        try:
            return await asyncio.to_thread(work, self._goal(goal_number))
        except TROUBLE as error:
            self._log(goal_number, error)
            raise NoHistory("Git could not work on the goal's repository; the log says why.") from error

    def _begin_branch(self, goal: Goal, branch: Branch) -> Path | None:
        with goal.lock:
            branches = self._branches(goal, branch)
            return branches.folder(branch) if branch.task_ref else None

    def _end_branch(self, goal: Goal, attempt: str, branch: Branch, *, succeeded: bool) -> tuple[str, ...]:
        with goal.lock:
            if not branch.task_ref:
                return ()
            branches, now = self._branches(goal, branch), self._clock.now()
            if branch.by_hand and not succeeded:
                return branches.to_settle(branch)
            branches.keep(branch, attempt, now)
            return branches.merge(branch, attempt, now) if succeeded else ()

    def _branches(self, goal: Goal, branch: Branch) -> Branches:
        repository = self._open(goal)
        if goal.branches is None:
            repository.ignoring = True
            goal.branches = Branches(
                goal.number, chosen(self._repositories, branch.repository), repository, builds_on=branch.whole
            )
        goal.branches.open()
        return goal.branches

    async def _keep(self, goal: Goal, attempt: str) -> None:
        if not goal.workspace.is_dir():
            return
        try:
            await asyncio.to_thread(self._keep_now, goal, attempt)
        except TROUBLE as error:
            self._log(goal.number, error)

    def _keep_now(self, goal: Goal, attempt: str) -> None:
        with goal.lock:
            ran = tuple(goal.ran)
            try:
                self._open(goal).keep(attempt, ran, self._clock.now())
            except GitFailed as error:  # a killed git may have left a lock, or the repository is damaged
                self._log(goal.number, error)
                self._healed(goal).keep(attempt, ran, self._clock.now())
            self._base(goal)
            goal.ran = dict.fromkeys(one for one in tuple(goal.running) if one != attempt)
            goal.kept_at_s = self._clock.monotonic()

    def _base(self, goal: Goal) -> None:
        """What a goal was given to begin with is the state before it."""
        repository = self._open(goal)
        if repository.tip and not repository.base and (goal.folder / GIVEN).is_file():
            first = repository.changes()[0]
            if not first.ran:
                repository.git.run("update-ref", "refs/heads/base", first.commit)

    def _catch_up(self, goal: Goal, repository: Repository) -> None:
        """Nothing that lies in the folder now is lost by what comes next."""
        if goal.workspace.is_dir() and repository.keep("", tuple(goal.ran), self._clock.now()):
            goal.ran = dict(goal.running)

    # ----------------------------------------------------------------------------------------------------- readings

    def has_changes(self, goal_number: int) -> bool:
        git = Git(self._root / str(goal_number))
        return self._installed and git.tip() not in ("", git.tip("base"))

    async def changes(self, goal_number: int) -> list[Change]:
        return await self._reading(goal_number, lambda goal, repository: repository.changes())

    async def difference(self, goal_number: int, task_ref: str | None = None, *, whole: bool = False) -> Difference:
        return await self._reading(
            goal_number, lambda goal, repository: difference(repository, goal.number, task_ref, whole=whole)
        )

    async def undoing(self, goal_number: int, task_ref: str | None = None, *, state: str | None = None) -> Undoing:
        def look(goal: Goal, repository: Repository) -> Undoing:
            self._catch_up(goal, repository)
            to = state_before(repository, goal_number, task_ref) if state is None else named_state(repository, state)
            files = tuple(files_between(repository.git, repository.tip, to))
            lost, masked = would_be_lost(repository, to), come_back_masked(repository, files)
            return Undoing(now=repository.tip, to=to, files=files, lost=lost, masked=masked)

        return await self._reading(goal_number, look)

    async def undo(self, goal_number: int, asked: Undoing, command_id: str) -> bool:
        def act(goal: Goal, repository: Repository) -> bool:
            if any(command_id == change.command for change in repository.changes()):
                return True
            self._catch_up(goal, repository)
            if repository.tip != asked.now:
                return False
            failed = go_back(repository, asked.to)
            repository.keep("", (), self._clock.now(), undid=asked.now, command_id=command_id)
            if goal.branches is not None:
                goal.branches.kept()
            if failed:
                raise NoHistory(f"Everything is as it was but for {', '.join(failed)}.")
            return True

        return await self._reading(goal_number, act)

    def archive(self, goal_number: int, target: IO[bytes]) -> Archived:
        """The newest kept state as a .tar.gz. Blocks; needs nothing but the repository. Raises NoHistory."""
        git = Git(self._root / str(goal_number))
        if not self._installed:
            raise NoHistory(MISSING)
        if not (tip := git.tip()):
            raise NoHistory(f"Nothing has changed in the folder of goal {goal_number} yet.")
        repository = Repository(git, self._workspaces / str(goal_number), self._file_bytes_max, tip=tip)
        repository.ignoring = (git.folder / ORIGIN).is_file()
        try:
            return pack(git, goal_number, tip, repository.changes(given=True), self._hide, target)
        except (*TROUBLE, tarfile.TarError) as error:
            self._log(goal_number, error)
            raise NoHistory(UNREADABLE) from error

    async def _reading(self, goal_number: int, look: Callable[[Goal, Repository], _T]) -> _T:
        if not self._installed:
            raise NoHistory(MISSING)
        goal = self._goal(goal_number)
        try:
            return await asyncio.to_thread(self._read, goal, look)
        except TROUBLE as error:
            self._log(goal_number, error)
            raise NoHistory(UNREADABLE) from error

    def _read(self, goal: Goal, look: Callable[[Goal, Repository], _T]) -> _T:
        with goal.lock:
            if not goal.folder.exists() and not goal.workspace.exists():
                raise NoHistory(f"Nothing has changed in the folder of goal {goal.number} yet.")
            return look(goal, self._open(goal))

    # ------------------------------------------------------------------------------------------------- repositories

    def _goal(self, goal_number: int) -> Goal:
        goal = self._goals.get(goal_number)
        if goal is None:
            workspace, folder = (root / str(goal_number) for root in (self._workspaces, self._root))
            goal = self._goals[goal_number] = Goal(goal_number, workspace, folder)
        self._goals.move_to_end(goal_number)
        for number, one in list(self._goals.items())[:-OPEN_MAX]:
            if not one.running and not one.lock.locked():
                del self._goals[number]
        return goal

    def _open(self, goal: Goal) -> Repository:
        """The caller holds the goal's lock."""
        if goal.repository is None:
            goal.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            repository = Repository(Git(goal.folder), goal.workspace, self._file_bytes_max, hide=self._hide)
            repository.open()
            goal.repository = repository
            if (origin := goal.folder / ORIGIN).is_file():
                repository.ignoring = True
                where = Path(origin.read_text(encoding="utf-8", errors="surrogateescape"))
                goal.branches = Branches(goal.number, where, repository)
                goal.branches.open()
        return goal.repository

    def _healed(self, goal: Goal) -> Repository:
        """Opened once more, its locks removed; what is damaged is put aside for whoever wants to look at it."""
        goal.repository = goal.branches = None
        try:
            repository = self._open(goal)
            if repository.tip:
                repository.git.run("rev-list", "--objects", "--quiet", repository.tip)
        except GitFailed:
            aside = goal.folder.with_suffix(".damaged")
            shutil.rmtree(aside, ignore_errors=True)
            goal.folder.rename(aside)
            goal.repository = None
            repository = self._open(goal)
        return repository
