"""goal_execution_log: every change of state, in the words of document 004."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

from storage.tables.base import metadata
from storage.types import Instant

execution_log = Table(
    "goal_execution_log",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("goal_number", Integer, ForeignKey("executor_goals.number"), nullable=False),
    Column("task_ref", Text),
    Column("event", Text, nullable=False),
    Column("executor_id", Text, nullable=False),
    Column("executor_type", Text, nullable=False),
    Column("timestamp", Instant, nullable=False),
    Column("result", Text, nullable=False),  # JSON object
)

Index("ix_goal_execution_log_goal", execution_log.c.goal_number, execution_log.c.id)
