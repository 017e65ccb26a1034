"""The replies of commands that were carried out."""

from collections.abc import Mapping

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.codec import loads
from storage.fetching import Question, ask
from storage.tables import commands

REPLY: Question[Mapping[str, object]] = Question(
    select(commands.c.reply).where(commands.c.id == bindparam("id")), lambda row: loads(row.reply)
)


async def read_reply(connection: AsyncConnection, command_id: str) -> Mapping[str, object] | None:
    """None for a command that was not carried out."""
    [replies] = await ask(connection, [REPLY], {"id": command_id})
    return replies[0] if replies else None
