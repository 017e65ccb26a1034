"""What a command takes while it runs, all of its processes together: looked at ever less often, and at least four
times a second.

The kernel limits single processes (RLIMIT_DATA), and its figure of what they held (``ru_maxrss``) starts at ours for
each child. So the tree is summed here, and what takes more than it may is told at once. First the cheap sum of what
each process holds, alone or not; where that is too much, the exact one, in which what several share counts once. Files
that exist in memory only count as well; /dev/shm has a size of its own. What even this does not see (a segment of
System V that nobody is attached to) is left to the kernel, which ends commands first when memory runs out (Bounds).
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from executor.actions.bounds import Bounds

FIRST_S = 0.02
LONGEST_S = 0.25
SPARING = 10  # a look is followed by a pause of so many times as long as it took
MEMBERS_MAX = 1_000
_KB = 1024
_NAMELESS = "/memfd:"
_HAS_ROLLUPS = Path("/proc/self/smaps_rollup").exists()
"""Since Linux 4.14; not every kernel is built with it."""


@dataclass(frozen=True, slots=True)
class Excess:
    """`what` it had too much of ("memory", "processes"), in a sentence."""

    what: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Sight:
    """One look. `highest_kb` is the most that a single process ever held."""

    held_kb: int = 0
    highest_kb: int = 0
    excess: Excess | None = None


class Footprint:
    """Of the process `leader` and its descendants, from `start` to `stop`. `peak_mb` None: never seen alive, or a
    kernel without /proc. `exceeded` is called once, when it is seen to take more than `bounds` allow."""

    def __init__(
        self, leader: int, bounds: Bounds | None = None, exceeded: Callable[[Excess], None] | None = None
    ) -> None:
        self._leader = leader
        self._bounds = bounds
        self._exceeded = exceeded
        self._peak_kb = 0
        self._pause_s = FIRST_S
        self._files_kb = 0
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False

    @property
    def peak_mb(self) -> float | None:
        return round(self._peak_kb / _KB, 1) if self._peak_kb else None

    def start(self) -> None:
        self._files_kb = _files_kb()
        self._wait()

    def stop(self) -> None:
        """Nothing is told after this: the numbers of its processes may soon be others'."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._pause_s, self._begin)

    def _begin(self) -> None:
        began = perf_counter()
        looking = asyncio.get_running_loop().run_in_executor(None, look, self._leader, self._bounds, self._files_kb)
        looking.add_done_callback(lambda done: self._seen(done, perf_counter() - began))

    def _seen(self, done: "asyncio.Future[Sight]", took_s: float) -> None:
        if self._stopped or done.cancelled():
            return
        seen = done.result()
        self._peak_kb = max(self._peak_kb, seen.held_kb, seen.highest_kb)
        if seen.excess is not None and self._exceeded is not None:
            self._exceeded(seen.excess)
            return
        self._pause_s = max(min(self._pause_s * 1.5, LONGEST_S), took_s * SPARING)
        self._wait()


def look(leader: int, bounds: Bounds | None, files_kb: int = 0) -> Sight:
    """`files_kb`: what files in memory took on this machine before the command began."""
    known = [(pid, _sizes(pid)) for pid in _tree(leader)]
    held = sum(sizes.get("VmRSS:", 0) for _, sizes in known)
    highest = max((sizes.get("VmHWM:", 0) for _, sizes in known), default=0)
    return Sight(held, highest, None if bounds is None else _excess(known, bounds, files_kb))


def _excess(known: Sequence[tuple[int, Mapping[str, int]]], bounds: Bounds, files_kb: int) -> Excess | None:
    count = sum(
        sizes.get("Threads:", 0) for pid, sizes in known[1:]
    )  # the first is the sandbox's, or the command alone
    if count > bounds.processes:
        limit = f"{bounds.processes:,} together are allowed"
        return Excess("processes", f"this command ran {count:,} processes and threads at once; {limit}")
    limit_kb = bounds.memory_mb * _KB
    if sum(map(_own_kb, (sizes for _, sizes in known))) + max(_files_kb() - files_kb, 0) <= limit_kb:
        return None
    exact = [_exact_kb(pid, sizes) for pid, sizes in known]
    files = dict(found for pid, _ in known for found in _memory_files(pid))
    used_kb = sum(alone for alone, _ in exact) + max(sum(shared for _, shared in exact), sum(files.values()))
    if used_kb <= limit_kb:
        return None
    used = f"the processes of this command together used {used_kb // _KB:,} MB"
    return Excess("memory", f"{used}; the limit is {bounds.memory_mb:,} MB (sandbox.memory_mb)")


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
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                found += map(int, (task / "children").read_text(encoding="ascii").split())
    return found


_SIZES = ("VmRSS:", "VmHWM:", "RssAnon:", "RssShmem:", "VmSwap:", "Threads:")


def _sizes(pid: int) -> dict[str, int]:
    """What the kernel says about the process, in KB; empty where it is gone."""
    return _named(Path(f"/proc/{pid}/status"), _SIZES)


def _named(file: Path, names: Sequence[str]) -> dict[str, int]:
    try:
        return _found(file.read_bytes(), names)
    except OSError:
        return {}


def _found(text: bytes, names: Sequence[str]) -> dict[str, int]:
    """By whole lines: a process may give itself a name that looks like one."""
    lines = [line.split() for line in text.decode("ascii", errors="replace").splitlines()]
    return {words[0]: int(words[1]) for words in lines if len(words) > 1 and words[0] in names}


def _own_kb(sizes: Mapping[str, int]) -> int:
    """What is no file's that lies on a disk, shared or not."""
    return sum(sizes.get(name, 0) for name in ("RssAnon:", "RssShmem:", "VmSwap:"))


def _exact_kb(pid: int, sizes: Mapping[str, int]) -> tuple[int, int]:
    """(its part of what is no file's, its part of files in memory). A process that may not be looked into counts in
    full, and one that has ended since no more."""
    rollup = Path(f"/proc/{pid}/smaps_rollup")
    try:
        known = rollup.read_bytes()
    except PermissionError:
        return _own_kb(sizes), 0
    except OSError:
        return (0, 0) if _HAS_ROLLUPS else (_own_kb(sizes), 0)
    parts = _found(known, ("Pss_Anon:", "Pss_Shmem:", "SwapPss:"))
    if known and "Pss_Anon:" not in parts:  # before Linux 5.1
        return _own_kb(sizes), 0
    return parts.get("Pss_Anon:", 0) + parts.get("SwapPss:", 0), parts.get("Pss_Shmem:", 0)


def _files_kb() -> int:
    """What all files that exist in memory only take on this machine."""
    return _named(Path("/proc/meminfo"), ("Shmem:",)).get("Shmem:", 0)


def _memory_files(pid: int) -> Iterator[tuple[tuple[int, int], int]]:
    """(which, its KB) of each that it holds open and that has no name."""
    with suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                if str(descriptor.readlink()).startswith(_NAMELESS):
                    status = descriptor.stat()
                    yield (status.st_dev, status.st_ino), status.st_blocks // 2
