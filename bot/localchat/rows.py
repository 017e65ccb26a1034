"""The rows of the local chat, as SQLite holds them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bot.localchat.shapes import Json

SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS chats (id INTEGER PRIMARY KEY, body TEXT NOT NULL, pinned TEXT NOT NULL DEFAULT '[]');
CREATE TABLE IF NOT EXISTS members (
    chat_id INTEGER NOT NULL, user_id INTEGER NOT NULL, status TEXT NOT NULL, PRIMARY KEY (chat_id, user_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (
    chat_id INTEGER NOT NULL, id INTEGER NOT NULL, seq INTEGER NOT NULL, mine INTEGER NOT NULL, reply_to INTEGER,
    deleted INTEGER NOT NULL DEFAULT 0, update_id INTEGER, fetched INTEGER NOT NULL DEFAULT 0,
    once TEXT UNIQUE, prompt TEXT, body TEXT NOT NULL, PRIMARY KEY (chat_id, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS messages_by_change ON messages (chat_id, seq);
CREATE INDEX IF NOT EXISTS messages_waiting ON messages (update_id) WHERE fetched = 0 AND update_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS updates (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS presses (
    id TEXT PRIMARY KEY, chat_id INTEGER NOT NULL, message_id INTEGER NOT NULL, user_id INTEGER NOT NULL,
    data TEXT NOT NULL, pressed_at REAL NOT NULL, seq INTEGER NOT NULL, answer TEXT
);
CREATE INDEX IF NOT EXISTS presses_by_change ON presses (chat_id, seq);
CREATE TABLE IF NOT EXISTS spelt (
    chat_id INTEGER NOT NULL, command TEXT NOT NULL, number TEXT NOT NULL, PRIMARY KEY (chat_id, command, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
    id TEXT PRIMARY KEY, unique_id TEXT NOT NULL, name TEXT NOT NULL, mime TEXT NOT NULL, size INTEGER NOT NULL,
    width INTEGER NOT NULL, height INTEGER NOT NULL, path TEXT NOT NULL UNIQUE
);
"""
MESSAGE = "chat_id, id, seq, mine, reply_to, deleted, fetched, once, prompt, body"


@dataclass(frozen=True)
class Message:
    """A row of the chat. `body` is the Bot API's Message without the one it replies to.

    `mine`: sent by the bot. `fetched`: the bot has confirmed the update. `seq` grows with every change of any message.
    `once`: the key under which a person's page sent it, so that a repeat is known.
    `prompt`: a ForceReply or reply keyboard, which Telegram shows to people but never sends back to the bot.
    """

    chat_id: int
    id: int
    seq: int
    mine: bool
    reply_to: int | None
    deleted: bool
    fetched: bool
    once: str | None
    prompt: Json | None
    body: Json


@dataclass(frozen=True)
class Press:
    """A press of an inline button; `answer` is None until the bot has answered it. `pressed_at` in Unix seconds."""

    id: str
    chat_id: int
    message_id: int
    user_id: int
    data: str
    pressed_at: float
    seq: int
    answer: Json | None


@dataclass(frozen=True)
class StoredFile:
    """A document or photo; width and height in pixels, 0 for what is no picture. `path` as getFile gives it."""

    id: str
    unique_id: str
    name: str
    mime: str
    size: int
    width: int
    height: int
    path: str


def message_from(row: tuple[Any, ...]) -> Message:
    chat_id, number, seq, mine, reply_to, deleted, fetched, once, prompt, body = row
    shown = json.loads(prompt) if prompt else None
    return Message(
        chat_id, number, seq, bool(mine), reply_to, bool(deleted), bool(fetched), once, shown, json.loads(body)
    )


def press_from(row: tuple[Any, ...]) -> Press:
    number, chat_id, message_id, user_id, data, pressed_at, seq, answer = row
    return Press(number, chat_id, message_id, user_id, data, pressed_at, seq, json.loads(answer) if answer else None)
