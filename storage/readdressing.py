"""A goal that becomes somebody else's. Where it moves to another chat, its card and its open questions are sent there
anew, and what waits is sent there instead."""

from sqlalchemy import BigInteger, and_, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.goal import Origin
from executor.domain.notice import GONE, NoticeKind, NoticeState
from storage.codec import plain
from storage.tables import decisions, goals, notices
from storage.tables.base import among
from storage.tables.decisions import DECISION_OPEN
from storage.tables.goals import GOAL_UNFINISHED
from storage.tables.notices import NOTICE_DEAD, NOTICE_PENDING

_OPEN_ONES = select(decisions.c.number).where(decisions.c.goal_number == bindparam("goal"), DECISION_OPEN)
_STILL_MATTERS = or_(
    among(notices.c.kind, (NoticeKind.CARD,)),
    and_(
        among(notices.c.kind, (NoticeKind.DECISION,)),
        or_(notices.c.decision_number.is_(None), notices.c.decision_number.in_(_OPEN_ONES)),
    ),
    NOTICE_PENDING,
    and_(NOTICE_DEAD, notices.c.error == GONE),
)
_READDRESS = (
    update(notices)
    .where(
        notices.c.goal_number == bindparam("goal"),
        notices.c.chat_id != bindparam("chat", type_=BigInteger),
        _STILL_MATTERS,
    )
    .values(
        chat_id=bindparam("chat", type_=BigInteger),
        thread_id=None,
        state=NoticeState.PENDING.value,
        message_id=None,
        content_hash="",
        probe_after=None,
        sent_revision=-1,
        revision=notices.c.revision + 1,
        attempts=0,
        error="",
    )
)


_OPEN_ANYWHERE = select(decisions.c.number).where(DECISION_OPEN)
_UNFINISHED = select(goals.c.number).where(GOAL_UNFINISHED)
_SHOW_AGAIN = (
    update(notices)
    .where(
        notices.c.chat_id == bindparam("chat", type_=BigInteger),
        among(notices.c.state, (NoticeState.SENT,)),
        or_(
            and_(among(notices.c.kind, (NoticeKind.CARD,)), notices.c.goal_number.in_(_UNFINISHED)),
            and_(
                among(notices.c.kind, (NoticeKind.DECISION,)),
                or_(
                    notices.c.decision_number.in_(_OPEN_ANYWHERE),
                    and_(notices.c.decision_number.is_(None), notices.c.goal_number.in_(_UNFINISHED)),
                ),
            ),
        ),
    )
    .values(state=NoticeState.PENDING.value, sent_revision=-1, revision=notices.c.revision + 1)
)


async def show_again(connection: AsyncConnection, chat_id: int) -> None:
    """What a chat is asked, and the cards of what goes on there, as new messages: it has become another chat, and what
    stood in it counts no more."""
    await connection.execute(_SHOW_AGAIN, {"chat": chat_id})


_NEW_ORIGIN = update(goals).where(goals.c.number == bindparam("goal"))


async def give_to(connection: AsyncConnection, goal_number: int, origin: Origin) -> None:
    person = {"person_id": origin.person_id, "person_name": plain(origin.person_name)}
    place = {"chat_id": origin.chat_id, "thread_id": origin.thread_id, "message_id": origin.message_id}
    await connection.execute(_NEW_ORIGIN.values(**person, **place), {"goal": goal_number})
    if origin.chat_id is not None:
        await connection.execute(_READDRESS, {"goal": goal_number, "chat": origin.chat_id})
