"""chat_habits: what a chat wants of its own accord; a chat without a row wants nothing."""

from sqlalchemy import BigInteger, Column, Table, Text

from storage.tables.base import metadata
from storage.types import Instant

habits = Table(
    "chat_habits",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("thread_id", BigInteger),  # where the digest was asked for
    Column("digest_at", Text, nullable=False),  # a time of day; empty: no digest
    Column("digest_due_at", Instant),  # the next one
    Column("quiet_start", Text),  # None: the configured hours
    Column("quiet_end", Text),
    Column("quiet_until", Instant),
)
