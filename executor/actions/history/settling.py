"""A merge that a person settles by hand: the task's folder with git's marks in the files that conflict."""

import os
from dataclasses import dataclass
from pathlib import Path

from executor.actions.history.committing import readable
from executor.actions.history.git import Git, GitFailed
from executor.actions.history.opening import holding
from executor.actions.history.repository import Repository
from executor.actions.history.restoring import go_back
from executor.ports.history import NoHistory

TOO_OLD = "Merging needs git 2.38 or newer on this machine."
CONFLICT = 1
DOES_NOT_HOLD = "The check does not hold"  # what a person is told who is asked again
MARKS = (b"<<<<<<< ", b">>>>>>> ")
LOOKED_AT_BYTES = 50_000_000


def merged(git: Git, ours: str, theirs: str) -> tuple[str, tuple[str, ...]]:
    """(the merged tree, the files that conflict and have marks in it). Raises NoHistory."""
    try:
        printed = git.run(
            "merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", ours, theirs, codes=(0, CONFLICT)
        )
    except GitFailed as error:
        raise NoHistory(TOO_OLD, detail=str(error)) from error
    tree, *names = printed.decode("utf-8", "surrogateescape").split("\0")
    return tree, tuple(dict.fromkeys(name for name in names if name))


@dataclass(frozen=True, slots=True)
class Settling:
    """Of one task. The files in question stand in a file beside the repository, from before they are written until
    they are merged or given up."""

    git: Git
    task_ref: str

    @property
    def under_way(self) -> bool:
        """A kill may have come before all of it was written."""
        return self._begun.exists()

    @property
    def names(self) -> tuple[str, ...]:
        try:
            text = self._note.read_text(encoding="utf-8", errors="surrogateescape")
        except FileNotFoundError:
            return ()
        return tuple(text.split("\0"))

    def remember(self, attempt: str, tip: str) -> None:
        """What an attempt did, and could not be merged."""
        self.git.run("update-ref", f"refs/heads/{self._prefix}{attempt.rpartition('#')[2]}", tip)

    def begin(self) -> tuple[str, tuple[str, ...]] | None:
        """(what is to be written, its files with marks); None: nothing is to be settled."""
        attempts = self._remembered()
        if not attempts:
            return None
        tree, names = merged(self.git, self.git.tip(), self.git.tip(attempts[-1]))
        self._begun.write_text("\0".join(names), encoding="utf-8", errors="surrogateescape")
        return tree, names

    def write(self, repository: Repository, tree: str) -> None:
        """Into the task's folder, which is as the goal's branch is."""
        if failed := go_back(repository, tree):
            raise NoHistory(f"The folder of {self.task_ref} can't be made ready: {', '.join(failed)}.")
        self._begun.replace(self._note)

    def check(self, repository: Repository) -> None:
        """Raises NoHistory while there are marks."""
        left = [readable(os.fsencode(name)) for name in self.names if _has_marks(repository.workspace, name)]
        if left:
            raise NoHistory(f"{DOES_NOT_HOLD}: there are still conflict marks (<<<<<<<) in {', '.join(left)}.")

    def forget(self) -> None:
        self._begun.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def settled(self) -> None:
        """It was merged: what could not be is wanted no more."""
        self.forget()
        for name in self._remembered():
            self.git.run("update-ref", "-d", f"refs/heads/{name}")

    def _remembered(self) -> list[str]:
        heads = self.git.folder / "refs" / "heads"
        numbers = [path.name.removeprefix(self._prefix) for path in heads.glob(f"{self._prefix}*")]
        return [f"{self._prefix}{number}" for number in sorted(map(int, filter(str.isdecimal, numbers)))]

    @property
    def _prefix(self) -> str:
        return f"conflict-{self.task_ref}-"

    @property
    def _note(self) -> Path:
        return self.git.folder / f"settling-{self.task_ref}"

    @property
    def _begun(self) -> Path:
        return self.git.folder / f"settling-{self.task_ref}.begun"


def _has_marks(workspace: Path, name: str) -> bool:
    """Never through a link; a file that is gone has none."""
    try:
        with holding(workspace, os.fsencode(name)) as (folder, last):
            file = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
            with os.fdopen(file, "rb") as stream:
                lines = stream.read(LOOKED_AT_BYTES).splitlines()
    except OSError:
        return False
    return any(line.startswith(MARKS) for line in lines)
