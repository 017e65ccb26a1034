"""The replies of commands that were carried out."""

from collections.abc import Mapping

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.codec import loads
from storage.tables import commands

_REPLY = select(commands.c.reply).where(commands.c.id == bindparam("id"))


async def read_reply(connection: AsyncConnection, command_id: str) -> Mapping[str, object] | None:
    """None for a command that was not carried out."""
    text = (await connection.execute(_REPLY, {"id": command_id})).scalar()
    reply: Mapping[str, object] | None = None if text is None else loads(text)
    return reply
