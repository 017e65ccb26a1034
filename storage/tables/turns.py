"""task_turns: every step of a task that a model works on call by call, before it is carried out and after."""

from sqlalchemy import Column, ForeignKey, Integer, Table, Text

from executor.domain.turn import TurnKind
from storage.tables.base import known, metadata
from storage.types import Instant

turns = Table(
    "task_turns",
    metadata,
    Column("task_ref", Text, ForeignKey("goal_tasks.ref"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("goal_number", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("thought", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("parameters", Text, nullable=False),  # JSON object
    Column("does", Text, nullable=False),
    Column("result", Text),  # JSON object; empty until it is known
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    known("kind", TurnKind),
)

TURN_OPEN = turns.c.result.is_(None)
