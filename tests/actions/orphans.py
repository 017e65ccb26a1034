"""Kills a Milepost, or what stands between it and a command, and says who is left: a program of its own, run where it
can hurt nobody else. As `child` it is the one that is killed.

What runs is as stubborn as it gets: a daemon, forked twice, in sessions of its own, that ignores every request to end;
and a leader that has closed its output and ignores them too.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from executor.actions.ended import Command
from executor.actions.launcher import Launcher, PlainLauncher
from executor.actions.mcp.child import start_child
from executor.actions.mcp.session import Place
from executor.actions.process import run
from executor.actions.survivors import end_every_attempt, end_survivors
from tests.actions.sandboxed import context_of, folders_of, left, sandbox

STUBBORN = """
trap '' TERM HUP INT PIPE
(setsid sh -c '
    trap "" TERM HUP INT PIPE; exec >/dev/null 2>&1 </dev/null
    (setsid sh -c "trap \\"\\" TERM HUP INT PIPE; touch ready; while :; do sleep 1; done" &)
    while :; do sleep 1; done' &)
exec >&- 2>&- </dev/null
while :; do sleep 1; done
"""
GONE_S_MAX = 60.0  # only a failure takes so long


@dataclass(frozen=True)
class Case:
    """`what` runs ("command", "server"), how (`mode`), and whom the signal hits ("milepost", "bwrap", "init")."""

    what: str
    mode: str
    killed: str


def launcher_of(case: Case, place: Path) -> Launcher:
    return PlainLauncher() if case.mode == "none" else sandbox(place)


async def child(case: Case, place: Path) -> None:
    """Prints the pid that it has started, at once, and how it ended."""
    launcher = launcher_of(case, place)

    async def started(pid: int, pid_started: float, command: str) -> None:
        print(json.dumps([pid, pid_started]), flush=True)

    if case.what == "server":
        server = await start_child(
            Place(name="stubborn", command=("sh", "-c", STUBBORN)), place / "data" / "servers" / "stubborn", launcher
        )
        await started(server._process.pid, server._started, "")
        await asyncio.get_running_loop().create_future()
    command = Command(arguments=["sh", "-c", STUBBORN], shown="stubborn", timeout_s=600)
    ended = await run(command, context_of(folders_of(place).folder(1), started, 600), launcher)
    print(json.dumps([ended.problem]), flush=True)


def report(case: Case, place: Path) -> dict[str, Any]:
    words = [sys.executable, "-m", "tests.actions.orphans", str(place), "child", *vars(case).values()]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as milepost:
        assert milepost.stdout is not None
        pid, pid_started = json.loads(milepost.stdout.readline())
        until(lambda: any(place.rglob("ready")))
        running = len(left())
        os.kill(target(case, milepost.pid, pid), signal.SIGKILL)
        ended = milepost.stdout.readline()  # the last word of one that was not hit
    hunted = 0
    if case.mode == "none":
        hunted = asyncio.run(hunt(case, place, pid, pid_started))
    until(lambda: not left())
    for ready in place.rglob("ready"):
        ready.unlink()
    return {"running": running, "ended": json.loads(ended)[0] if ended else None, "hunted": hunted, "left": left()}


async def hunt(case: Case, place: Path, pid: int, pid_started: float) -> int:
    """As the next start does it."""
    if case.what == "server":
        return end_every_attempt([], place / "data" / "servers")
    return await end_survivors(pid, pid_started, "1.1#1", place / "data" / "workspaces")


def target(case: Case, milepost: int, launched: int) -> int:
    if case.killed == "milepost":
        return milepost
    return launched if case.killed == "bwrap" else psutil.Process(launched).children()[0].pid


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + GONE_S_MAX
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)


def main() -> None:
    place, *rest = sys.argv[1:]
    if rest:
        asyncio.run(child(Case(*rest[1:]), Path(place)))
    else:
        cases = [Case(**one) for one in json.load(sys.stdin)]
        print(json.dumps([report(case, Path(place)) for case in cases]))


if __name__ == "__main__":
    main()
