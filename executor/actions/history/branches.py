"""A goal on an existing repository: a worktree and a branch for each running task, merged into the goal's branch.

The goal's branch (``main`` of its own repository here, ``milepost/goal-12`` in the person's) begins at the commit that
was checked out there. A task's folder is a small clone of it, so that commands find a repository; that clone's own .git
belongs to the commands, and nothing here ever looks at it again. What the task did is read from its files.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from executor.actions.history.committing import readable
from executor.actions.history.git import ATTRIBUTES, Git
from executor.actions.history.origin import bring, bring_all, deliver
from executor.actions.history.repository import Repository
from executor.actions.history.restoring import go_back, take_away
from executor.actions.history.settling import Settling, merged
from executor.actions.removing import remove
from executor.domain.change import Branch
from executor.ports.history import NoHistory

LOST_SHOWN = 10
_LOCKS = ("index", "HEAD", "config", "packed-refs", "shallow")
SHOWN = "shown"
"""The branch that says which state the goal's folder has."""
BROUGHT = "brought"
"""The branch that stands at the commit that came from the person's repository."""
ORIGIN = "origin"
"""The file that says where the goal's repository comes from."""


@dataclass(slots=True)
class Branches:
    """Of one goal. `whole` is its repository with the goal's folder, in which everything that was merged lies. The
    caller lets in one thread at a time."""

    number: int
    origin: Path
    whole: Repository
    builds_on: int = 0  # the goal whose branch it begins with, where that one is on the same repository
    tasks: dict[str, Repository] = field(default_factory=dict)

    def open(self) -> None:
        """The goal's branch, from the person's repository the first time. Raises NoHistory."""
        git = self.whole.git
        if not git.tip("base"):
            commit = bring(self.origin, git)
            git.run("update-ref", f"refs/heads/{BROUGHT}", commit)
            first = self._newest_of(self.builds_on) if self.builds_on else ""
            git.run("update-ref", "refs/heads/main", first or commit)
            git.run("update-ref", "refs/heads/base", first or commit)
            (git.folder / ORIGIN).write_text(str(self.origin), encoding="utf-8", errors="surrogateescape")
        there = self.whole.workspace.is_dir()
        if not there or git.tip(SHOWN) != git.tip():  # the first time, or a crash came between
            self.whole.workspace.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.whole.know(git.tip(SHOWN) if there else "")
            self._show(git.tip())

    def kept(self) -> None:
        """The goal's folder was changed and kept: its branch goes with it."""
        git = self.whole.git
        git.run("update-ref", f"refs/heads/{SHOWN}", git.tip())
        self._deliver()

    def _deliver(self) -> None:
        """Their repository has everything up to the commit that was brought from it."""
        git = self.whole.git
        deliver(git, self.origin, self.number, git.tip(BROUGHT) or git.tip("base"))

    def folder(self, branch: Branch) -> Path:
        """The task's own worktree, made where there is none; one of an earlier attempt goes on. A person who takes over
        a task that could not be merged finds both sides in it."""
        repository, settling = self._task(branch.task_ref), Settling(self.whole.git, branch.task_ref)
        if settling.names and not branch.by_hand:  # handed back
            self._end(repository)
            settling.forget()
            repository = self._task(branch.task_ref)
        if not repository.workspace.is_dir() or not repository.tip or settling.under_way:
            wanted = settling.begin() if branch.by_hand else None
            self._make(repository, self._work_of(branch.part) if branch.part and wanted is None else "")
            if wanted is not None:
                settling.write(repository, wanted[0])
        elif not branch.by_hand:
            _unlock(repository.workspace)
        return repository.workspace

    def to_settle(self, branch: Branch) -> tuple[str, ...]:
        """The files that had conflict marks when the person's work on the task began."""
        return _readable(Settling(self.whole.git, branch.task_ref).names)

    def keep(self, branch: Branch, attempt: str, at: datetime) -> None:
        """What the attempt changed, as a commit on its task's branch. Raises NoHistory for conflict marks."""
        repository = self._task(branch.task_ref)
        if branch.by_hand:
            Settling(self.whole.git, branch.task_ref).check(repository)
        if repository.workspace.is_dir() and repository.tip:
            title = f"{branch.title} ({branch.task_ref})"
            repository.keep(attempt, (attempt,), at, title=title)

    def merge(self, branch: Branch, attempt: str, at: datetime) -> tuple[str, ...]:
        """Into the goal's branch; the task's folder goes. The files that conflict: then its commits stay on a branch of
        their own, and the next attempt begins on what was merged meanwhile."""
        repository, git = self._task(branch.task_ref), self.whole.git
        settling = Settling(git, branch.task_ref)
        if not repository.tip:
            return ()
        _nothing_lost(branch, repository)
        conflicts: tuple[str, ...] = ()
        if git.run("merge-base", "--is-ancestor", repository.tip, git.tip(), codes=(0, 1), said=True) != b"0":
            tree, conflicts = merged(git, git.tip(), repository.tip)
            if conflicts:
                settling.remember(attempt, repository.tip)
            else:
                self._commit(tree, branch, attempt, repository.tip, at)
        self._end(repository)
        if conflicts:
            settling.forget()
            return _readable(conflicts)
        settling.settled()
        if git.tip() != git.tip("base"):
            self._deliver()
        return conflicts

    def _commit(self, tree: str, branch: Branch, attempt: str, tip: str, at: datetime) -> None:
        """One that follows what is there needs no merge of its own."""
        git, now = self.whole.git, self.whole.git.tip()
        if git.run("merge-base", now, tip).decode("ascii").strip() == now:
            commit = tip
        else:
            message = f"Merge {branch.title} ({branch.task_ref})\n\nAttempt: {attempt}\nRan: {attempt}\n"
            date = f"@{int(at.timestamp())} +0000"
            made = git.run(
                *("commit-tree", tree, "-p", now, "-p", tip),
                stdin=message.encode("utf-8", "replace"),
                more={"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date},
            )
            commit = made.decode("ascii").strip()
        git.run("update-ref", "refs/heads/main", commit, now)
        self._show(commit)

    def _show(self, commit: str) -> None:
        """The goal's folder as this state has it."""
        failed = go_back(self.whole, commit)
        self.whole.know(commit)
        self.whole.git.run("update-ref", f"refs/heads/{SHOWN}", commit)
        if failed:
            raise NoHistory(f"The goal's folder can't be brought up to date: {', '.join(failed)}.")

    def _task(self, ref: str) -> Repository:
        if ref not in self.tasks:
            place = self.whole.workspace.with_name(ref)
            repository = Repository(
                self.whole.git,
                place,
                self.whole.file_bytes_max,
                branch=f"task-{ref}",
                ignoring=True,
                hide=self.whole.hide,
            )
            repository.know(self.whole.git.tip(repository.branch))
            self.tasks[ref] = repository
        return self.tasks[ref]

    def _work_of(self, part: int) -> str:
        """The newest commit of a goal that is part of this one; "" where it is on another repository, or did
        nothing."""
        theirs = Git(self.whole.git.folder.with_name(str(part)))
        return "" if theirs.tip() == theirs.tip("base") else self._newest_of(part)

    def _newest_of(self, goal_number: int) -> str:
        """The newest commit of another goal, with all that led to it; "" where it is on another repository."""
        theirs = Git(self.whole.git.folder.with_name(str(goal_number)))
        try:
            same = (theirs.folder / ORIGIN).read_text(encoding="utf-8", errors="surrogateescape") == str(self.origin)
        except FileNotFoundError:
            return ""
        if not same or not theirs.tip():
            return ""
        bring_all(theirs, self.whole.git, theirs.tip())
        return theirs.tip()

    def _make(self, repository: Repository, commit: str = "") -> None:
        """Nobody else has been in this folder yet, so git may write it: what it needs comes from our repository.
        `commit`: what it begins with, if not with the goal's branch."""
        git, folder = self.whole.git, repository.workspace
        git.run("update-ref", f"refs/heads/{repository.branch}", commit or git.tip())
        with suppress(FileNotFoundError):
            remove(folder)
        folder.mkdir(mode=0o700, parents=True)
        inner = folder / ".git"
        inside = {"GIT_DIR": str(inner), "GIT_WORK_TREE": str(folder), "GIT_ALLOW_PROTOCOL": "file"}
        git.run("init", "--quiet", "--template=", f"--initial-branch={repository.branch}", more=inside, where=folder)
        (inner / "info").mkdir(exist_ok=True)
        (inner / "info" / "attributes").write_text(ATTRIBUTES, encoding="ascii")
        source, ref = git.folder.as_uri(), f"refs/heads/{repository.branch}"
        plainly = ("--quiet", "--depth=1", "--update-head-ok", "--no-recurse-submodules")
        git.run("fetch", *plainly, source, f"{ref}:{ref}", more=inside, where=folder)
        git.run("read-tree", "-m", "-u", "HEAD", more=inside, where=folder)
        _hand_over(folder, self.whole.workspace)
        repository.know(git.tip(repository.branch))

    def _end(self, repository: Repository) -> None:
        """Its folder and its branch go; what was merged is in the goal's branch."""
        self.whole.git.run("update-ref", "-d", f"refs/heads/{repository.branch}")
        with suppress(OSError):  # whoever needs its place, or ends the goal, tries again
            remove(repository.workspace)
        self.tasks.pop(repository.branch.removeprefix("task-"), None)


def _readable(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(readable(os.fsencode(name)) for name in names)


def _unlock(workspace: Path) -> None:
    """What a git that was killed with an earlier attempt left in the way of the next one's."""
    for name in _LOCKS:
        with suppress(OSError):
            take_away(workspace, f".git/{name}.lock".encode())


def _nothing_lost(branch: Branch, repository: Repository) -> None:
    """With its folder would go what its commits don't hold. Raises NoHistory."""
    lost = [f"{readable(path)} ({reason})" for path, reason in repository.left_out.items()]
    if lost:
        raise NoHistory(
            f"{branch.task_ref} left files that can't be merged: {', '.join(lost[:LOST_SHOWN])}. "
            "Let it remove them or name them in .gitignore; workspace.file_mb_max says how large a file may be."
        )


def _hand_over(folder: Path, like: Path) -> None:
    """To whom the goal's folder belongs: tasks may run as somebody else than this program."""
    owner = like.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    for here, folders, files in os.walk(folder):
        for name in (here, *(str(Path(here, one)) for one in (*folders, *files))):
            os.chown(name, owner.st_uid, owner.st_gid, follow_symlinks=False)
