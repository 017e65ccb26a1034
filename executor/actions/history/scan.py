"""What lies in a workspace, without following a link and without opening a file.

A file counts as unchanged while its size, its dates and its number are: the time of the last change of status can't be
set by a program. A time that is not older than the look itself says nothing, since the file system's clock is coarse;
such a file is read again next time.
"""

import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

FILES_MAX = 100_000
DEPTH_MAX = 200
LEFT_OUT = frozenset(
    {
        *(".git", ".milepost", ".venv", "venv", ".tox", ".nox", "node_modules", "__pycache__", ".cache", ".npm"),
        *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".gradle", ".cargo", ".rustup"),
    }
)
"""Folders that are never kept: what was installed or cached there is made again, and a nested repository's own store
is not ours to touch. The files of a nested repository are kept like any others."""

Stamp = tuple[int, int, int, int]
"""(size, time of change, time of change of status, number)."""


@dataclass(frozen=True, slots=True)
class Found:
    """`mode` as git writes it; `stamp` None: read it again next time."""

    mode: bytes
    stamp: Stamp | None


@dataclass(slots=True)
class Scan:
    """`files` by their path from the workspace. `left_out`: a reason by path. `masked`: kept without what is secret in
    them."""

    files: dict[bytes, Found] = field(default_factory=dict)
    left_out: dict[bytes, str] = field(default_factory=dict)
    masked: list[bytes] = field(default_factory=list)
    bytes: int = 0


class TooMany(Exception):
    """More than FILES_MAX files."""


def scan(workspace: Path, now_ns: int, file_bytes_max: int, names_left_out: Collection[str] = LEFT_OUT) -> Scan:
    """`now_ns` is the file system's own time before the look. Raises OSError where the workspace itself can't be read,
    and TooMany."""
    found, skip = Scan(), {os.fsencode(name).lower() for name in names_left_out}
    root = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _look(root, b"", found, skip, now_ns, file_bytes_max, 0)
    finally:
        os.close(root)
    return found


def _look(
    folder: int, path: bytes, found: Scan, skip: Collection[bytes], now_ns: int, file_bytes_max: int, depth: int
) -> None:
    inner: list[bytes] = []
    for name, status in _entries(folder):
        here, kind = path + name, stat.S_IFMT(status.st_mode)
        if kind == stat.S_IFDIR:
            if name.lower() not in skip:
                inner.append(name)
        elif (reason := _why_not(status, kind, name, file_bytes_max)) is not None:
            if reason:
                found.left_out[here] = reason
        else:
            found.files[here] = Found(_mode(status), _stamp(status, now_ns))
            found.bytes += status.st_size
            if len(found.files) > FILES_MAX:
                raise TooMany(f"more than {FILES_MAX:,} files")
    for name in inner:
        here = path + name
        try:
            below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        except OSError as error:  # gone meanwhile, or not ours to read
            found.left_out[here] = str(error.strerror)
            continue
        try:
            if depth < DEPTH_MAX:
                _look(below, here + b"/", found, skip, now_ns, file_bytes_max, depth + 1)
            else:
                found.left_out[here] = "too deep"
        finally:
            os.close(below)


def _entries(folder: int) -> Iterator[tuple[bytes, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                yield os.fsencode(entry.name), entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue


def _why_not(status: os.stat_result, kind: int, name: bytes, file_bytes_max: int) -> str | None:
    """None: it is kept. "": it is left out without a word."""
    if kind == stat.S_IFLNK:
        return None
    if kind != stat.S_IFREG or name.lower() == b".git":  # a pipe, a socket; the link file of a nested repository
        return ""
    if status.st_nlink > 1:
        return "hard-linked"
    if status.st_size > file_bytes_max:
        return size_words(status.st_size)
    return None


def size_words(size: int) -> str:
    """``3.2 GB``"""
    for unit, bytes_ in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= bytes_:
            return f"{size / bytes_:.1f} {unit}"
    return f"{size} bytes"


def _mode(status: os.stat_result) -> bytes:
    if stat.S_ISLNK(status.st_mode):
        return b"120000"
    return b"100755" if status.st_mode & 0o100 else b"100644"


def _stamp(status: os.stat_result, now_ns: int) -> Stamp | None:
    if status.st_ctime_ns >= now_ns:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
