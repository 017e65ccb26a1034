"""goal_adaptations: why one version of a plan replaced another."""

from sqlalchemy import Column, Float, ForeignKeyConstraint, Integer, Table, Text

from storage.tables.base import metadata
from storage.types import Instant

adaptations = Table(
    "goal_adaptations",
    metadata,
    Column("goal_number", Integer, primary_key=True),
    Column("new_plan", Integer, primary_key=True),  # version
    Column("old_plan", Integer, nullable=False),  # version
    Column("reason", Text, nullable=False),
    Column("outcome_deviation", Float),  # 0..1; None where nobody measured one
    Column("at", Instant, nullable=False),
    ForeignKeyConstraint(["goal_number", "new_plan"], ["goal_plans.goal_number", "goal_plans.version"]),
)
