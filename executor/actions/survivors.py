"""Ending what a command left behind, and never a stranger's process.

Every child carries two marks in its environment: which attempt it belongs to, and in which workspace. A process that
left its group by setsid is found by them. One that left its group *and* cleared its environment is out of reach of a
plain launcher; that takes a PID namespace.
"""

import asyncio
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ATTEMPT = "MILEPOST_ATTEMPT"
WORKSPACE = "MILEPOST_WORKSPACE"
NUL = "\0"

ROUNDS_MAX = 50  # a process that forks while it is being ended needs several looks
GONE_WITHIN_S = 2.0
UNDECIDED_S = 0.3  # for processes that show no environment: longer than any exec, short where one really has none
START_TOLERANCE_S = 2.0  # the kernel's boot time in whole seconds, moved by small corrections of the clock


@dataclass(frozen=True, slots=True)
class Mark:
    """`attempt` is ``<task_ref>#<number>``, None for every one; `below` the workspace, or the folder that holds all of
    them."""

    attempt: str | None
    below: Path

    def fits(self, environment: bytes) -> bool:
        """`environment` as the kernel shows it: ``name=value``, each ended by a NUL."""
        pairs = dict(pair.partition("=")[::2] for pair in os.fsdecode(environment).split("\0"))
        below = Path(pairs.get(WORKSPACE, "")).is_relative_to(self.below)
        return below and self.attempt in (None, pairs.get(ATTEMPT))


def end_marked(mark: Mark, since: float) -> int:
    """Kill every process that carries the mark; how many. `since` is when the first of them can have started, in
    seconds since the epoch. Blocks for milliseconds, at worst GONE_WITHIN_S."""
    return _end_all(mark, None, since)


async def end_survivors(pid: int | None, pid_started: float | None, marker: str, below: Path) -> int:
    """Kill what an attempt of a dead process left: the group that `pid` led, if its start time (seconds since the
    epoch) shows that it is the same process or a marked process is in it, and every marked stray; how many."""
    mark = Mark(marker, below)
    return await asyncio.to_thread(_end_leftovers, pid, pid_started, mark)


def end_every_attempt(recorded: Iterable[tuple[int | None, float | None, str]], below: Path) -> int:
    """Kill what every attempt in the folders under `below` runs, by the (pid, its start time, marker) that is recorded
    of each, then by the mark alone; how many. Called from any process; a stranger's is never touched."""
    ended = sum(_end_leftovers(pid, started, Mark(marker, below)) for pid, started, marker in recorded)
    return ended + _end_all(Mark(None, below), None, None)


def _end_leftovers(pid: int | None, pid_started: float | None, mark: Mark) -> int:
    group = pid if _is_same(pid, pid_started) or _in_group(pid, mark) else None
    return _end_all(mark, group, pid_started)


def _is_same(pid: int | None, pid_started: float | None) -> bool:
    if pid is None or pid_started is None:
        return False
    try:
        return abs(psutil.Process(pid).create_time() - pid_started) <= START_TOLERANCE_S
    except psutil.Error:
        return False


def _in_group(pid: int | None, mark: Mark) -> bool:
    """The leader may be gone while its group lives on; its number can't be given away until the group is empty."""
    return pid is not None and any(_group_of(process.pid) == pid for process in _look(mark, None).marked)


def _end_all(mark: Mark, group: int | None, since: float | None) -> int:
    ended: set[int] = set()
    began = time.monotonic()
    for _ in range(ROUNDS_MAX):
        look = _look(mark, since)
        found = [process for process in (*look.marked, *_members(group)) if _living(process)]
        passed = time.monotonic() - began
        if passed > GONE_WITHIN_S or not (found or (look.undecided and passed < UNDECIDED_S)):
            break
        for process in found:
            ended.add(process.pid)
            _kill(process)
        time.sleep(0.005)  # SIGKILL takes effect soon, not at once
    return len(ended)


@dataclass(slots=True)
class _Look:
    """One pass over all processes. `undecided`: something may have slipped through it. A process that replaces its
    program shows no environment for a moment, and one that ended during the pass may have had a child."""

    marked: list[psutil.Process] = field(default_factory=list)
    undecided: bool = False


def _look(mark: Mark, since: float | None) -> _Look:
    look = _Look()
    needle = f"{ATTEMPT}={'' if mark.attempt is None else mark.attempt + NUL}".encode()
    for pid in psutil.pids():
        try:
            shown = Path(f"/proc/{pid}/environ").read_bytes()
            if needle in shown and mark.fits(shown) and pid != os.getpid():
                look.marked.append(psutil.Process(pid))  # from here on the handle stays with this very process
            elif not shown and since is not None and _is_young(pid, since):
                look.undecided = True
        except PermissionError:  # somebody else's
            continue
        except ProcessLookupError:  # without memory: a thread of the kernel, or on its way out
            look.undecided |= since is not None and _may_be_young(pid, since)
        except (OSError, psutil.Error):
            look.undecided = True
    return look


def _is_young(pid: int, since: float) -> bool:
    """A living process of a program, so no thread of the kernel, that started after `since`."""
    process = psutil.Process(pid)
    return process.create_time() >= since - START_TOLERANCE_S and _living(process) and bool(process.exe())


def _may_be_young(pid: int, since: float) -> bool:
    try:
        return _is_young(pid, since)
    except psutil.Error:
        return True


def _members(group: int | None) -> list[psutil.Process]:
    if group is None or group == os.getpgrp():
        return []
    members = []
    for pid in psutil.pids():
        if _group_of(pid) == group:
            try:
                members.append(psutil.Process(pid))
            except psutil.Error:
                continue
    return members


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except OSError:
        return None


def _living(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _kill(process: psutil.Process) -> None:
    """psutil looks again whether the number still belongs to the process that we saw."""
    try:
        process.kill()
    except psutil.Error:
        return


def signal_group(leader: int, number: signal.Signals) -> None:
    """To the whole group of a child that has not been reaped yet, so its number can't be a stranger's."""
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):  # empty, or only zombies (macOS says EPERM)
        return
