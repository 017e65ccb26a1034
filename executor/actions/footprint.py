"""How much memory a command takes while it runs: looks at its process tree, ever less often.

The kernel's own figure (``ru_maxrss``) starts at ours for each child, so it says nothing about commands that stay
below; and it knows the largest process, not the tree. Each look sums what the tree holds then; in between, the kernel
keeps each process's own highest.
"""

import asyncio
from pathlib import Path

FIRST_S = 0.02
LONGEST_S = 2.0
MEMBERS_MAX = 200
_KB = 1024


class Footprint:
    """Of the process `leader` and its descendants, from `start` to `stop`. `peak_mb` None: never seen alive, or a
    kernel without /proc."""

    def __init__(self, leader: int) -> None:
        self._leader = leader
        self._peak_kb = 0
        self._pause_s = FIRST_S
        self._timer: asyncio.TimerHandle | None = None

    @property
    def peak_mb(self) -> float | None:
        return round(self._peak_kb / _KB, 1) if self._peak_kb else None

    def start(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._pause_s, self._look)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        sizes = [_sizes_kb(pid) for pid in _tree(self._leader)]
        if sizes:
            self._peak_kb = max(self._peak_kb, sum(now for now, _ in sizes), *(highest for _, highest in sizes))
        self._pause_s = min(self._pause_s * 1.5, LONGEST_S)
        self.start()


def _tree(leader: int) -> list[int]:
    found: list[int] = []
    ahead = [leader]
    while ahead and len(found) < MEMBERS_MAX:
        pid = ahead.pop()
        found.append(pid)
        ahead += _children(pid)
    return found


def _children(pid: int) -> list[int]:
    """Of all its threads; none where it is gone, or the kernel does not say."""
    try:
        return [int(one) for task in Path(f"/proc/{pid}/task").iterdir() for one in _words(task / "children")]
    except OSError:
        return []


def _words(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="ascii", errors="replace").split()
    except OSError:
        return []


def _sizes_kb(pid: int) -> tuple[int, int]:
    """What the process holds now and held at most, since its program began; zeros where it is gone."""
    words = _words(Path(f"/proc/{pid}/status"))
    found = {name: int(words[words.index(name) + 1]) if name in words else 0 for name in ("VmRSS:", "VmHWM:")}
    return found["VmRSS:"], found["VmHWM:"]
