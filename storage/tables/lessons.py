"""lessons: what earlier goals taught, for the plans of later ones."""

from sqlalchemy import Column, Float, ForeignKey, Integer, Table, Text

from storage.tables.base import metadata
from storage.types import Instant

lessons = Table(
    "lessons",
    metadata,
    Column("id", Text, primary_key=True),
    Column("goal_number", Integer, ForeignKey("executor_goals.number")),
    Column("task_ref", Text),
    Column("text", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("at", Instant, nullable=False),
)
