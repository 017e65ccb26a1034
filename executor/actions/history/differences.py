"""What lies between two kept states: files, lines, and the whole as a patch."""

import os
from collections.abc import Iterable, Iterator, Sequence

from executor.actions.history.committing import readable
from executor.actions.history.git import Git
from executor.actions.history.repository import EMPTY_TREE, Repository
from executor.domain.change import Change, Difference, FileChange
from executor.ports.history import NoHistory

PATCH_BYTES_MAX = 20_000_000
STATE_CHARACTERS_MIN = 7

_PLAIN = ("--no-renames", "--no-ext-diff", "--no-textconv", "--no-color")


def files_between(git: Git, old: str, new: str) -> list[FileChange]:
    """`old` and `new` are states; "" is an empty folder."""
    kinds = git.run("diff-tree", "-r", "-z", "--name-status", *_PLAIN, old or EMPTY_TREE, new or EMPTY_TREE)
    words = kinds.split(b"\0")[:-1]
    by_path = dict(zip(words[1::2], words[::2], strict=True))
    return [
        FileChange(
            path=readable(path), added=added, removed=removed, gone=by_path[path] == b"D", new=by_path[path] == b"A"
        )
        for path, added, removed in _lines(git, old, new)
    ]


def _lines(git: Git, old: str, new: str) -> Iterator[tuple[bytes, int | None, int | None]]:
    printed = git.run("diff-tree", "-r", "-z", "--numstat", *_PLAIN, old or EMPTY_TREE, new or EMPTY_TREE)
    for line in printed.split(b"\0")[:-1]:
        added, removed, path = line.split(b"\t", 2)
        yield path, _number(added), _number(removed)


def _number(text: bytes) -> int | None:
    return int(text) if text.isdigit() else None


def patch_between(
    git: Git, old: str, new: str, bytes_max: int, *, whole: bool = False, without: Iterable[bytes] = ()
) -> tuple[bytes, bool]:
    """The patch, and whether there is more of it. `whole`: with what is no text, so that it can be applied; `without`
    these files."""
    binary = ("--binary", "--full-index") if whole else ()
    apart = [f":(exclude,literal){os.fsdecode(path)}" for path in without]
    states = (old or EMPTY_TREE, new or EMPTY_TREE)
    return git.head(
        bytes_max, "diff-tree", "-r", "-p", *binary, *_PLAIN, *states, *(("--", ".", *apart) if apart else ())
    )


def withheld(repository: Repository, old: str, new: str) -> list[bytes]:
    """What is no text and holds a secret that was not known yet when it was kept: in a patch nobody could mask it."""
    no_text = {path for path, added, _ in _lines(repository.git, old, new) if added is None}
    if not no_text:
        return []
    raw = repository.git.run("diff-tree", "-r", "-z", *_PLAIN, old or EMPTY_TREE, new or EMPTY_TREE).split(b"\0")[:-1]
    found = list[bytes]()
    for head, path in zip(raw[::2], raw[1::2], strict=True):
        blobs = [blob for blob in head.split(b" ")[2:4] if path in no_text and blob.strip(b"0")]
        if any(repository.hide(one) is None for blob in blobs for _, one in repository.contents({path: blob})):
            found.append(path)
    return found


def named(changes: Sequence[Change], goal_number: int, task_ref: str | None) -> list[Change]:
    """All of them, or those while an attempt of this task (or of a part of it) ran. Raises NoHistory."""
    if not changes:
        raise NoHistory(f"Nothing has changed in the folder of goal {goal_number} yet.")
    found = [change for change in changes if task_ref is None or any(_is_of(one, task_ref) for one in change.ran)]
    if not found:
        raise NoHistory(f"{task_ref} has changed nothing in the folder of goal {goal_number}.")
    return found


def _is_of(attempt: str, task_ref: str) -> bool:
    ref = attempt.partition("#")[0]
    return ref == task_ref or ref.startswith(f"{task_ref}.")


def difference(repository: Repository, goal_number: int, task_ref: str | None, *, whole: bool) -> Difference:
    """One patch where the changes follow each other, else one for each, to be applied in this order."""
    every = repository.changes()
    changes = named(every, goal_number, task_ref)
    spans = list(_spans(repository, every, changes))
    files, patch, cut, secret = [], b"", False, list[str]()
    for old, new in spans:
        files += files_between(repository.git, old, new)
        apart = withheld(repository, old, new) if whole else []
        left = PATCH_BYTES_MAX - len(patch)
        part, cut = patch_between(repository.git, old, new, left, whole=whole, without=apart)
        secret += map(readable, apart)
        patch += part
        if cut:
            break
    text = patch.decode("utf-8", "surrogateescape")
    return Difference(changes=tuple(changes), files=tuple(files), patch=text, cut=cut, withheld=tuple(secret))


def _spans(repository: Repository, every: Sequence[Change], changes: Sequence[Change]) -> Iterator[tuple[str, str]]:
    """(before, after) of each run of changes without another one between."""
    places = [every.index(change) for change in changes]
    first = 0
    for at in range(1, len(places) + 1):
        if at == len(places) or places[at] != places[at - 1] + 1:
            yield repository.parent(every[places[first]].commit), every[places[at - 1]].commit
            first = at


def state_before(repository: Repository, goal_number: int, task_ref: str | None) -> str:
    """Before the goal, or before the first attempt of a task. Raises NoHistory."""
    changes = named(repository.changes(), goal_number, task_ref)
    return repository.parent(changes[0].commit) if task_ref else repository.base


def named_state(repository: Repository, beginning: str) -> str:
    """Raises NoHistory."""
    found = [change.commit for change in repository.changes() if change.commit.startswith(beginning)]
    if len(found) != 1 or len(beginning) < STATE_CHARACTERS_MIN:
        raise NoHistory(f"There is no kept state {beginning}.")
    return found[0]
