"""goal_blockages: why a task could not go on, what was tried, and how it was resolved."""

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, Table, Text

from executor.domain.blockage import BlockageType
from storage.tables.base import known, metadata, partial_index
from storage.types import Instant

blockages = Table(
    "goal_blockages",
    metadata,
    Column("id", Text, primary_key=True),  # <task ref>/<attempt>
    Column("goal_number", Integer, ForeignKey("executor_goals.number"), nullable=False),
    Column("task_ref", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("detail", Text, nullable=False),
    Column("tried", Text, nullable=False),  # JSON array, oldest first
    Column("missing", Text),  # the variable whose value would help; empty: nobody has named it
    Column("detected_at", Instant, nullable=False),
    Column("resolved_at", Instant),
    Column("resolution", Text, nullable=False),
    Column("status", Text, nullable=False),  # open, resolved
    Column("amendment", Text),  # JSON: a known repair that waits for a person
    known("type", BlockageType),
)

BLOCKAGE_OPEN = blockages.c.resolved_at.is_(None)

partial_index("ix_goal_blockages_open", blockages.c.goal_number, where=BLOCKAGE_OPEN)
Index("ix_goal_blockages_goal", blockages.c.goal_number)
