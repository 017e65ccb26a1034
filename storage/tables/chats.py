"""chats: where we have been spoken to."""

from sqlalchemy import BigInteger, Boolean, Column, Table, Text

from storage.tables.base import metadata
from storage.types import Instant

chats = Table(
    "chats",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),  # private, group, supergroup, channel
    Column("title", Text, nullable=False),
    Column("active", Boolean, nullable=False),  # False: we were blocked or removed
    Column("reason", Text, nullable=False),  # why it is not active
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
)
