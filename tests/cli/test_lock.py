"""Who may have the data folder, and who waits for it. The composition root is a scripted one here."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.control.server import ControlServer
from bot.folder import hold
from tests.cli.conftest import Ended, ScriptedEngine, commands, environment

SCRIPTED_ROOT = """
import asyncio, sys, types
from contextlib import asynccontextmanager
from bot.cli import main
from bot.folder import hold
from tests.cli.conftest import ScriptedEngine, commands

root = types.ModuleType("bot.app")

@asynccontextmanager
async def open_executor(settings):
    with hold(settings.data_dir):
        yield commands(ScriptedEngine())

async def run(settings):
    with hold(settings.data_dir):
        print("running", flush=True)
        await asyncio.sleep(60)

root.open_executor, root.run = open_executor, run
sys.modules["bot.app"] = root
raise SystemExit(main())
"""


async def start(folder: Path, home: Path, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPTED_ROOT, *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        cwd=home, env=environment(folder, home),
    )  # fmt: skip


async def milepost(folder: Path, home: Path, *arguments: str, input: str = "") -> Ended:
    process = await start(folder, home, *arguments)
    out, err = await process.communicate(input.encode())
    return Ended(process.returncode or 0, out.decode(), err.decode())


@asynccontextmanager
async def running_up(folder: Path, home: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await start(folder, home, "up")
    assert process.stdout
    assert await process.stdout.readline() == b"running\n"
    yield process
    process.kill()
    await process.communicate()


async def test_a_second_up_on_the_same_data_is_one_line(folder: Path, tmp_path: Path) -> None:
    async with running_up(folder, tmp_path) as first:
        ended = await milepost(folder, tmp_path, "up")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        f"milepost: Milepost is already running on {folder} (pid {first.pid}). "
        "Stop it first, or set data_dir to another folder.\n"
    )


async def test_up_waits_for_a_short_command_that_holds_the_folder(folder: Path, tmp_path: Path) -> None:
    with hold(folder):
        process = await start(folder, tmp_path, "up")
        assert process.stdout
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(process.stdout.readline(), timeout=0.8)

    assert await process.stdout.readline() == b"running\n"
    process.kill()
    await process.communicate()


async def test_a_command_waits_for_a_milepost_that_is_just_starting(
    engine: ScriptedEngine, folder: Path, tmp_path: Path
) -> None:
    with hold(folder):
        asking = asyncio.ensure_future(milepost(folder, tmp_path, "goals"))
        await asyncio.wait([asking], timeout=1.0)  # it has met the lock by now, or will meet the socket: both are fine
        server = ControlServer(folder, commands(engine))
        await server.start()
        ended = await asking
        await server.stop()

    assert (ended.code, ended.err) == (0, "")
