"""How much was said of late, of a goal and in a chat."""

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.flood import MARK, Said
from storage.fetching import fetch
from storage.tables import notices
from storage.tables.notices import NOTICE_NEWS, NOTICE_SAID
from storage.types import Instant


def _since_the_last_flood(whose: ColumnElement[bool], kinds: ColumnElement[bool]) -> Select[tuple[int, int]]:
    """(within the minute, within the hour)"""
    hour, minute = bindparam("hour", type_=Instant), bindparam("minute", type_=Instant)
    last = select(func.max(notices.c.created_at)).where(
        whose, NOTICE_NEWS, notices.c.created_at > hour, notices.c.key.contains(MARK)
    )
    begun = func.coalesce(last.scalar_subquery(), hour)
    lately = func.coalesce(func.sum(case((notices.c.created_at > minute, 1), else_=0)), 0)
    return select(lately.label("minute"), func.count().label("hour")).where(whose, kinds, notices.c.created_at > begun)


_OF_GOAL = _since_the_last_flood(notices.c.goal_number == bindparam("goal"), NOTICE_SAID)
_IN_CHAT = _since_the_last_flood(
    (notices.c.chat_id == bindparam("chat", type_=BigInteger)) & notices.c.goal_number.is_not(None), NOTICE_NEWS
)


async def read_said(connection: AsyncConnection, goal_number: int, chat_id: int, now: datetime) -> tuple[Said, Said]:
    about = {"hour": now - timedelta(hours=1), "minute": now - timedelta(minutes=1)}
    [of_goal] = await fetch(connection, _OF_GOAL, {"goal": goal_number} | about)
    [in_chat] = await fetch(connection, _IN_CHAT, {"chat": chat_id} | about)
    return Said(minute=of_goal.minute, hour=of_goal.hour), Said(minute=in_chat.minute, hour=in_chat.hour)
