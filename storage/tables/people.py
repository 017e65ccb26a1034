"""people and api_keys: who may do what."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, Table, Text

from storage.tables.base import metadata
from storage.types import Instant

people = Table(
    "people",
    metadata,
    Column("person_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("chat_id", BigInteger),  # where pushes go
    Column("added_at", Instant, nullable=False),
    Column("added_by", BigInteger),
    CheckConstraint("role IN ('owner', 'approver', 'requester', 'viewer')", name="role_is_known"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_hash", Text, primary_key=True),  # of the key; the key itself is printed once and stored nowhere
    Column("number", Integer, nullable=False, unique=True),
    Column("person_id", BigInteger, ForeignKey("people.person_id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    Column("revoked_at", Instant),
    CheckConstraint("role IN ('owner', 'approver', 'requester', 'viewer')", name="role_is_known"),
)
