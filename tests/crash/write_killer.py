"""Kills a process again and again while it writes to the database. Run by test_kill_under_writes.py.

Every life is forked from this process, which has loaded everything and started nothing: a life costs a few
milliseconds. It is killed after so many acknowledged writes, at whatever the next one is doing then. Prints one JSON
document with what it saw; it judges nothing.
"""

import asyncio
import json
import os
import random
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from bot.real import SystemClock
from executor.domain.notice import Notice, NoticeKind
from storage.store import FILE_NAME, Database

WRITES_MAX = 12
LARGE = 40_000  # characters: the log is folded every now and then


async def write(folder: Path, life: int, acknowledged: int) -> None:
    """For ever: one transaction after the other, each acknowledged on the pipe once it is committed."""
    clock = SystemClock()
    database = await Database.open(folder, clock)
    number = 0
    while True:
        key, now = f"{life}/{number}", clock.now()
        text = "x" * (LARGE if number % 3 == 0 else 10)
        await database.outbox.put(
            [Notice(key=key, kind=NoticeKind.TEXT, chat_id=1, facts={"text": text}, due_at=now, created_at=now)]
        )
        os.write(acknowledged, f"{key}\n".encode())
        number += 1


def live(folder: Path, life: int, writes: int) -> list[str]:
    """Fork a life and kill it after so many writes; what it acknowledged."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.close(reading)
        try:
            asyncio.run(write(folder, life, writing))
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as heard:
        keys = [heard.readline().strip() for _ in range(writes)]
        os.kill(child, signal.SIGKILL)
        keys += heard.read().split()
    os.waitpid(child, 0)
    return keys


def stored(file: Path) -> tuple[set[str], list[str]]:
    with closing(sqlite3.connect(file)) as database:
        faults = [row[0] for row in database.execute("PRAGMA integrity_check")]
        return {row[0] for row in database.execute("SELECT key FROM notices")}, faults


def main(folder: Path, kills: int, seed: int) -> None:
    dice = random.Random(seed)
    acknowledged: list[str] = []
    for life in range(kills):
        acknowledged += live(folder, life, dice.randrange(1, WRITES_MAX))
    found, faults = stored(folder / FILE_NAME)
    lost = [key for key in acknowledged if key not in found]
    unheard = len(found) - len(set(acknowledged))
    print(json.dumps({"acknowledged": len(acknowledged), "lost": lost, "unheard": unheard, "faults": faults}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
