"""The Handover port: files of one goal's folder copied into that of another.

They are read and written folder by folder, each opened without following a link. A file is written under a name of its
own in Milepost's corner of the receiving folder and moved to its place when it is whole, so a kill leaves no part of
one, and the next time takes the same name again.
"""

import asyncio
import os
import shutil
import stat
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from executor.actions.history.committing import readable
from executor.actions.history.opening import give, holding
from executor.actions.history.scan import Found, TooMany, scan
from executor.actions.launcher import OWN_FOLDER
from executor.ports.handover import HandedOver

LEFT_SHOWN = 10
_UNDER_WAY = f"{OWN_FOLDER}/handed-over".encode()
_PLAINLY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_FRESH = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class FolderHandover:
    """`folder` says where a goal's is."""

    def __init__(self, folder: Callable[[int], Path]) -> None:
        self._folder = folder

    async def hand_over(self, goal_number: int, target: Path, name: str) -> HandedOver:
        given_up = threading.Event()
        try:
            return await asyncio.to_thread(copy, self._folder(goal_number), target, name, given_up.is_set)
        finally:
            given_up.set()  # a thread can't be cancelled: it ends before its next file


def copy(source: Path, target: Path, name: str, given_up: Callable[[], bool]) -> HandedOver:
    """See the port."""
    try:
        found = scan(source, 0, sys.maxsize)
    except TooMany as error:
        raise OSError(f"it has {error}") from None
    left = {readable(path): reason for path, reason in found.left_out.items()}
    count = 0
    for path, one in sorted(found.files.items()):
        if given_up():
            break
        try:
            _copy_one(source, path, one, target, os.fsencode(name) + b"/" + path)
            count += 1
        except FileNotFoundError:  # gone since the look
            left[readable(path)] = "it is gone"
    shown = [f"{path} ({reason})" for path, reason in sorted(left.items())]
    return HandedOver(folder=name, files=count, left=tuple(shown[:LEFT_SHOWN]))


def _copy_one(source: Path, path: bytes, one: Found, target: Path, to: bytes) -> None:
    with (
        holding(source, path) as (there, name),
        holding(target, _UNDER_WAY, make=True) as (here, under_way),
        holding(target, to, make=True) as (folder, new),
    ):
        with suppress(FileNotFoundError):
            os.unlink(under_way, dir_fd=here)
        if one.mode == b"120000":
            os.symlink(os.readlink(name, dir_fd=there), under_way, dir_fd=here)
        else:
            _copy_content(there, name, here, under_way, 0o755 if one.mode == b"100755" else 0o644)
        give(under_way, here)
        os.rename(under_way, new, src_dir_fd=here, dst_dir_fd=folder)


def _copy_content(there: int, name: bytes, here: int, under_way: bytes, mode: int) -> None:
    """Raises FileNotFoundError where it is no ordinary file any more."""
    with os.fdopen(os.open(name, _PLAINLY, dir_fd=there), "rb") as reading:
        status = os.fstat(reading.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            raise FileNotFoundError
        with os.fdopen(os.open(under_way, _FRESH, mode, dir_fd=here), "wb") as writing:
            shutil.copyfileobj(reading, writing, 1 << 20)
            os.fchmod(writing.fileno(), mode)
