"""allowances: what a person granted beyond the configured limits of models: dollars or reasoning cycles."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from storage.tables.base import metadata
from storage.types import Instant

allowances = Table(
    "allowances",
    metadata,
    Column("id", Text, primary_key=True),  # the decision that granted it: a repeated answer grants nothing twice
    Column("goal_number", Integer, ForeignKey("executor_goals.number"), nullable=False),
    Column("kind", Text, nullable=False),  # "goal", "day" (both in microdollars) or "cycles"
    Column("amount", BigInteger, nullable=False),
    Column("day", Text, nullable=False),  # UTC, of the grant: a day's extra money ends with it
    Column("at", Instant, nullable=False),
)

Index("ix_allowances_goal", allowances.c.goal_number)
Index("ix_allowances_day", allowances.c.day)
