"""What changed in a goal's folder, as its history tells it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One kept state of the folder. `attempt` is the one that had just ended (``12.3#1``), "" where none had: then it
    was changed between two attempts, or by undoing (of the state `undid`, by that `command`). `ran` are all
    attempts that ran since the state before: what changed may be the work of any of them. `left_out` names files whose
    content is not kept, each with the reason; `masked` those that are kept without the secrets in them."""

    commit: str
    attempt: str
    ran: tuple[str, ...]
    at: datetime
    left_out: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    undid: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """`added` and `removed` count lines; None for a file that is no text. `path` is as people can read it."""

    path: str
    added: int | None
    removed: int | None
    gone: bool = False
    new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Oldest change first. `patch` is in git's form; `cut`: it is longer, and ends early. `withheld` are files that
    are not in it, since they are no text and hold a secret."""

    changes: tuple[Change, ...]
    files: tuple[FileChange, ...]
    patch: str
    cut: bool = False
    withheld: tuple[str, ...] = ()

    @property
    def others(self) -> tuple[str, ...]:
        """Attempts that ran at the same time as the one that a change is named after."""
        named = {change.attempt for change in self.changes}
        return tuple(dict.fromkeys(ref for change in self.changes for ref in change.ran if ref not in named))


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoing:
    """What going back would do: from the state `now` (a commit) to the state `to`, "" for an empty folder. `lost`
    names files whose present content is in no kept state, and would be gone for good; `masked` those that come back
    with the mask in place of their secrets."""

    now: str
    to: str
    files: tuple[FileChange, ...]
    lost: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """What is not in an archive as it was: files `masked`, with the mask in place of their secrets, and files
    `left_out`, each with the reason."""

    masked: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """An attempt of a goal on an existing repository, as the goal's first line names it. `task_ref` "": it only looks
    at what has been merged (a criterion, a gate). `title` is the task's, for its commit. `by_hand`: a person does it,
    in the task's folder. `part`: the task is a goal of its own on a repository, and its work is what that one did; 0:
    it is not. `whole`: the goal that this one is part of, on whose work it builds; 0: none."""

    repository: str
    task_ref: str
    title: str = ""
    by_hand: bool = False
    part: int = 0
    whole: int = 0
