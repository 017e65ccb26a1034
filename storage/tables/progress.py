"""goal_progress: how a goal came along, line by line."""

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, Table, Text

from storage.tables.base import metadata
from storage.types import Instant

progress = Table(
    "goal_progress",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("goal_number", Integer, ForeignKey("executor_goals.number"), nullable=False),
    Column("progress", Float, nullable=False),  # 0..1
    Column("status", Text, nullable=False),
    Column("notes", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

Index("ix_goal_progress_goal", progress.c.goal_number, progress.c.id)
