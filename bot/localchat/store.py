"""The local chat's own SQLite file: who talks here, what was said, what the bot has not fetched yet.

Plain sqlite3 on the event loop's thread, on purpose: a method is a handful of statements (0.2 ms with its commit), it
runs from start to end without another one in between, and what it did is on disk before its answer leaves.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.localchat.rows import MESSAGE, SCHEMA, Message, Press, StoredFile, message_from, press_from
from bot.localchat.shapes import Json


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Store:
    """All SQL of the local chat. Writes belong inside `transaction()`; reads may stand anywhere."""

    def __init__(self, path: Path) -> None:
        # Created by hand first: SQLite gives its journal files the mode of the database file.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._db = sqlite3.connect(path, isolation_level=None, timeout=10)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; on disk when the block ends. A block inside another joins it."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # Facts: single values as JSON.

    def fact(self, key: str, default: Any = None) -> Any:
        row = self._db.execute("SELECT value FROM facts WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else default

    def remember(self, key: str, value: Any) -> None:
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, _dump(value)))

    def next(self, counter: str) -> int:
        """The counter's next number, from 1 and never the same twice."""
        number = int(self.fact(counter, 0)) + 1
        self.remember(counter, number)
        return number

    # People and chats.

    def save_user(self, user: Json) -> None:
        self._db.execute("INSERT OR REPLACE INTO users VALUES (?, ?)", (user["id"], _dump(user)))

    def user(self, number: int) -> Json | None:
        row = self._db.execute("SELECT body FROM users WHERE id = ?", (number,)).fetchone()
        return json.loads(row[0]) if row else None

    def save_chat(self, chat: Json) -> None:
        sql = "INSERT INTO chats (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body"
        self._db.execute(sql, (chat["id"], _dump(chat)))

    def chat(self, number: int) -> Json | None:
        row = self._db.execute("SELECT body FROM chats WHERE id = ?", (number,)).fetchone()
        return json.loads(row[0]) if row else None

    def chat_named(self, username: str) -> Json | None:
        sql = "SELECT body FROM chats WHERE lower(body ->> 'username') = lower(?) AND body ->> 'type' != 'private'"
        row = self._db.execute(sql, (username,)).fetchone()
        return json.loads(row[0]) if row else None

    def pinned(self, chat_id: int) -> list[int]:
        """Ids of the pinned messages, the newest pin last."""
        row = self._db.execute("SELECT pinned FROM chats WHERE id = ?", (chat_id,)).fetchone()
        return list(json.loads(row[0])) if row else []

    def pin(self, chat_id: int, message_ids: list[int]) -> None:
        self._db.execute("UPDATE chats SET pinned = ? WHERE id = ?", (_dump(message_ids), chat_id))

    def join(self, chat_id: int, user_id: int, status: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO members VALUES (?, ?, ?)", (chat_id, user_id, status))

    def standing(self, chat_id: int, user_id: int) -> str | None:
        """creator, administrator, member, left, …; None for a stranger."""
        sql = "SELECT status FROM members WHERE chat_id = ? AND user_id = ?"
        row = self._db.execute(sql, (chat_id, user_id)).fetchone()
        return str(row[0]) if row else None

    def members(self, chat_id: int) -> list[tuple[int, str]]:
        sql = "SELECT user_id, status FROM members WHERE chat_id = ? AND status NOT IN ('left', 'kicked')"
        return [(int(user), str(status)) for user, status in self._db.execute(sql, (chat_id,))]

    # Messages.

    def add_message(
        self,
        body: Json,
        *,
        mine: bool,
        reply_to: int | None = None,
        prompt: Json | None = None,
        once: str | None = None,
    ) -> Message:
        """`once`: the sender's own key; the caller looks for it first, and a second row with it is an error."""
        chat_id, number = body["chat"]["id"], body["message_id"]
        shown = _dump(prompt) if prompt else None
        self._db.execute(
            "INSERT INTO messages (chat_id, id, seq, mine, reply_to, prompt, once, body) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (chat_id, number, self.next("seq"), mine, reply_to, shown, once, _dump(body)),
        )
        message = self.message(chat_id, number)
        assert message is not None
        return message

    def change_message(self, message: Message, body: Json, *, deleted: bool = False) -> None:
        sql = "UPDATE messages SET body = ?, deleted = ?, seq = ? WHERE chat_id = ? AND id = ?"
        self._db.execute(sql, (_dump(body), deleted, self.next("seq"), message.chat_id, message.id))

    def show_with(self, message: Message, extra: Json | None) -> None:
        """Changes what people see with the message and the bot never gets back, such as its reaction."""
        kept = {key: value for key, value in (message.prompt or {}).items() if key != "reaction"} | (extra or {})
        sql = "UPDATE messages SET prompt = ?, seq = ? WHERE chat_id = ? AND id = ?"
        self._db.execute(sql, (_dump(kept), self.next("seq"), message.chat_id, message.id))

    def waits_for(self, message: Message, update_id: int) -> None:
        """Notes which update carries the message, so that its ticks can tell when the bot has it."""
        sql = "UPDATE messages SET update_id = ?, fetched = 0 WHERE chat_id = ? AND id = ?"
        self._db.execute(sql, (update_id, message.chat_id, message.id))

    def message(self, chat_id: int, number: int) -> Message | None:
        """None also for a deleted one."""
        sql = f"SELECT {MESSAGE} FROM messages WHERE chat_id = ? AND id = ? AND deleted = 0"
        row = self._db.execute(sql, (chat_id, number)).fetchone()
        return message_from(row) if row else None

    def message_once(self, once: str) -> Message | None:
        row = self._db.execute(f"SELECT {MESSAGE} FROM messages WHERE once = ?", (once,)).fetchone()
        return message_from(row) if row else None

    def history(self, chat_id: int, before: int | None = None, limit: int = -1) -> list[Message]:
        """Up to `limit` messages below the id `before`, the newest of them, oldest first; -1: all."""
        sql = f"SELECT {MESSAGE} FROM messages WHERE chat_id = ? AND deleted = 0 AND id < ? ORDER BY id DESC LIMIT ?"
        rows = self._db.execute(sql, (chat_id, before or 2**62, limit)).fetchall()
        return [message_from(row) for row in reversed(rows)]

    def changes(self, chat_id: int, after: int) -> list[Message]:
        """What was sent, edited, deleted or fetched since `after`, in order; the present state of each, once."""
        sql = f"SELECT {MESSAGE} FROM messages WHERE chat_id = ? AND seq > ? ORDER BY seq, id"
        return [message_from(row) for row in self._db.execute(sql, (chat_id, after))]

    def spell(self, chat_id: int, commands: Iterable[tuple[str, str]]) -> None:
        """Notes commands that a protected message spells out."""
        sql = "INSERT OR IGNORE INTO spelt VALUES (?, ?, ?)"
        self._db.executemany(sql, [(chat_id, *command) for command in commands])

    def spelt(self, chat_id: int) -> list[tuple[str, str]]:
        sql = "SELECT command, number FROM spelt WHERE chat_id = ?"
        return [(str(command), str(number)) for command, number in self._db.execute(sql, (chat_id,))]

    # Updates.

    def add_update(self, kind: str, payload: Json) -> Json:
        if not self._db.execute("SELECT 1 FROM sqlite_sequence WHERE name = 'updates'").fetchone():
            first = self.fact("first_update_id", 1)
            self._db.execute("INSERT INTO sqlite_sequence VALUES ('updates', ?)", (first - 1,))
        cursor = self._db.execute("INSERT INTO updates (body) VALUES (?)", (_dump({kind: payload}),))
        return {"update_id": cursor.lastrowid, kind: payload}

    def updates(self, offset: int, limit: int) -> list[Json]:
        sql = "SELECT id, body FROM updates WHERE id >= ? ORDER BY id LIMIT ?"
        rows = self._db.execute(sql, (offset, limit)).fetchall()
        return [{"update_id": number, **json.loads(body)} for number, body in rows]

    def updates_waiting(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM updates").fetchone()[0])

    def nth_last_update(self, count: int) -> int:
        """Id from which on the last `count` updates are; 0 when there are none."""
        sql = "SELECT coalesce(min(id), 0) FROM (SELECT id FROM updates ORDER BY id DESC LIMIT ?)"
        return int(self._db.execute(sql, (count,)).fetchone()[0])

    def confirm(self, offset: int) -> bool:
        """Forgets all updates below the offset and marks their messages as fetched; whether anything changed."""
        if not self._db.execute("SELECT 1 FROM updates WHERE id < ? LIMIT 1", (offset,)).fetchone():
            return False
        self._db.execute("DELETE FROM updates WHERE id < ?", (offset,))
        sql = "UPDATE messages SET fetched = 1, seq = ? WHERE fetched = 0 AND update_id IS NOT NULL AND update_id < ?"
        self._db.execute(sql, (self.next("seq"), offset))
        return True

    # Presses.

    def add_press(self, press: Press) -> None:
        row = (press.id, press.chat_id, press.message_id, press.user_id, press.data, press.pressed_at)
        sql = (
            "INSERT INTO presses (id, chat_id, message_id, user_id, data, pressed_at, seq) VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
        self._db.execute(sql, (*row, self.next("seq")))

    def press(self, number: str) -> Press | None:
        row = self._db.execute("SELECT * FROM presses WHERE id = ?", (number,)).fetchone()
        return press_from(row) if row else None

    def answer_press(self, number: str, answer: Json) -> None:
        sql = "UPDATE presses SET answer = ?, seq = ? WHERE id = ?"
        self._db.execute(sql, (_dump(answer), self.next("seq"), number))

    def answers(self, chat_id: int, after: int) -> list[Press]:
        sql = "SELECT * FROM presses WHERE chat_id = ? AND seq > ? AND answer IS NOT NULL ORDER BY seq"
        rows = self._db.execute(sql, (chat_id, after))
        return [press_from(row) for row in rows]

    # Files.

    def add_file(self, file: StoredFile) -> None:
        row = (file.id, file.unique_id, file.name, file.mime, file.size, file.width, file.height, file.path)
        self._db.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def file(self, number: str) -> StoredFile | None:
        row = self._db.execute("SELECT * FROM files WHERE id = ?", (number,)).fetchone()
        return StoredFile(*row) if row else None

    def file_at(self, path: str) -> StoredFile | None:
        row = self._db.execute("SELECT * FROM files WHERE path = ?", (path,)).fetchone()
        return StoredFile(*row) if row else None
