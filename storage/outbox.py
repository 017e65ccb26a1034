"""The adapter of the port Outbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, bindparam, case, delete, func, null, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Update

from executor.domain.notice import Notice, NoticeState
from executor.ports import Clock
from storage.chats import ChatRows
from storage.codec import plain
from storage.connections import Connections
from storage.fetching import fetch, fetch_first
from storage.noticing import put_notices
from storage.readdressing import show_again
from storage.rows import notice_from
from storage.tables import chats, goals, habits, inbox, notices, people
from storage.tables.base import among, columns
from storage.tables.notices import NOTICE_PENDING, NOTICE_UNFINISHED

LABELS = (
    "outbox.mark_sending",
    "outbox.mark_sent",
    "outbox.mark_pending",
    "outbox.mark_unknown",
    "outbox.mark_dead",
    "outbox.forget_message",
    "outbox.move_chat",
    "outbox.put",
)

_COLUMNS = [column for column in columns(notices) if column.name != "priority"]
_PENDING, _SENDING, _UNKNOWN = NoticeState.PENDING, NoticeState.SENDING, NoticeState.UNKNOWN

DELIVERABLE = (
    select(*_COLUMNS)
    .where(NOTICE_PENDING, notices.c.due_at <= bindparam("now"))
    .order_by(notices.c.chat_id, notices.c.priority, notices.c.created_at, notices.c.key)
    .limit(bindparam("most"))
)
_LEFT_OVER = select(*_COLUMNS).where(NOTICE_UNFINISHED).order_by(notices.c.created_at, notices.c.key)


def _from(*states: NoticeState) -> Update:
    return update(notices).where(notices.c.key == bindparam("at_key"), among(notices.c.state, states))


_TO_SENDING = (
    _from(_PENDING, _UNKNOWN)
    .values(state=_SENDING.value, attempts=notices.c.attempts + 1, probe_after=bindparam("after"))
    .returning(*_COLUMNS)
)
_changed_since = notices.c.revision > bindparam("at_revision")
_TO_SENT = _from(_SENDING, _UNKNOWN).values(
    state=case((_changed_since, _PENDING.value), else_=NoticeState.SENT.value),
    attempts=0,
    message_id=func.coalesce(bindparam("message", type_=notices.c.message_id.type), notices.c.message_id),
    content_hash=bindparam("hash"),
    sent_revision=bindparam("at_revision"),
    sent_at=bindparam("at", type_=notices.c.sent_at.type),
    error="",
)
_TO_PENDING = _from(_PENDING, _SENDING, _UNKNOWN).values(
    state=_PENDING.value, due_at=bindparam("due"), error=bindparam("why")
)
_TO_UNKNOWN = _from(_SENDING, _UNKNOWN).values(state=_UNKNOWN.value, error=bindparam("why"))
_TO_DEAD = _from(_PENDING, _SENDING, _UNKNOWN).values(state=NoticeState.DEAD.value, error=bindparam("why"))
_WITHOUT_MESSAGE = (
    update(notices)
    .where(notices.c.key == bindparam("at_key"))
    .values(
        state=case((among(notices.c.state, (_SENDING, _UNKNOWN)), _PENDING.value), else_=notices.c.state),
        message_id=null(),
        content_hash="",
        sent_revision=-1,
        probe_after=null(),
    )
)
_MESSAGE_OF = select(notices.c.message_id).where(notices.c.key == bindparam("key"))

_HERE = bindparam("chat", type_=BigInteger)
_KNOWN = union_all(
    select(notices.c.message_id).where(notices.c.chat_id == _HERE, notices.c.message_id > bindparam("above")),
    select(inbox.c.message_id).where(inbox.c.chat_id == _HERE, inbox.c.message_id > bindparam("above")),
)
_highest = union_all(
    select(func.max(notices.c.message_id).label("id")).where(notices.c.chat_id == _HERE),
    select(func.max(inbox.c.message_id)).where(inbox.c.chat_id == _HERE),
).subquery()
_LAST = select(func.max(_highest.c.id))


class OutboxRows:
    """See the port. A notice that is not in a state to be marked stays as it is: marking twice changes nothing."""

    def __init__(self, connections: Connections, chats: ChatRows, clock: Clock) -> None:
        self._connections = connections
        self._chats = chats
        self._clock = clock

    async def pending(self, now: datetime, limit: int = 200) -> list[Notice]:
        async with self._connections.read_once() as connection:
            rows = await fetch(connection, DELIVERABLE, {"now": now, "most": limit})
            return [notice_from(row) for row in rows]

    async def unfinished(self) -> list[Notice]:
        async with self._connections.read_once() as connection:
            return [notice_from(row) for row in await fetch(connection, _LEFT_OVER)]

    async def mark_sending(self, key: str, probe_after: int | None) -> Notice | None:
        async with self._connections.write("outbox.mark_sending") as connection:
            row = await fetch_first(connection, _TO_SENDING, {"at_key": key, "after": probe_after})
            return None if row is None else notice_from(row)

    async def mark_sent(self, key: str, message_id: int | None, content_hash: str, revision: int, at: datetime) -> None:
        receipt = {"message": message_id, "hash": content_hash, "at_revision": revision, "at": at}
        await self._mark("outbox.mark_sent", _TO_SENT, key, receipt)

    async def mark_pending(self, key: str, due_at: datetime, error: str) -> None:
        await self._mark("outbox.mark_pending", _TO_PENDING, key, {"due": due_at, "why": plain(error)})

    async def mark_unknown(self, key: str, error: str) -> None:
        await self._mark("outbox.mark_unknown", _TO_UNKNOWN, key, {"why": plain(error)})

    async def mark_dead(self, key: str, error: str) -> None:
        await self._mark("outbox.mark_dead", _TO_DEAD, key, {"why": plain(error)})

    async def chat_gone(self, chat_id: int, reason: str, key: str) -> None:
        await self._chats.set_chat_inactive(chat_id, reason, self._clock.now(), key)

    async def forget_message(self, key: str) -> None:
        await self._mark("outbox.forget_message", _WITHOUT_MESSAGE, key, {})

    async def message_of(self, key: str) -> int | None:
        async with self._connections.read_once() as connection:
            found: int | None = (await connection.execute(_MESSAGE_OF, {"key": key})).scalar()
            return found

    async def known_message_ids(self, chat_id: int, above: int) -> set[int]:
        """Ours and people's."""
        async with self._connections.read_once() as connection:
            return set((await connection.execute(_KNOWN, {"chat": chat_id, "above": above})).scalars())

    async def last_message_id(self, chat_id: int) -> int | None:
        async with self._connections.read_once() as connection:
            last: int | None = (await connection.execute(_LAST, {"chat": chat_id})).scalar()
            return last

    async def move_chat(self, old: int, new: int) -> None:
        """Message ids stay behind: a supergroup counts its messages anew, and an old id would name a stranger's."""
        async with self._connections.write("outbox.move_chat") as connection:
            await _move_chat(connection, old, new)

    async def put(self, notices: Sequence[Notice]) -> None:
        async with self._connections.write("outbox.put") as connection:
            await put_notices(connection, notices)

    async def _mark(self, label: str, statement: Update, key: str, values: dict[str, Any]) -> None:
        async with self._connections.write(label) as connection:
            await connection.execute(statement, {"at_key": key, **values})


async def _move_chat(connection: AsyncConnection, old: int, new: int) -> None:
    gone = {"message_id": None, "content_hash": "", "probe_after": None}
    moved = await connection.execute(update(notices).where(notices.c.chat_id == old).values(chat_id=new, **gone))
    if moved.rowcount:
        await show_again(connection, new)
    await connection.execute(update(goals).where(goals.c.chat_id == old).values(chat_id=new, message_id=None))
    await connection.execute(update(inbox).where(inbox.c.chat_id == old).values(chat_id=new, message_id=None))
    await connection.execute(update(people).where(people.c.chat_id == old).values(chat_id=new))
    await connection.execute(delete(habits).where(habits.c.chat_id == new))
    await connection.execute(update(habits).where(habits.c.chat_id == old).values(chat_id=new))
    if (await connection.execute(select(chats.c.chat_id).where(chats.c.chat_id == new))).first() is None:
        await connection.execute(update(chats).where(chats.c.chat_id == old).values(chat_id=new))
    else:
        await connection.execute(delete(chats).where(chats.c.chat_id == old))
