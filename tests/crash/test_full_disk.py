"""A real `milepost up` whose data folder is on a small disk that runs full, and has room again."""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.control.client import ControlClient
from executor.domain.errors import MilepostError
from tests.crash.real import MILEPOST, answers, environment, until

pytestmark = pytest.mark.slow

SIZE = "24m"
GOAL = "/goal Two steps\n1. First: `touch begun; until test -e go; do sleep 0.05; done`\n2. Second: `true`"
MOUNT = 'mount -t tmpfs -o size="$1",mode=0700 none "$2" && shift 2 && exec "$@"'


def small_disk(place: Path) -> list[str]:
    """The words before a command that has its own disk at `place`. Skips where that can't be had."""
    if os.getuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("only root can mount a disk")
    words = ["unshare", "--mount", "sh", "-c", MOUNT, "sh", SIZE, str(place)]
    if subprocess.run([*words, "true"], capture_output=True).returncode:
        pytest.skip("no mounts here")
    return words


@contextlib.contextmanager
def up_on(folder: Path) -> Iterator[tuple[Path, ControlClient]]:
    """The data folder as that process sees it, and the shell's end of its socket."""
    data = folder / "data"
    data.mkdir()
    words = small_disk(data)
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen([*words, MILEPOST, "up"], env=environment(folder), stdout=log, stderr=log)
    seen = Path(f"/proc/{process.pid}/root{data}")
    client = ControlClient(seen, timeout_s=30)
    try:
        until(lambda: answers(client))
        yield seen, client
    finally:
        process.kill()
        process.wait()


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while filler.write(b"x" * 65_536):
            pass


def said(data: Path) -> list[str]:
    """The bot's messages in the local chat."""
    with tempfile.TemporaryDirectory() as copies:  # SQLite opens nothing through /proc/…/root
        for name in ("localchat.db", "localchat.db-wal"):
            shutil.copy(data / name, copies)
        return _texts(Path(copies) / "localchat.db")


def _texts(file: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(file)) as chat:
        rows = chat.execute("SELECT body FROM messages WHERE mine = 1 ORDER BY id").fetchall()
    return [str(json.loads(body).get("text", "")) for (body,) in rows]


def line(client: ControlClient) -> str:
    return str(client.call("system", {}, command_id="look")["lines"][0])


@pytest.mark.timeout(900)
def test_a_full_disk_refuses_what_is_new_loses_nothing_and_goes_on_by_itself(tmp_path: Path) -> None:
    with up_on(tmp_path) as (data, client):
        submitted = client.call("submit_goal", {"text": GOAL}, command_id="goal")
        client.call("decide", {"decision": submitted["decisions"][0]["decision"], "option": "start"}, command_id="go")
        work = data / "workspaces" / "1"
        until((work / "begun").exists)
        fill(data / "filler")
        until(lambda: "is full" in line(client) and any("⚠️ The disk with" in text for text in said(data)))
        refused = ""
        try:
            client.call("submit_goal", {"text": "/goal More\n1. Work: `true`"}, command_id="more")
        except MilepostError as error:
            refused = error.public
        (work / "go").touch()
        until(lambda: client.call("show", {"goal": 1}, command_id="look")["subtasks"][0]["status"] == "completed")
        waiting = client.call("show", {"goal": 1}, command_id="look")["subtasks"][1]["status"]
        (data / "filler").unlink()
        until(lambda: client.call("state", {"goal": 1}, command_id="look")["status"] == "completed")
        until(lambda: any("✅ There is room" in text for text in said(data)))
        taken = client.call("submit_goal", {"text": "/goal More\n1. Work: `true`"}, command_id="more")

    assert "nothing new begins until there is room. Send this goal again then." in refused
    assert waiting in ("queued", "pending")
    assert taken["goal_id"] == "2"
