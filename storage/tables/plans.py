"""goal_plans: every version of every plan, written once and never changed."""

from sqlalchemy import Column, ForeignKey, Integer, Table, Text

from storage.tables.base import metadata
from storage.types import Instant

plans = Table(
    "goal_plans",
    metadata,
    Column("goal_number", Integer, ForeignKey("executor_goals.number"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("summary", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("body", Text, nullable=False),  # JSON: criteria, tasks and reading
    Column("created_at", Instant),
)
