"""What chats want of their own accord: digests and quiet hours."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select

from executor.domain.habits import Habits, Hours
from executor.domain.notice import Notice
from storage.connections import Connections
from storage.fetching import fetch, fetch_first
from storage.noticing import put_notices
from storage.rows import Record, Values
from storage.sqlite import insert
from storage.tables import habits

LABELS = ("habits.keep", "habits.told")

_new = insert(habits)
_KEEP = _new.on_conflict_do_update(
    index_elements=[habits.c.chat_id],
    set_={column.name: _new.excluded[column.name] for column in habits.c if column.name != "chat_id"},
)
_ONE = select(habits).where(habits.c.chat_id == bindparam("chat"))
_DUE = select(habits).where(habits.c.digest_due_at <= bindparam("now")).order_by(habits.c.chat_id)


class HabitRows:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def habits(self, chat_id: int) -> Habits:
        async with self._connections.read_once() as connection:
            row = await fetch_first(connection, _ONE, {"chat": chat_id})
            return Habits(chat_id=chat_id) if row is None else _habits(row)

    async def digests_due(self, now: datetime) -> list[Habits]:
        async with self._connections.read_once() as connection:
            return [_habits(row) for row in await fetch(connection, _DUE, {"now": now})]

    async def keep(self, kept: Habits) -> None:
        async with self._connections.write("habits.keep") as connection:
            await connection.execute(_KEEP, [_values(kept)])

    async def told(self, kept: Habits, notices: Sequence[Notice]) -> None:
        """The digest is in the outbox, and the next one is due: one transaction."""
        async with self._connections.write("habits.told") as connection:
            await connection.execute(_KEEP, [_values(kept)])
            await put_notices(connection, notices)


def _values(kept: Habits) -> Values:
    return {
        "chat_id": kept.chat_id,
        "thread_id": kept.thread_id,
        "digest_at": kept.digest_at,
        "digest_due_at": kept.digest_due_at,
        "quiet_start": None if kept.hours is None else kept.hours.start,
        "quiet_end": None if kept.hours is None else kept.hours.end,
        "quiet_until": kept.quiet_until,
    }


def _habits(row: Record) -> Habits:
    return Habits(
        chat_id=row.chat_id,
        thread_id=row.thread_id,
        digest_at=row.digest_at,
        digest_due_at=row.digest_due_at,
        hours=None if row.quiet_start is None else Hours(start=row.quiet_start, end=row.quiet_end or ""),
        quiet_until=row.quiet_until,
    )
