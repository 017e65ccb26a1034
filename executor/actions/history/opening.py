"""The folder that holds a file of a workspace, opened part by part, so that no link leads elsewhere."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def holding(workspace: Path, path: bytes, *, make: bool = False) -> Iterator[tuple[int, bytes]]:
    """(the folder that holds it, its name there). `make`: folders above it that are missing. Raises OSError where a
    part of the way is a link or a file."""
    *parts, name = path.split(b"/")
    folder = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, 0o755, dir_fd=folder)
                    give(part, folder)
            inner = os.open(part, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        yield folder, name
    finally:
        os.close(folder)


def give(name: bytes, folder: int) -> None:
    """To whom the folder belongs: tasks may run as somebody else than this program."""
    if os.geteuid() == 0:
        owner = os.fstat(folder)
        os.chown(name, owner.st_uid, owner.st_gid, dir_fd=folder, follow_symlinks=False)
