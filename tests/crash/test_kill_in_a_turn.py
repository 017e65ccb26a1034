"""kill -9 in the middle of a turn: a real `milepost up` with a model at the other end of a real socket."""

import asyncio
import os
import signal
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot.control.client import ControlClient
from tests.crash.real import MILEPOST, answers, environment
from tests.modelserver import ModelServer, model_server, says

pytestmark = pytest.mark.slow

PATIENCE_S = 120.0
WORK = "touch began\nif [ ! -e again ]; then touch again; exec sleep 300; fi\necho finished\n"


def call(action: str, **parameters: Any) -> dict[str, Any]:
    return {"thought": "", "call": {"action": action, "parameters": parameters}}


PLAN = {
    "summary": "In turns",
    "criteria": [],
    "alternatives": [
        {
            "name": "one",
            "tasks": [
                {
                    "key": "work",
                    "title": "Work",
                    "action": "agent",
                    "parameters": {"instructions": "Work.", "tools": ["write", "shell"]},
                    "check": {"kind": "file", "path": "work.sh"},
                }
            ],
        }
    ],
    "chosen": "one",
}


async def until(happened: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(happened):
            await asyncio.sleep(0.05)


@asynccontextmanager
async def up(folder: Path, server: ModelServer) -> AsyncIterator[tuple["subprocess.Popen[bytes]", ControlClient]]:
    model = {
        "MILEPOST_BRAIN__PROVIDER": "openai",
        "MILEPOST_BRAIN__MODEL": "m-1",
        "MILEPOST_BRAIN__BASE_URL": f"{server.url}/v1",
        "MILEPOST_RULES__UNASKED": "shell:sh work.sh",
    }
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [MILEPOST, "up"],
            env=environment(folder) | model,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    client = ControlClient(folder / "data", timeout_s=PATIENCE_S)
    try:
        await until(lambda: answers(client))
        yield process, client
    finally:
        if process.poll() is None:
            process.kill()
        await asyncio.to_thread(process.wait)


def rows(folder: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "data" / "milepost.db")) as database:
        return database.execute(sql).fetchall()


def lives(pid: int) -> bool:
    """A dead process keeps its number until the machine's first process has taken note of its end."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.timeout(900)
async def test_the_next_life_ends_what_ran_and_goes_on_at_that_turn(tmp_path: Path) -> None:
    async with model_server() as server:
        server.on("plan", says(PLAN))
        server.on(
            "act",
            says(call("write", path="work.sh", content=WORK)),
            says(call("shell", command="sh work.sh")),
            says({"finish": {"success": True, "summary": "Worked"}}),
        )
        async with up(tmp_path, server) as (process, client):
            await asyncio.to_thread(client.call, "submit_goal", {"text": "/goal Work in turns"}, command_id="goal")
            await until(lambda: rows(tmp_path, "SELECT 1 FROM decisions WHERE kind = 'start'"))
            await asyncio.to_thread(client.call, "decide", {"decision": 1, "option": "start"}, command_id="start")
            await until((tmp_path / "data/workspaces/1/again").exists)
            [[child]] = rows(tmp_path, "SELECT pid FROM task_attempts")
            os.kill(process.pid, signal.SIGKILL)
            await asyncio.to_thread(process.wait)
        asked_before = server.purposes()
        async with up(tmp_path, server):
            await until(lambda: rows(tmp_path, "SELECT 1 FROM executor_goals WHERE state = 'completed'"))

    turns = rows(tmp_path, "SELECT number, attempt, kind, json_extract(result, '$.success') FROM task_turns")
    outputs = rows(tmp_path, "SELECT json_extract(result, '$.output') FROM task_turns WHERE number = 2")
    assert asked_before == ["plan", "act", "act"]
    assert server.purposes() == ["plan", "act", "act", "act"]
    assert turns == [(1, 1, "call", 1), (2, 1, "call", 1), (3, 2, "finish", 1)]
    assert outputs == [("finished\n",)]
    assert rows(tmp_path, "SELECT number, state FROM task_attempts") == [(1, "interrupted"), (2, "succeeded")]
    assert child is None or not lives(child)
