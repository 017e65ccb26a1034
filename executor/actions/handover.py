"""The Handover port: files of one goal's folder copied into that of another.

They are read and written folder by folder, each opened without following a link. A file is written under a name of its
own in Milepost's corner of the receiving folder and moved to its place when it is whole, so a kill leaves no part of
one, and the next time takes the same name again.
"""

import asyncio
import errno
import hashlib
import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from executor.actions.given import Given, digest_of, load, store
from executor.actions.history.committing import readable
from executor.actions.history.opening import give, holding
from executor.actions.history.scan import Found, TooMany, scan
from executor.actions.launcher import OWN_FOLDER
from executor.ports.handover import HandedOver

LEFT_SHOWN = 10
PIECE_BYTES = 1 << 20
_UNDER_WAY = f"{OWN_FOLDER}/handed-over".encode()
_PLAINLY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_ONE_FILES_OWN = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EACCES})
"""Troubles that say nothing about the next file: it is gone since the look, or not ours to read."""
_FRESH = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class FolderHandover:
    """`folder` says where a goal's is, `histories` where what is remembered of it lies."""

    def __init__(self, folder: Callable[[int], Path], histories: Path) -> None:
        self._folder = folder
        self._histories = histories
        self._giving: dict[int, threading.Lock] = {}

    async def give(self, goal_number: int, part: int) -> HandedOver | None:
        given_up = threading.Event()
        try:
            return await asyncio.to_thread(self._give, goal_number, part, given_up.is_set)
        finally:
            given_up.set()

    def _give(self, goal_number: int, part: int, given_up: Callable[[], bool]) -> HandedOver | None:
        history = self._histories / str(part)
        if load(history) is not None:
            return None
        with self._giving.setdefault(part, threading.Lock()):  # its first tasks may begin together
            if load(history) is not None:
                return None
            came = give_all(self._folder(goal_number), self._folder(part), history, given_up)
        self._giving.pop(part, None)
        return came

    async def hand_over(self, goal_number: int, target: Path, name: str) -> HandedOver:
        given_up = threading.Event()
        try:
            given = load(self._histories / str(goal_number)) or Given({})
            return await asyncio.to_thread(copy, self._folder(goal_number), target, name, given_up.is_set, given)
        finally:
            given_up.set()  # a thread can't be cancelled: it ends before its next file


def give_all(source: Path, target: Path, history: Path, given_up: Callable[[], bool]) -> HandedOver | None:
    """See the port. What lies there already stays: after a kill in the middle the rest is added."""
    try:
        found = scan(source, 0, sys.maxsize)
    except TooMany as error:
        store(history, Given({}))
        return HandedOver(folder="", files=0, left=(f"all of them, {error}",))
    left = {readable(path): reason for path, reason in found.left_out.items()}
    came: dict[bytes, tuple[str, str]] = {}
    for path, one in sorted(found.files.items()):
        if given_up():
            return None
        try:
            came[path] = one.mode.decode("ascii"), _copy_one(source, path, one, target, path, replacing=False)
        except OSError as error:
            if error.errno not in _ONE_FILES_OWN:
                raise
            left[readable(path)] = str(error.strerror)
    store(history, Given(came))
    return HandedOver(folder="", files=len(came), left=_shown(left))


def copy(source: Path, target: Path, name: str, given_up: Callable[[], bool], given: Given | None = None) -> HandedOver:
    """See the port. `given`: what it began with."""
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
            if (
                given is not None
                and path in given.files
                and given.unchanged(path, one.mode, _digest(source, path, one))
            ):
                continue
            _copy_one(source, path, one, target, os.fsencode(name) + b"/" + path)
            count += 1
        except FileNotFoundError:  # gone since the look
            left[readable(path)] = "it is gone"
    return HandedOver(folder=name, files=count, left=_shown(left))


def _shown(left: dict[str, str]) -> tuple[str, ...]:
    return tuple([f"{path} ({reason})" for path, reason in sorted(left.items())][:LEFT_SHOWN])


def _copy_one(source: Path, path: bytes, one: Found, target: Path, to: bytes, *, replacing: bool = True) -> str:
    """The digest of what is there now, or was there before where it is not `replacing`."""
    with (
        holding(source, path) as (there, name),
        holding(target, _UNDER_WAY, make=True) as (here, under_way),
        holding(target, to, make=True) as (folder, new),
    ):
        with suppress(FileNotFoundError):
            os.unlink(under_way, dir_fd=here)
        if one.mode == b"120000":
            place = os.readlink(name, dir_fd=there)
            os.symlink(place, under_way, dir_fd=here)
            digest = digest_of(place)
        else:
            digest = _copy_content(there, name, here, under_way, 0o755 if one.mode == b"100755" else 0o644)
        if replacing or not _is_there(folder, new):
            give(under_way, here)
            os.rename(under_way, new, src_dir_fd=here, dst_dir_fd=folder)
        else:
            os.unlink(under_way, dir_fd=here)
        return digest


def _is_there(folder: int, name: bytes) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _copy_content(there: int, name: bytes, here: int, under_way: bytes, mode: int) -> str:
    """Raises FileNotFoundError where it is no ordinary file any more."""
    with _reading(there, name) as reading, os.fdopen(os.open(under_way, _FRESH, mode, dir_fd=here), "wb") as writing:
        digest = hashlib.sha256()
        while piece := os.read(reading, PIECE_BYTES):
            digest.update(piece)
            writing.write(piece)
        os.fchmod(writing.fileno(), mode)
        return digest.hexdigest()


def _digest(source: Path, path: bytes, one: Found) -> str:
    """Raises FileNotFoundError where it is not what it was."""
    with holding(source, path) as (folder, name):
        if one.mode == b"120000":
            return digest_of(os.readlink(name, dir_fd=folder))
        with _reading(folder, name) as file:
            digest = hashlib.sha256()
            while piece := os.read(file, PIECE_BYTES):
                digest.update(piece)
            return digest.hexdigest()


@contextmanager
def _reading(folder: int, name: bytes) -> Iterator[int]:
    file = os.open(name, _PLAINLY, dir_fd=folder)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            raise FileNotFoundError(errno.ENOENT, "it is gone")
        yield file
    finally:
        os.close(file)
