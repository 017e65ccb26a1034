"""What SQLite itself does on this disk, with the settings of Milepost's own file: what everything is compared with."""

import sqlite3
from pathlib import Path
from time import perf_counter

PIECE_S = 0.05
READY = 50_000


def connect(path: Path) -> sqlite3.Connection:
    """WAL and synchronous=FULL, as `storage` opens its writer; nothing is begun by itself."""
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA synchronous=FULL")
    return raw


class RawFile:
    """Commits, a short while at a time: between the pieces of what they are compared with, so that what else runs on
    the machine slows both."""

    def __init__(self, path: Path) -> None:
        self._raw = connect(path)
        self.commits = 0
        self.seconds = 0.0
        self.prepare(self._raw)

    def prepare(self, raw: sqlite3.Connection) -> None:
        raw.execute("CREATE TABLE small (id INTEGER PRIMARY KEY, task TEXT, at INTEGER)")

    def write(self, raw: sqlite3.Connection) -> None:
        """One small row."""
        raw.execute("INSERT INTO small (task, at) VALUES (?, ?)", ("12.3", self.commits))

    def work(self) -> None:
        began = perf_counter()
        while (passed := perf_counter() - began) < PIECE_S:
            self._raw.execute("BEGIN IMMEDIATE")
            self.write(self._raw)
            self._raw.execute("COMMIT")
            self.commits += 1
        self.seconds += passed

    def close(self) -> None:
        self._raw.close()

    @property
    def per_s(self) -> float:
        return self.commits / self.seconds


class RawClaims(RawFile):
    """What a job queue on SQLite does at least: take the next of many ready tasks, an event, a message."""

    def prepare(self, raw: sqlite3.Connection) -> None:
        raw.executescript(
            """
            CREATE TABLE tasks (id INTEGER PRIMARY KEY, goal INTEGER, state TEXT, due_at INTEGER, owner TEXT);
            CREATE INDEX tasks_due ON tasks (state, due_at);
            CREATE INDEX tasks_goal ON tasks (goal);
            CREATE TABLE events (id INTEGER PRIMARY KEY, task INTEGER, name TEXT, body TEXT);
            CREATE INDEX events_task ON events (task);
            CREATE TABLE outbox (id INTEGER PRIMARY KEY, chat INTEGER, body TEXT, sent_at INTEGER);
            CREATE INDEX outbox_open ON outbox (chat) WHERE sent_at IS NULL;
            """
        )
        raw.execute("BEGIN")
        rows = ((number, number // 10, "ready", number, None) for number in range(READY))
        raw.executemany("INSERT INTO tasks VALUES (?, ?, ?, ?, ?)", rows)
        raw.execute("COMMIT")

    def write(self, raw: sqlite3.Connection) -> None:
        [[task]] = raw.execute(
            "UPDATE tasks SET state = 'running', owner = 'me' WHERE id = "
            "(SELECT id FROM tasks WHERE state = 'ready' AND due_at <= ? ORDER BY due_at LIMIT 1) RETURNING id",
            (READY,),
        ).fetchall()
        raw.execute("INSERT INTO events (task, name, body) VALUES (?, ?, ?)", (task, "task.started", "{}"))
        raw.execute("INSERT INTO outbox (chat, body) VALUES (?, ?)", (1, "{}"))
