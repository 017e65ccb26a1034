"""Putting notices in the outbox, as part of whatever transaction made them true."""

from collections.abc import Sequence

from sqlalchemy import case
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.notice import Notice, NoticeKind, NoticeState
from storage.prepared import Prepared
from storage.rows import Values, notice_values
from storage.sqlite import insert, run_together
from storage.tables import notices

REPEATS = frozenset({NoticeKind.CARD, NoticeKind.DECISION, NoticeKind.END})
"""Kinds whose message is edited: their key may be written again."""

_ONCE = Prepared(insert(notices).on_conflict_do_nothing(index_elements=[notices.c.key]))

_new = insert(notices)
_was_sent = notices.c.state == NoticeState.SENT.value
_AGAIN = Prepared(
    _new.on_conflict_do_update(
        index_elements=[notices.c.key],
        set_={
            "facts": _new.excluded.facts,
            "decision_number": _new.excluded.decision_number,
            "revision": notices.c.revision + 1,
            "state": case((_was_sent, NoticeState.PENDING.value), else_=notices.c.state),
            "due_at": case((_was_sent, _new.excluded.due_at), else_=notices.c.due_at),  # a pause stays a pause
        },
    )
)


def notices_to_put(new: Sequence[Notice], *, once: bool = False) -> list[tuple[Prepared, list[Values]]]:
    """`once`: no key may be written a second time, whatever its kind."""
    repeating = frozenset[NoticeKind]() if once else REPEATS
    single = [notice_values(notice) for notice in new if notice.kind not in repeating]
    again = [notice_values(notice) for notice in new if notice.kind in repeating]
    return [(statement, values) for statement, values in ((_ONCE, single), (_AGAIN, again)) if values]


async def put_notices(connection: AsyncConnection, new: Sequence[Notice]) -> None:
    """Each key once: a known one changes nothing."""
    puts = notices_to_put(new, once=True)
    await run_together(connection, [statement.bound(connection.dialect, values) for statement, values in puts])
