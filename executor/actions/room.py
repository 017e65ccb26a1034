"""The Room port: the disk of the data folder, and a reserve on it.

A full disk must not keep from telling that it is full, nor from storing how the work ended that is under way. So
nothing new begins while there is little room left, and the database keeps free pages in its own file, which nobody else
can take. For what is not in it there is a file that only takes up space, until it is given up.
"""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

RESERVE = "reserve"
LOW_BYTES = 16 * 1024 * 1024
LOW_SHARE = 20
"""Too little is a twentieth of a small disk, and this much of a large one; enough again is twice that."""
RESERVE_SHARE = 8  # of what is too little
DATABASE_BYTES = 1024 * 1024
DATABASE_SHARE = 40
"""Of a small disk; a megabyte takes what a day of messages and results needs."""

Usage = Callable[[Path], tuple[int, int]]


def usage(folder: Path) -> tuple[int, int]:
    """(bytes that may be used, bytes in all) of its disk; no bytes where not one more file may be made."""
    found = os.statvfs(folder)
    more_files = found.f_favail > 0 or found.f_files == 0  # some file systems do not count them
    return found.f_bavail * found.f_frsize if more_files else 0, found.f_blocks * found.f_frsize


class DiskRoom:
    """See the module. A folder that can't be looked at says nothing about its disk."""

    def __init__(self, folder: Path, usage: Usage = usage) -> None:
        self._folder = folder
        self._reserve = folder / RESERVE
        self._usage = usage
        self._full = False  # a write has failed, whatever is said to be free: a quota of this user, for one
        self._short = False
        self._kept = False

    def database_bytes(self) -> int:
        """How much the database shall have in reserve within its own file."""
        return min(DATABASE_BYTES, self._usage(self._folder)[1] // DATABASE_SHARE)

    def short(self) -> str | None:
        try:
            free, total = self._usage(self._folder)
        except OSError:
            return None
        low = min(LOW_BYTES, total // LOW_SHARE)
        enough = 2 * low if self._short else low
        if free >= enough and not (self._full and not self._short) and self._keep(low // RESERVE_SHARE):
            self._full = self._short = False
            return None
        self._short = True
        return f"The disk with {self._folder} is full ({_megabytes(free)} free): nothing new begins until there is room"

    def filled(self) -> None:
        """A write found no room, whatever is said to be free."""
        self._full = True

    def _keep(self, size: int) -> bool:
        """Whether the reserve is there."""
        if self._kept:
            return True
        try:
            descriptor = os.open(self._reserve, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, max(size, 1))
            finally:
                os.close(descriptor)
        except OSError:
            return False
        self._kept = True
        return True

    def give_up(self) -> None:
        """The reserve, until there is room. Not at once: whoever fills the disk would take that as well."""
        self._kept = False
        with contextlib.suppress(OSError):
            self._reserve.unlink(missing_ok=True)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
