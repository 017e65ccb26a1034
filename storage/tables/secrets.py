"""secrets: values that people gave for a goal, encrypted with this install's key, until the goal is over."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table, Text

from storage.tables.base import metadata
from storage.types import Instant

secrets = Table(
    "secrets",
    metadata,
    Column("goal_number", Integer, ForeignKey("executor_goals.number"), primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),  # of the variable
    Column("sealed", Text, nullable=False),
    Column("by", BigInteger, nullable=False),  # the person's id
    Column("created_at", Instant, nullable=False),
)
