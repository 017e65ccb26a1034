"""lessons: what helped against a failure, how often, and whether a person has taken it back.

No reference to the goals: what was learned stays when they are forgotten.
"""

from sqlalchemy import Column, Integer, Table, Text, UniqueConstraint

from storage.tables.base import metadata
from storage.types import Instant

lessons = Table(
    "lessons",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("key", Text, nullable=False),  # the same remedy against the same failure
    Column("goal_number", Integer, nullable=False),  # where it was learned
    Column("task_ref", Text, nullable=False),
    Column("signature", Text, nullable=False),
    Column("remedy", Text, nullable=False),  # JSON
    Column("text", Text, nullable=False),
    Column("successes", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("learned_at", Instant, nullable=False),
    Column("used_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("revoked_by", Text),
    UniqueConstraint("key"),
)
