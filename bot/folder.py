"""The data folder: made when it is missing, private, and held by one process at a time.

The lock is the kernel's (flock) and dies with its process, so there is never a stale one to remove. The pid in the
file is for people only.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from executor.domain.errors import Unconfigured

LOCK = "milepost.lock"


class FolderInUse(Unconfigured):
    """Another Milepost runs on this data folder."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        self.pid = pid
        self.who = f"Milepost is already running on {folder}" + (f" (pid {pid})" if pid else "")
        super().__init__(f"{self.who}. Stop it first, or set data_dir to another folder.")


def prepare(folder: Path) -> None:
    """Make the folder (mode 0700) if it is missing, and see that it can be written. Raises Unconfigured."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError as error:
        raise Unconfigured(
            f"The data folder {folder} can't be written: {error.strerror}. Set data_dir to a folder that you own."
        ) from None


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Prepare the folder and be the only one on it. Raises FolderInUse at once when somebody else is, Unconfigured
    when it can't be used at all."""
    prepare(folder)
    descriptor = _open(folder)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse(folder, _pid(descriptor)) from None
        except OSError as error:
            raise Unconfigured(
                f"The data folder {folder} can't be locked: {error.strerror}. Set data_dir to a local disk."
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)  # frees the lock


def holder(folder: Path) -> FolderInUse | None:
    """Who holds the folder now; None: nobody. Takes nothing and changes nothing."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return FolderInUse(folder, _pid(descriptor))
    finally:
        os.close(descriptor)
    return None


def _open(folder: Path) -> int:
    try:
        return os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)  # not inherited by children
    except OSError as error:
        raise Unconfigured(f"{folder / LOCK} can't be opened: {error.strerror}.") from None


def _pid(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
    return int(text) if text.isdecimal() else None
