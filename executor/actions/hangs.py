"""Whether a command hangs for certain: it was stopped and everything else only waits for it, or it reads a terminal
where nobody is. A command that is merely silent or slow never counts: that is for its time limit to say. Linux only;
where the kernel tells nothing, nothing hangs.
"""

import platform
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import psutil

LOOK_S = 5.0  # between two looks; what hangs in two of them, without a moment of processor time between, is ended


class Hang(StrEnum):
    STOPPED = "stopped"
    TERMINAL = "terminal"


_CALLS = {"x86_64": ("0", ("61", "247")), "aarch64": ("63", ("260", "95"))}
_READ, _WAITS = _CALLS.get(platform.machine(), ("", ()))
"""The numbers of the system calls read, and wait4 and waitid."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One look at a process tree. `cpu_s` is of all of it."""

    hang: Hang | None
    cpu_s: float


def look(pid: int) -> Sight:
    """The tree below this process, itself included."""
    stopped, waiting, reading, busy, cpu_s = 0, 0, 0, 0, 0.0
    for process in _tree(pid):
        with suppress(psutil.Error, OSError):
            used = process.cpu_times()
            cpu_s += used.user + used.system
            status = process.status()
            if status == psutil.STATUS_ZOMBIE:
                continue
            call = _call(process.pid) if status == psutil.STATUS_SLEEPING else []
            stopped += status == psutil.STATUS_STOPPED
            waiting += bool(call) and call[0] in _WAITS
            reading += bool(call) and call[0] == _READ and _is_terminal(process.pid, call[1])
            busy += 1
    if stopped and stopped + waiting == busy:
        return Sight(Hang.STOPPED, cpu_s)
    return Sight(Hang.TERMINAL if reading else None, cpu_s)


def hangs(before: Sight | None, now: Sight) -> Hang | None:
    """What hung in both looks, and did nothing between them."""
    same = before is not None and before.hang is now.hang and before.cpu_s == now.cpu_s
    return now.hang if same else None


def _tree(pid: int) -> list[psutil.Process]:
    try:
        leader = psutil.Process(pid)
        return [leader, *leader.children(recursive=True)]
    except psutil.Error:
        return []


def _call(pid: int) -> list[str]:
    """The system call that it sleeps in, and its arguments; empty where the kernel does not say."""
    try:
        return Path(f"/proc/{pid}/syscall").read_text().split()
    except OSError:
        return []


def _is_terminal(pid: int, descriptor: str) -> bool:
    target = str(Path(f"/proc/{pid}/fd/{int(descriptor, 16)}").readlink())
    return target == "/dev/tty" or target.startswith(("/dev/pts/", "/dev/tty"))
