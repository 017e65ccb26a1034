"""(e) From the command line to the first getUpdates, and what an idle Milepost costs."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import psutil

from benchmarks.table import Line, Section
from benchmarks.timing import Times, milliseconds, times
from bot.localchat import LocalChat

STARTS = 5
IDLE_S = 10.0
PATIENCE_S = 60.0
MB = 1_000_000

HOW = (
    "`milepost up` as a process of its own that is given a token and an api_root: an embedded Bot API server of the "
    "benchmark. From its spawn to its first getUpdates; the first start makes the data folder and the database. "
    "Beside it, in turns: the smallest python-telegram-bot program to its own first getUpdates, and Python itself "
    f"(`python -c pass`). Idle: {IDLE_S:g} s after that, nothing set, nothing said."
)
_SMALLEST = """
import sys
from telegram.ext import ApplicationBuilder
ApplicationBuilder().token(sys.argv[1]).base_url(sys.argv[2] + "/bot").build().run_polling(poll_interval=0)
"""


@dataclass(frozen=True, slots=True)
class _Idle:
    rss: int
    uss: int
    cpu_share: float  # of one core
    threads: int


async def run(folder: Path) -> Section:
    first, later, smallest, bare = Times(), Times(), Times(), Times()
    cpu, small_cpu = Times(), Times()
    idle: list[_Idle] = []
    plain: list[_Idle] = []
    for number in range(STARTS):
        async with _room(folder / f"room-{number}") as chat:
            data = folder / "data"
            async with _started(_milepost(), _environment(data, chat), chat) as (process, seconds):
                (later if number else first).taken.append(seconds)
                if number:
                    cpu.taken.append(_processor_s(process))
                if number in (1, 2):
                    idle.append(await _rest(process))
        async with _room(folder / f"small-{number}") as chat:
            command = [sys.executable, "-c", _SMALLEST, chat.bot_token, chat.api_root]
            async with _started(command, dict(os.environ), chat) as (process, seconds):
                smallest.taken.append(seconds)
                small_cpu.taken.append(_processor_s(process))
                if number == 1:
                    plain.append(await _rest(process))
        with bare.one():
            await (await asyncio.create_subprocess_exec(sys.executable, "-c", "pass")).wait()
    lines = [*_starts(first, later, smallest, bare), *_processor(cpu, small_cpu), *_idling(idle, plain)]
    return Section(title="(e) Start and idle", how=HOW, lines=lines)


def _starts(first: Times, later: Times, smallest: Times, bare: Times) -> list[Line]:
    small_s = smallest.median_s
    return [
        Line(what="start of an existing Milepost", value=str(later), ratio=times(later.median_s / small_s)),
        Line(what="the very first start", value=milliseconds(first.median_s), ratio=times(first.median_s / small_s)),
        Line(what="the smallest python-telegram-bot program", value=str(smallest), ratio="1 ×"),
        Line(what="python -c pass", value=str(bare), ratio=times(bare.median_s / small_s)),
    ]


def _processor(ours: Times, small: Times) -> list[Line]:
    ratio = times(ours.median_s / small.median_s)
    return [
        Line(what="processor time of a start", value=str(ours), ratio=ratio),
        Line(what="processor time of the smallest program's", value=str(small), ratio="1 ×"),
    ]


def _processor_s(process: psutil.Process) -> float:
    spent = process.cpu_times()
    return spent.user + spent.system


def _idling(ours: Sequence[_Idle], plain: Sequence[_Idle]) -> list[Line]:
    rss, uss = median(one.rss for one in ours), median(one.uss for one in ours)
    small_rss, small_uss = median(one.rss for one in plain), median(one.uss for one in plain)
    return [
        Line(
            what="idle memory of Milepost, RSS (USS)",
            value=f"{rss / MB:.1f} MB ({uss / MB:.1f})",
            ratio=f"{times(rss / small_rss)} ({times(uss / small_uss)})",
        ),
        Line(
            what="idle memory of the smallest program",
            value=f"{small_rss / MB:.1f} MB ({small_uss / MB:.1f})",
            ratio="1 ×",
        ),
        Line(
            what=f"idle processor time of Milepost, {ours[0].threads} threads",
            value=f"{median(one.cpu_share for one in ours):.2%} of one core",
        ),
    ]


def _milepost() -> list[str]:
    return [str(Path(sys.executable).with_name("milepost")), "up"]


def _environment(data: Path, chat: LocalChat) -> dict[str, str]:
    theirs = {name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")}
    return theirs | {
        "MILEPOST_DATA_DIR": str(data),
        "MILEPOST_TELEGRAM__TOKEN": chat.bot_token,
        "MILEPOST_TELEGRAM__API_ROOT": chat.api_root,
        "MILEPOST_ACCESS__OWNERS": str(chat.operator_id),
    }


@asynccontextmanager
async def _room(folder: Path) -> AsyncIterator[LocalChat]:
    chat = LocalChat(folder, port=0)
    await chat.start()
    try:
        yield chat
    finally:
        await chat.stop()


@asynccontextmanager
async def _started(
    command: Sequence[str], environment: dict[str, str], chat: LocalChat
) -> AsyncIterator[tuple[psutil.Process, float]]:
    """(the process, seconds until its first getUpdates). It is asked to end with the block."""
    began = perf_counter()
    nowhere = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=nowhere, stderr=nowhere)
    try:
        while not chat.room.pollers:
            if process.returncode is not None or perf_counter() - began > PATIENCE_S:
                raise SystemExit(f"{command[0]} never called getUpdates")
            await asyncio.sleep(0.001)
        yield psutil.Process(process.pid), perf_counter() - began
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await process.wait()


async def _rest(process: psutil.Process) -> _Idle:
    await asyncio.sleep(IDLE_S / 5)  # what follows the start is no idling
    before = process.cpu_times()
    began = perf_counter()
    await asyncio.sleep(IDLE_S)
    after, passed = process.cpu_times(), perf_counter() - began
    memory = process.memory_full_info()
    used = after.user + after.system - before.user - before.system
    return _Idle(memory.rss, memory.uss, used / passed, process.num_threads())
