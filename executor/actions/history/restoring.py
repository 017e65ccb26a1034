"""Going back: the files of a workspace as they were, written and removed by this program, never through a link."""

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from executor.actions.history.committing import readable
from executor.actions.history.opening import give, holding
from executor.actions.history.repository import Repository
from executor.domain.change import FileChange

FAILED_SHOWN = 10


def go_back(repository: Repository, to: str) -> list[str]:
    """Make the folder what it was in the state `to`; "" empties it. Its newest state has been kept. What was never kept
    (installed packages, caches, folders without a file) stays. The paths that could not be put back."""
    wanted = {path: (mode, blob) for path, mode, blob in repository.tree(to) if mode != b"160000"}
    now = {path: (one.mode, one.blob) for path, one in repository.known.items() if one.mode != b"160000"}
    failed: list[str] = []
    for path in now.keys() - wanted.keys():
        with _noting(path, failed):
            take_away(repository.workspace, path)
    for path, content in repository.contents(
        {path: blob for path, (mode, blob) in wanted.items() if now.get(path) != (mode, blob)}
    ):
        with _noting(path, failed):
            put(repository.workspace, path, wanted[path][0], content)
    return failed[:FAILED_SHOWN]


@contextmanager
def _noting(path: bytes, failed: list[str]) -> Iterator[None]:
    try:
        yield
    except OSError:
        failed.append(readable(path))


def would_be_lost(repository: Repository, to: str) -> tuple[str, ...]:
    """Files whose present content is not kept, and which the state `to` has otherwise."""
    wanted = {path: (mode, blob) for path, mode, blob in repository.tree(to)}
    now = {path: (one.mode, one.blob) for path, one in repository.known.items()}
    return tuple(readable(path) for path in repository.left_out if wanted.get(path) != now.get(path))


def come_back_masked(repository: Repository, files: Sequence[FileChange]) -> tuple[str, ...]:
    """Files among these that were kept without their secrets once, and whose secrets nobody has any more."""
    masked = {path for change in repository.changes(given=True) for path in change.masked}
    return tuple(one.path for one in files if one.path in masked and not one.gone)


def put(workspace: Path, path: bytes, mode: bytes, content: bytes) -> None:
    """Replace whatever file or link has this name. Raises OSError."""
    with holding(workspace, path, make=True) as (folder, name):
        temporary = f".{secrets.token_hex(8)}.part".encode("ascii")
        try:
            if mode == b"120000":
                os.symlink(content, temporary, dir_fd=folder)
            else:
                _write(folder, temporary, 0o755 if mode == b"100755" else 0o644, content)
            give(temporary, folder)
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=folder)
            raise


def take_away(workspace: Path, path: bytes) -> None:
    """Remove a file or link, and the folders above it that are empty then. Harmless where there is none."""
    with suppress(FileNotFoundError, NotADirectoryError):
        with holding(workspace, path) as (folder, name):
            os.unlink(name, dir_fd=folder)
        while b"/" in path:
            path = path.rpartition(b"/")[0]
            with holding(workspace, path) as (folder, name):
                try:
                    os.rmdir(name, dir_fd=folder)
                except OSError:  # something else is in it
                    return


def _write(folder: int, name: bytes, mode: int, content: bytes) -> None:
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=folder)
    with os.fdopen(file, "wb") as stream:
        stream.write(content)
