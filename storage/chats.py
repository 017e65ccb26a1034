"""The chats we have been spoken to in."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update

from storage.codec import plain
from storage.connections import Connections
from storage.sqlite import insert
from storage.tables import chats

LABELS = ("chats.remember", "chats.set_inactive")

_new = insert(chats)
_REMEMBER = _new.on_conflict_do_update(
    index_elements=[chats.c.chat_id],
    set_={
        "kind": _new.excluded.kind,
        "title": _new.excluded.title,
        "active": True,
        "reason": "",
        "last_seen_at": _new.excluded.last_seen_at,
    },
)
_INACTIVE = update(chats).where(chats.c.chat_id == bindparam("at_chat"))
_ALL = select(chats).order_by(chats.c.chat_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """`active` False: nothing can be sent there; `reason` says why."""

    chat_id: int
    kind: str
    title: str
    active: bool
    reason: str
    first_seen_at: datetime
    last_seen_at: datetime


class ChatRows:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def remember_chat(self, chat_id: int, kind: str, title: str, at: datetime) -> None:
        """Somebody wrote there, so it is active."""
        values = {"kind": kind, "title": plain(title), "active": True, "reason": ""}
        async with self._connections.write("chats.remember") as connection:
            await connection.execute(
                _REMEMBER, [values | {"chat_id": chat_id, "first_seen_at": at, "last_seen_at": at}]
            )

    async def set_chat_inactive(self, chat_id: int, reason: str) -> None:
        async with self._connections.write("chats.set_inactive") as connection:
            await connection.execute(_INACTIVE, [{"at_chat": chat_id, "active": False, "reason": plain(reason)}])

    async def all(self) -> list[Chat]:
        async with self._connections.read_once() as connection:
            return [Chat(**row) for row in (await connection.execute(_ALL)).mappings()]
