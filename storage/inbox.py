"""What arrives from the chat: stored before it is confirmed, handled in its order, known again when it is repeated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, bindparam, delete, select, update

from executor.domain.notice import Notice
from executor.ports import Clock
from storage.codec import dumps, loads, plain
from storage.connections import Connections
from storage.fetching import fetch
from storage.noticing import put_notices
from storage.sqlite import insert
from storage.tables import inbox
from storage.tables.inbox import INBOX_WAITING, InboxState

LABELS = ("inbox.put", "inbox.done", "inbox.failed", "inbox.prune")

_KNOWN = select(inbox.c.update_id).where(inbox.c.update_id.in_(bindparam("ids", expanding=True)))
_PUT = insert(inbox).on_conflict_do_nothing(index_elements=[inbox.c.update_id])
WAITING = (
    select(inbox.c.update_id, inbox.c.chat_id, inbox.c.payload, inbox.c.sealed, inbox.c.received_at)
    .where(INBOX_WAITING)
    .order_by(inbox.c.received_at, inbox.c.update_id)
)
_END = update(inbox).where(inbox.c.update_id == bindparam("at_id"), INBOX_WAITING)
_MESSAGES = select(inbox.c.update_id, inbox.c.chat_id, inbox.c.payload, inbox.c.received_at, inbox.c.state).where(
    inbox.c.chat_id == bindparam("chat")
)
_SINCE = (
    _MESSAGES.where(inbox.c.message_id >= bindparam("at_message")).order_by(inbox.c.message_id).limit(bindparam("most"))
)
_BEFORE = (
    _MESSAGES.where(inbox.c.message_id < bindparam("at_message"))
    .order_by(inbox.c.message_id.desc())
    .limit(bindparam("most"))
)
_PRUNE = delete(inbox).where(inbox.c.received_at < bindparam("before"), inbox.c.state != InboxState.WAITING.value)

Update = tuple[int, int | None, Mapping[str, Any]]
"""(update id, chat id, payload as the Bot API sends it)."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An update that nobody has handled to the end."""

    update_id: int
    chat_id: int | None
    payload: Mapping[str, Any]
    received_at: datetime
    sealed: str | None = None  # encrypted: the text of a message that carries a secret; the payload is without it


@dataclass(frozen=True, slots=True)
class Heard(Waiting):
    """A person's new message. `waiting`: nobody has handled it to the end yet."""

    waiting: bool = field(kw_only=True)


class InboxRows:
    """Every method is one transaction, committed when it returns, and safe to call twice."""

    def __init__(self, connections: Connections, clock: Clock) -> None:
        self._connections = connections
        self._clock = clock

    async def put(self, updates: Sequence[Update], *, sealed: Mapping[int, str] | None = None) -> list[int]:
        """Store them; the ids that were new, in the order given. Ids are compared as a set: Telegram may start anew
        with lower ones. `sealed` holds by id what was taken out of a payload, encrypted."""
        if not updates:
            return []
        now = self._clock.now()
        by_id = {update_id: (chat_id, payload) for update_id, chat_id, payload in updates}
        async with self._connections.write("inbox.put") as connection:
            known = set((await connection.execute(_KNOWN, {"ids": list(by_id)})).scalars())
            new = [update_id for update_id in by_id if update_id not in known]
            if new:
                await connection.execute(
                    _PUT,
                    [_values(update_id, *by_id[update_id], (sealed or {}).get(update_id), now) for update_id in new],
                )
            return new

    async def waiting(self) -> list[Waiting]:
        """As they arrived, oldest first."""
        async with self._connections.read_once() as connection:
            rows = await fetch(connection, WAITING)
        return [Waiting(row.update_id, row.chat_id, loads(row.payload), row.received_at, row.sealed) for row in rows]

    async def messages_since(self, chat_id: int, message_id: int, limit: int = 20) -> list[Heard]:
        """New messages of people in that chat from this one on, itself included, in their order."""
        return await self._messages(_SINCE, chat_id, message_id, limit)

    async def messages_before(self, chat_id: int, message_id: int, limit: int = 20) -> list[Heard]:
        """New messages of people in that chat before this one, the newest first."""
        return await self._messages(_BEFORE, chat_id, message_id, limit)

    async def _messages(self, statement: Executable, chat_id: int, message_id: int, limit: int) -> list[Heard]:
        where = {"chat": chat_id, "at_message": message_id, "most": limit}
        async with self._connections.read_once() as connection:
            rows = await fetch(connection, statement, where)
        waiting = InboxState.WAITING.value
        return [
            Heard(r.update_id, r.chat_id, loads(r.payload), r.received_at, waiting=r.state == waiting) for r in rows
        ]

    async def done(self, update_id: int, notices: Sequence[Notice] = (), also: Sequence[int] = ()) -> None:
        """Handled to the end, with the updates `also` that were part of it; its answers go to the outbox in the same
        transaction."""
        async with self._connections.write("inbox.done") as connection:
            await connection.execute(_END, self._ended([update_id, *also], InboxState.DONE, ""))
            await put_notices(connection, notices)

    async def failed(
        self, update_id: int, error: str, notices: Sequence[Notice] = (), also: Sequence[int] = ()
    ) -> None:
        """Set aside: they will not be tried again. What the chat is told about it goes to the outbox with it."""
        async with self._connections.write("inbox.failed") as connection:
            await connection.execute(_END, self._ended([update_id, *also], InboxState.FAILED, plain(error)))
            await put_notices(connection, notices)

    async def prune(self, before: datetime) -> int:
        """Forget what was handled and received before then; how many those were. The chat may repeat an update for a
        day: keep at least two."""
        async with self._connections.write("inbox.prune") as connection:
            return (await connection.execute(_PRUNE, {"before": before})).rowcount

    def _ended(self, update_ids: Sequence[int], state: InboxState, error: str) -> list[dict[str, Any]]:
        """What was sealed is nobody's business any more."""
        ended = {"state": state.value, "done_at": self._clock.now(), "error": error, "sealed": None}
        return [ended | {"at_id": one} for one in update_ids]


def _values(
    update_id: int, chat_id: int | None, payload: Mapping[str, Any], sealed: str | None, now: datetime
) -> dict[str, Any]:
    message = payload.get("message")
    return {
        "update_id": update_id,
        "chat_id": chat_id,
        "message_id": message.get("message_id") if isinstance(message, Mapping) else None,
        "payload": dumps(payload),
        "sealed": sealed,
        "state": InboxState.WAITING.value,
        "received_at": now,
        "done_at": None,
        "error": "",
    }
