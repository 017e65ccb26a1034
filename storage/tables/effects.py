"""effects: what was begun outside that can't be repeated at will, with its receipt."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

from executor.domain.effect import EffectState
from storage.tables.base import among, known, metadata, partial_index
from storage.types import Instant

effects = Table(
    "effects",
    metadata,
    Column("id", Text, primary_key=True),  # <task ref>#<attempt>
    Column("goal_number", Integer, ForeignKey("executor_goals.number"), nullable=False),
    Column("task_ref", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("what", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("intended_at", Instant, nullable=False),
    Column("settled_at", Instant),
    known("state", EffectState),
)

EFFECT_UNSETTLED = among(effects.c.state, (EffectState.INTENDED, EffectState.UNKNOWN))

Index("ix_effects_goal", effects.c.goal_number)
partial_index("ix_effects_unsettled", effects.c.goal_number, where=EFFECT_UNSETTLED)
