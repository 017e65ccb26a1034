"""One chat room: its store, its files, its clock, and the two bells that wake whoever waits.

Also the first start: the bot, the page's person and the secrets are drawn once and kept.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import string
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.localchat.rows import Message, StoredFile
from bot.localchat.shapes import Clock, Json
from bot.localchat.store import Store

TOKEN_LETTERS = string.ascii_letters + string.digits + "_-"


class Bell:
    """Wakes everyone who waits for the next ring; a ring that nobody waits for is forgotten."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def ring(self) -> None:
        self._next.set()
        self._next = asyncio.Event()

    def listen(self) -> asyncio.Event:
        """Taken before looking at the state, so that a change in between is never missed."""
        return self._next


@dataclass(frozen=True)
class Identity:
    """Who is who, drawn once per folder."""

    bot_token: str
    page_token: str
    bot_id: int
    operator_id: int


@dataclass
class Room:
    """Everything the methods work on. `closing` is set when the server stops; held requests end then.

    `fleeting` holds what the page shows for a moment only (a chat action) and nothing ever stores. `whispers` holds, by
    update, what was said in answer to a protected message (see whispers), until the bot has it.
    """

    store: Store
    folder: Path
    clock: Clock
    identity: Identity
    updated: Bell = field(default_factory=Bell)
    changed: Bell = field(default_factory=Bell)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    fleeting: dict[int, tuple[float, str]] = field(default_factory=dict)
    whispers: dict[int, Json] = field(default_factory=dict)
    polled_at: float = 0.0
    pollers: list[int] = field(default_factory=list)

    @property
    def bot(self) -> Json:
        user = self.store.user(self.identity.bot_id)
        assert user is not None
        return user

    def now(self) -> int:
        """Whole Unix seconds, as every date of the Bot API."""
        return int(self.clock())

    @contextmanager
    def change(self) -> Iterator[None]:
        """One transaction; when it is on disk, pollers and pages are woken."""
        with self.store.transaction():
            yield
        self.updated.ring()
        self.changed.ring()

    def next_message_id(self, chat: Json) -> int:
        """Supergroups count for themselves, all other chats share one counter."""
        own = chat["type"] in {"supergroup", "channel"}
        return self.store.next(f"message_id {chat['id']}" if own else "message_id")

    def shown(self, message: Message) -> Json:
        """The Message as the bot sees it, with the one it replies to, one level deep."""
        if message.reply_to is None:
            return message.body
        original = self.store.message(message.chat_id, message.reply_to)
        return message.body | {"reply_to_message": original.body} if original else message.body

    def queue(self, kind: str, payload: Json) -> Json:
        """Puts an update in front of the bot, unless the bot asked not to get this kind; the update either way."""
        allowed = self.store.fact("allowed_updates")
        unasked = {"chat_member", "message_reaction", "message_reaction_count"}
        if (allowed and kind not in allowed) or (not allowed and kind in unasked):
            return {kind: payload}
        return self.store.add_update(kind, payload)

    def updates(self, offset: int, limit: int) -> list[Json]:
        """What the bot gets, with what only memory has."""
        return [self._spoken(update) for update in self.store.updates(offset, limit)]

    def _spoken(self, update: Json) -> Json:
        content = self.whispers.get(update["update_id"])
        if content is None:
            return update
        return {key: value if key == "update_id" else value | content for key, value in update.items()}

    def confirm(self, offset: int) -> bool:
        """Forgets all updates below the offset; whether there were any."""
        self.whispers = {number: content for number, content in self.whispers.items() if number >= offset}
        return self.store.confirm(offset)

    def online(self) -> bool:
        """Whether the bot is listening: a poll is held, or the last one ended less than ten seconds ago."""
        return bool(self.pollers) or self.clock() - self.polled_at < 10

    def save_file(self, content: bytes, name: str, mime: str, size: tuple[int, int] = (0, 0)) -> StoredFile:
        """Writes the file to disk before its row exists: a row never points at nothing."""
        number = self.store.next("file")
        path = f"{'photos' if size[0] else 'documents'}/file_{number}{Path(name).suffix[:16]}"
        target = self.folder / "files" / path
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        unique = hashlib.sha256(f"{number} {self.identity.bot_id}".encode()).hexdigest()[:16]
        kind = "AgAC" if size[0] else "BQAC"
        file = StoredFile(kind + secrets.token_urlsafe(36), unique, name, mime, len(content), *size, path)
        self.store.add_file(file)
        return file

    def content(self, file: StoredFile) -> bytes:
        return (self.folder / "files" / file.path).read_bytes()


def open_room(folder: Path, clock: Clock, operator_name: str) -> Room:
    """Opens the folder's chat, and makes it at the first start."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = Store(folder / "localchat.db")
    with store.transaction():
        identity = Identity(**(store.fact("identity") or _first_start(store)))
        operator = store.user(identity.operator_id) or {}
        person = operator | {"id": identity.operator_id, "is_bot": False, "first_name": operator_name}
        store.save_user(person | {"language_code": "en"})
        store.save_chat({"id": identity.operator_id, "type": "private", "first_name": operator_name})
    return Room(store, folder, clock, identity)


def _first_start(store: Store) -> dict[str, Any]:
    bot_id = 7_000_000_000 + secrets.randbelow(999_999_999)
    secret = "AA" + "".join(secrets.choice(TOKEN_LETTERS) for _ in range(33))
    identity = {
        "bot_token": f"{bot_id}:{secret}",
        "page_token": secrets.token_urlsafe(32),
        "bot_id": bot_id,
        "operator_id": 100_000_000 + secrets.randbelow(800_000_000),
    }
    store.remember("identity", identity)
    store.remember("first_update_id", 100_000_000 + secrets.randbelow(800_000_000))
    store.save_user({"id": bot_id, "is_bot": True, "first_name": "Milepost", "username": "milepost_local_bot"})
    return identity
