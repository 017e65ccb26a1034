"""The command line on the whole program: no part is scripted here."""

import asyncio
import json
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.cli.conftest import Milepost, environment

GOAL = "Greet\n- There is a file: `test -s greeting`\n1. Write: `echo hello > greeting`\n2. Read: `cat greeting`\n"


@asynccontextmanager
async def up(folder: Path, home: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """`milepost up` with the local chat on any port, until it is stopped by SIGTERM."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.cli", "up",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=home,
        env=environment(folder, home) | {"MILEPOST_LOCAL_CHAT__PORT": "0"},
    )  # fmt: skip
    assert process.stdout
    try:
        while b"Open" not in (line := await process.stdout.readline()):
            assert line, (await process.communicate())[1].decode()
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.communicate()


async def test_a_goal_submitted_while_nothing_runs_is_worked_on_later(
    milepost: Milepost, folder: Path, tmp_path: Path
) -> None:
    submitted = await milepost("goal", "-", "--json", input=GOAL)
    decision = json.loads(submitted.out)["decisions"][0]["decision"]
    decided = await milepost("decide", str(decision), "start")
    assert (submitted.code, decided.code, decided.out) == (0, 0, "Goal 1 has started.\n")
    assert decided.err == "Milepost is not running, so nobody works on it: start milepost up.\n"
    async with up(folder, tmp_path), asyncio.timeout(180):
        while json.loads((await milepost("show", "1", "--json")).out)["status"] == "in_progress":
            pass
        shown = json.loads((await milepost("show", "1", "--json")).out)
        log = await milepost("log", "1.2")

    assert shown["status"] in ("validating", "completed")
    assert [task["status"] for task in shown["subtasks"][:2]] == ["completed", "completed"]
    assert re.search(r"^hello$", log.out, re.MULTILINE)


async def test_waiting_ends_where_a_person_must_press_start(milepost: Milepost, folder: Path, tmp_path: Path) -> None:
    async with up(folder, tmp_path):
        ended = await milepost("goal", "-", "--wait", "--json", input=GOAL)

    assert (ended.code, json.loads(ended.out)["status"]) == (4, "awaiting_start")


async def test_the_shell_shows_what_will_run_before_start(milepost: Milepost) -> None:
    await milepost(
        "goal", "-", input="Pack\n- It is there: `test -s notes.tgz`\n- Ann agrees\n1. Pack: `tar czf a.tgz .`"
    )

    shown = await milepost("show", "1")

    lines = [line.strip() for line in shown.out.splitlines() if "will run" in line]
    assert lines == ["will run: `tar czf a.tgz .`", "will run: test -s notes.tgz", "will run: asks a person"]


async def test_waiting_without_a_running_milepost_says_so(milepost: Milepost) -> None:
    ended = await milepost("goal", "-", "--wait", "--json", input=GOAL)

    assert (ended.code, json.loads(ended.out)["status"]) == (4, "awaiting_start")
    assert ended.err == "Milepost is not running, so nobody works on it: start milepost up.\n"


async def test_with_full_autonomy_a_goal_runs_to_its_end(milepost: Milepost, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[executor]\nautonomy = "full"\nretry_first_s = 0.01\n')
    async with up(folder, tmp_path):
        done = await milepost("goal", "-", "--wait", "--json", input=GOAL)
        stuck = await milepost("goal", "-", "--wait", input="Fail\n1. Look: `cat /no/such/file`\n")

    assert (done.code, json.loads(done.out)["status"]) == (0, "completed")
    assert stuck.code == 4
    assert "milepost decide" in stuck.out


async def test_it_stops_cleanly_within_seconds(folder: Path, tmp_path: Path) -> None:
    async with up(folder, tmp_path) as process:
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(60):
            await process.wait()

    assert process.returncode == 0


async def test_an_unwritable_data_folder_is_one_line(milepost: Milepost, folder: Path) -> None:
    folder.touch()

    ended = await milepost("up")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        f"milepost: The data folder {folder} can't be written: File exists. Set data_dir to a folder that you own.\n"
    )


async def test_migrate_makes_the_database(milepost: Milepost, folder: Path) -> None:
    ended = await milepost("migrate")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("The database is up to date (schema ")
    assert (folder / "milepost.db").is_file()
