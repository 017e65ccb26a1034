"""The chats we have been spoken to in."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, not_, or_, select, update

from executor.domain.notice import GONE, NoticeState
from storage.codec import plain
from storage.connections import Connections
from storage.sqlite import insert
from storage.tables import chats, decisions, notices
from storage.tables.decisions import DECISION_OPEN
from storage.tables.notices import NOTICE_DEAD, NOTICE_PENDING

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
_INACTIVE = insert(chats).on_conflict_do_update(
    index_elements=[chats.c.chat_id], set_={"active": False, "reason": _new.excluded.reason}
)
_here = notices.c.chat_id == bindparam("at_chat")
_DIE = (
    update(notices)
    .where(_here, or_(NOTICE_PENDING, notices.c.key == bindparam("at_key")))
    .values(state=NoticeState.DEAD.value, error=GONE)
)
_closed_unseen = and_(
    notices.c.message_id.is_(None),
    notices.c.decision_number.is_not(None),
    notices.c.decision_number.not_in(select(decisions.c.number).where(DECISION_OPEN)),
)
_REVIVE = (
    update(notices)
    .where(_here, NOTICE_DEAD, notices.c.error == GONE, not_(_closed_unseen))
    .values(state=NoticeState.PENDING.value, due_at=bindparam("at"), attempts=0, error="")
)
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
        """Something came from there, so it is active: what could not be delivered while it was gone is to be delivered
        again, once, but for questions that nobody saw and that are closed by now."""
        values = {"kind": kind, "title": plain(title), "active": True, "reason": ""}
        async with self._connections.write("chats.remember") as connection:
            await connection.execute(
                _REMEMBER, [values | {"chat_id": chat_id, "first_seen_at": at, "last_seen_at": at}]
            )
            await connection.execute(_REVIVE, {"at_chat": chat_id, "at": at})

    async def set_chat_inactive(self, chat_id: int, reason: str, at: datetime, key: str = "") -> None:
        """Nothing arrives there any more: everything that waits for delivery is given up until the chat is back, and so
        is the notice `key`, whose delivery has shown it."""
        row = {
            "chat_id": chat_id,
            "kind": "private" if chat_id > 0 else "group",  # of a chat that never spoke to us
            "title": "",
            "active": False,
            "reason": plain(reason),
            "first_seen_at": at,
            "last_seen_at": at,
        }
        async with self._connections.write("chats.set_inactive") as connection:
            await connection.execute(_INACTIVE, [row])
            await connection.execute(_DIE, {"at_chat": chat_id, "at_key": key})

    async def all(self) -> list[Chat]:
        async with self._connections.read_once() as connection:
            return [Chat(**row) for row in (await connection.execute(_ALL)).mappings()]
