"""Runs commands in a sandbox and prints how they ended, as JSON: a program of its own, because some of them would kill
everything in reach. Told what to run on standard input, see Probe.
"""

import asyncio
import json
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from executor.actions.bounds import Bounds
from executor.actions.ended import Command
from executor.actions.identity import unprivileged
from executor.actions.process import run
from executor.actions.sandbox.bubblewrap import BubblewrapLauncher, Sandbox, installed
from executor.actions.sandbox.mounts import Hidden
from executor.actions.workspaces import Folders
from executor.domain.reach import Reach
from executor.ports import Context
from tests.fakes import START


@dataclass(frozen=True, kw_only=True)
class Probe:
    """`@port` in the command is a port of the machine's own loopback where somebody listens, `@pid` the program. At
    `door`, beside the data folder, somebody listens as well."""

    command: str
    goal: int = 1
    network: bool = False
    machine: bool = False
    timeout_s: float = 60.0
    memory_mb: int = 1024
    cpu_s: float = 60.0
    file_mb: int = 100
    processes: int = 512


def folders_of(place: Path) -> Folders:
    return Folders(place / "data", owner=unprivileged())


def sandbox(place: Path, bounds: Bounds | None = None) -> BubblewrapLauncher:
    found = installed()
    assert found is not None
    return BubblewrapLauncher(
        Sandbox(
            program=found[0],
            version=found[1],
            folders=place / "data" / "workspaces",
            filters=place / "data" / "filter",
            hidden=Hidden([place / "data", place / "config.toml"]),
            bounds=bounds or Bounds(memory_mb=1024, cpu_s=60),
            identity=unprivileged(),
        )
    )


Started = Callable[[int, float, str], Awaitable[None]]


async def unseen(pid: int, pid_started: float, command: str) -> None:
    return None


def context_of(folder: Path, started: Started, timeout_s: float) -> Context:
    return Context(
        task_ref="1.1",
        attempt=1,
        goal_title="A goal",
        folder=lambda: folder,
        timeout_s=timeout_s,
        output_bytes_max=10_000,
        now=lambda: START,
        first_started_at=START,
        environment={},
        started=started,
        tell=lambda text: None,
    )


async def report(place: Path, probe: Probe, port: int) -> dict[str, Any]:
    bounds = Bounds(memory_mb=probe.memory_mb, cpu_s=probe.cpu_s, file_mb=probe.file_mb, processes=probe.processes)
    context = context_of(folders_of(place).folder(probe.goal), unseen, probe.timeout_s)
    text = probe.command.replace("@port", str(port)).replace("@pid", str(os.getpid()))
    reach = Reach(network=probe.network, machine=probe.machine, writes=(str(place / "given"),))
    command = Command(arguments=["bash", "-c", text], shown=text, timeout_s=probe.timeout_s, reach=reach)
    ended = await run(command, context, sandbox(place, bounds))
    return {**asdict(ended), "command": None, "problem": ended.problem, "left": left()}


def left() -> list[str]:
    """Who lives in this PID namespace beside this program. What is dead waits for its first process to notice."""
    others = [one for one in psutil.process_iter(["status", "name"]) if one.pid not in (1, os.getpid())]
    return [one.info["name"] for one in others if one.info["status"] != psutil.STATUS_ZOMBIE]


async def main(place: Path) -> list[dict[str, Any]]:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as door:
        door.bind(str(place / "door"))
        door.listen()
        (place / "door").chmod(0o777)
        port = server.getsockname()[1]
        return [await report(place, Probe(**given), port) for given in json.load(sys.stdin)]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(Path(sys.argv[1])))))
