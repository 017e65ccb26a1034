"""Real processes: fifty kill -9 at random moments, a clean stop, and a second one on the same folder."""

import asyncio
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from bot.real import SystemClock
from storage.store import Database
from tests.apart import NOBODY, apart, need_bubblewrap
from tests.crash.history import Happened, Seen, violations
from tests.crash.real import MILEPOST, STARTED_S_MAX, answers, environment, until, up

pytestmark = pytest.mark.slow


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("sandbox", "kills"), [("bubblewrap", 35), ("none", 15)])
def test_fifty_kills_lose_nothing_and_double_nothing(tmp_path: Path, sandbox: str, kills: int) -> None:
    if sandbox == "bubblewrap":
        need_bubblewrap()
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    folder = tmp_path / "place"
    folder.mkdir()
    shutil.chown(folder, int(NOBODY), int(NOBODY))
    words = apart(shown=(folder,))  # pytest's folders are closed to others
    arguments = [f"--seed={seed}", f"--kills={kills}", f"--sandbox={sandbox}"]
    ended = subprocess.run(
        [*words, sys.executable, "-m", "tests.crash.killer", str(folder), str(MILEPOST), *arguments],
        cwd=Path(__file__).parents[2],
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr + (folder / "log").read_text()[-4000:]
    report = json.loads(ended.stdout)
    print({name: value for name, value in report.items() if name not in ("replies", "effects")})
    seen = Seen(
        replies=report["replies"],
        effects=[Happened(line.split("#")[0], int(line.split("#")[1])) for line in report["effects"]],
        messages=messages(folder / "data"),
        effects_seen=True,
    )

    assert asyncio.run(check(folder / "data", seen)) == []
    assert report["states"] == ["completed"] * report["goals"]
    assert report["survivors"] == []
    assert report["said"] == []
    assert report["exit_code"] == 0
    assert report["while_running"] >= kills / 5, "too few kills met a running attempt"


async def check(folder: Path, seen: Seen) -> list[str]:
    database = await Database.open(folder, SystemClock(), migrated=False)
    try:
        return [*await database.quick_check(), *await violations(database, seen, finished=True)]
    finally:
        await database.close()


def messages(folder: Path) -> dict[tuple[int, int], str]:
    """The bot's messages in the local chat, by (chat, id)."""
    with closing(sqlite3.connect(folder / "localchat.db")) as chat:
        rows = chat.execute("SELECT chat_id, id, body FROM messages WHERE mine = 1 AND deleted = 0").fetchall()
    return {(chat_id, number): json.loads(body).get("text", "") for chat_id, number, body in rows}


# --------------------------------------------------------------------------------------------------- stopping politely


def states_of_attempts(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "data" / "milepost.db")) as database:
        return [state for (state,) in database.execute("SELECT state FROM task_attempts ORDER BY task_ref")]


def test_sigterm_stops_within_five_seconds_and_records_what_ran(tmp_path: Path) -> None:
    text = "/goal Sleep\n1. One: `touch one; sleep 300`\n2. Two: `touch two; sleep 300`\n3. Three: `true` after 1,2"
    before = time.monotonic()
    with up(tmp_path) as (process, client):
        started_s = time.monotonic() - before
        submitted = client.call("submit_goal", {"text": text}, command_id="goal")
        decision = submitted["decisions"][0]["decision"]
        client.call("decide", {"decision": decision, "option": "start"}, command_id="start")
        workspace = tmp_path / "data" / "workspaces" / "1"
        until(lambda: (workspace / "one").exists() and (workspace / "two").exists())
        began = time.monotonic()
        process.terminate()
        code = process.wait(timeout=STARTED_S_MAX)
        took_s = time.monotonic() - began

    assert code == 0
    assert took_s < max(5.0, 2 * started_s), "where even a start takes long, the machine is slow"
    assert states_of_attempts(tmp_path) == ["interrupted", "interrupted"]
    assert asyncio.run(check_running(tmp_path / "data")) == []


async def check_running(folder: Path) -> list[str]:
    database = await Database.open(folder, SystemClock(), migrated=False)
    try:
        return await violations(database, Seen(messages=messages(folder)), finished=False)
    finally:
        await database.close()


def test_a_second_one_on_the_same_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    with up(tmp_path) as (process, client):
        second = subprocess.run(
            [MILEPOST, "up"],
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=STARTED_S_MAX,
        )
        still_there = process.poll() is None and answers(client)

    assert (second.returncode, second.stdout, still_there) == (2, "", True)
    assert second.stderr == (
        f"milepost: Milepost is already running on {tmp_path / 'data'} (pid {process.pid}). "
        "Stop it first, or set data_dir to another folder.\n"
    )
