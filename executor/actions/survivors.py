"""Ending what a command left behind, and never a stranger's process.

Every child carries two marks in its environment: which attempt it belongs to, and in which workspace. A process that
left its group by setsid is found by them. One that left its group *and* cleared its environment is out of reach of a
plain launcher; that takes a PID namespace.
"""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

ATTEMPT = "MILEPOST_ATTEMPT"
WORKSPACE = "MILEPOST_WORKSPACE"

ROUNDS_MAX = 50  # a process that forks while it is being ended needs several looks
GONE_WITHIN_S = 2.0
START_TOLERANCE_S = 2.0  # the kernel's boot time in whole seconds, moved by small corrections of the clock


@dataclass(frozen=True, slots=True)
class Mark:
    """`attempt` is ``<task_ref>#<number>``; `below` the workspace, or the folder that holds all of them."""

    attempt: str
    below: Path

    def fits(self, environment: dict[str, str]) -> bool:
        workspace = environment.get(WORKSPACE, "")
        return environment.get(ATTEMPT) == self.attempt and Path(workspace).is_relative_to(self.below)


def end_marked(mark: Mark) -> int:
    """Kill every process that carries the mark; how many. Blocks for milliseconds, at worst GONE_WITHIN_S."""
    return _end_all(mark, None)


async def end_survivors(pid: int | None, pid_started: float | None, marker: str, below: Path) -> int:
    """Kill what an attempt of a dead process left: the group that `pid` led, if its start time (seconds since the
    epoch) shows that it is the same process or a marked process is in it, and every marked stray; how many."""
    mark = Mark(marker, below)
    return await asyncio.to_thread(_end_leftovers, pid, pid_started, mark)


def _end_leftovers(pid: int | None, pid_started: float | None, mark: Mark) -> int:
    return _end_all(mark, pid if _is_same(pid, pid_started) or _in_group(pid, mark) else None)


def _is_same(pid: int | None, pid_started: float | None) -> bool:
    if pid is None or pid_started is None:
        return False
    try:
        return abs(psutil.Process(pid).create_time() - pid_started) <= START_TOLERANCE_S
    except psutil.Error:
        return False


def _in_group(pid: int | None, mark: Mark) -> bool:
    """The leader may be gone while its group lives on; its number can't be given away until the group is empty."""
    return pid is not None and any(_group_of(process.pid) == pid for process in _marked(mark))


def _end_all(mark: Mark, group: int | None) -> int:
    ended: set[int] = set()
    deadline = time.monotonic() + GONE_WITHIN_S
    for _ in range(ROUNDS_MAX):
        found = [process for process in (*_marked(mark), *_members(group)) if _living(process)]
        if not found or time.monotonic() > deadline:
            break
        for process in found:
            ended.add(process.pid)
            _kill(process)
        time.sleep(0.005)  # SIGKILL takes effect soon, not at once
    return len(ended)


def _marked(mark: Mark) -> list[psutil.Process]:
    return [process for process in _ours(mark) if _fits(process, mark)]


def _ours(mark: Mark) -> Iterator[psutil.Process]:
    """Candidates, cheaply: a raw look into each environment. What counts is the second look, through a handle that
    stays with this very process."""
    needle = f"{ATTEMPT}={mark.attempt}\0".encode()
    for pid in psutil.pids():
        if pid == os.getpid():
            continue
        try:
            if needle in Path(f"/proc/{pid}/environ").read_bytes():
                yield psutil.Process(pid)
        except (OSError, psutil.Error):  # gone, or somebody else's
            continue


def _fits(process: psutil.Process, mark: Mark) -> bool:
    try:
        return mark.fits(process.environ())
    except psutil.Error:
        return False


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
