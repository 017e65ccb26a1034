"""commands: every command that was carried out, with its reply, so that a repeat gets the same one."""

from sqlalchemy import Column, Index, Table, Text

from storage.tables.base import metadata
from storage.types import Instant

commands = Table(
    "commands",
    metadata,
    Column("id", Text, primary_key=True),
    Column("reply", Text, nullable=False),  # JSON object
    Column("at", Instant, nullable=False),
)

Index("ix_commands_at", commands.c.at)
