"""goal_milestones: five checkpoints of a goal, when each was reached and whether people were told."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Integer, Table, Text

from storage.tables.base import metadata
from storage.types import Instant

milestones = Table(
    "goal_milestones",
    metadata,
    Column("goal_number", Integer, ForeignKey("executor_goals.number"), primary_key=True),
    Column("percentage", Integer, primary_key=True),
    Column("title", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("achieved_at", Instant),
    Column("announced", Boolean, nullable=False),
    CheckConstraint("type IN ('planning', 'checkpoint', 'completion')", name="type_is_known"),
)
