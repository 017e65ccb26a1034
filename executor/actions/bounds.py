"""How much a command may take: what the kernel limits for each of its processes, and what is watched over all of them
together (executor.actions.footprint).

Should memory run out all the same, on the machine or in the unit's own limit, the kernel looks for somebody to end:
every command stands before Milepost there.
"""

import os
import re
import resource
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_MB = 1024 * 1024
PROCESSES = 512
FILE_MB = 4_096
SHARED = 8  # times `processes` for all commands of one user, where the kernel counts those of all namespaces
COUNTED_APART_SINCE = (5, 14)  # the kernel that counts a user's processes in each user namespace of its own
LIKELY_VICTIM = 500  # of 1,000, for the kernel's choice
_LETTERS = {"RLIMIT_DATA": ("d", 1024), "RLIMIT_CPU": ("t", 1), "RLIMIT_FSIZE": ("f", 512), "RLIMIT_NPROC": ("up", 1)}
"""What a shell's ulimit calls it (bash and dash differ), and its unit there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """`memory_mb` is what a process may write to (RLIMIT_DATA): a mere reservation of addresses, as Node and Java make
    it, costs nothing. `cpu_s` ends it with SIGXCPU, and a second later for good."""

    memory_mb: int
    cpu_s: float
    file_mb: int = FILE_MB
    processes: int = PROCESSES

    def script(self, *, lasting: bool = False, shared: bool = False) -> str:
        """What a shell does before a command to bind itself and all its children; it ends with 125 where it can't. What
        stays (`lasting`) may take all the processor time of its life. `shared`: the kernel counts all processes of its
        user, those of other commands too, so its limit only keeps a storm in bounds until the watch sees it."""
        processes = self.processes * SHARED if shared else self.processes
        bounds = {**self._of_a_process(), "RLIMIT_NPROC": (processes, processes)}
        if lasting:
            del bounds["RLIMIT_CPU"]
        lines = ["ulimit -c 0 || exit 125"]
        for name, (soft, hard) in _reachable(bounds).items():
            letters, unit = _LETTERS[name]
            lines += [_ulimit("S", letters, soft // unit), _ulimit("H", letters, hard // unit)]
        return "; ".join([*lines, f"echo {LIKELY_VICTIM} >/proc/self/oom_score_adj", ""])

    def put_on(self, pid: int) -> None:
        """Bind a child that has not begun yet. The number of processes stays free: it would count those of the whole
        user. On systems without prlimit nothing is bound."""
        with suppress(OSError):  # it is gone already, or this is no Linux
            Path(f"/proc/{pid}/oom_score_adj").write_text(str(LIKELY_VICTIM), encoding="ascii")
        if not hasattr(resource, "prlimit"):
            return
        for name, both in _reachable(self._of_a_process()).items():
            with suppress(OSError):  # it is gone already
                resource.prlimit(pid, getattr(resource, name), both)

    def _of_a_process(self) -> dict[str, tuple[int, int]]:
        cpu_s = max(1, round(self.cpu_s))
        return {
            "RLIMIT_DATA": (self.memory_mb * _MB, self.memory_mb * _MB),
            "RLIMIT_CPU": (cpu_s, cpu_s + 1),
            "RLIMIT_FSIZE": (self.file_mb * _MB, self.file_mb * _MB),
        }


def _ulimit(kind: str, letters: str, value: int) -> str:
    """The last of several names is the one whose failure counts."""
    *others, last = [f"ulimit -{kind}{letter} {value}" for letter in letters]
    return " || ".join([*(f"{one} 2>/dev/null" for one in others), last, "exit 125"])


def counted_apart() -> bool:
    """Whether this kernel counts processes in each user namespace."""
    return tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= COUNTED_APART_SINCE


def _reachable(bounds: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """None above our own hard limit, which a child could not be given."""
    found = {}
    for name, (soft, hard) in bounds.items():
        if (number := getattr(resource, name, None)) is not None:
            own = resource.getrlimit(number)[1]
            limit = hard if own == resource.RLIM_INFINITY else min(hard, own)
            found[name] = (min(soft, limit), limit)
    return found
