"""brain_calls: every request to a model, with its cost; a goal's reasoning is found through them."""

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, Table, Text

from storage.tables.base import metadata
from storage.types import Instant

brain_calls = Table(
    "brain_calls",
    metadata,
    Column("id", Text, primary_key=True),
    Column("goal_number", Integer, ForeignKey("executor_goals.number")),
    Column("task_ref", Text),
    Column("purpose", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("tokens_in", Integer, nullable=False),
    Column("tokens_out", Integer, nullable=False),
    Column("cost_microusd", BigInteger, nullable=False),  # whole millionths: they are summed; the worst until settled
    Column("duration_s", Float, nullable=False),
    Column("error", Text, nullable=False),  # "reserved" until settled; a crash leaves it so
    Column("at", Instant, nullable=False),
    Column("tokens_cached", Integer, nullable=False, server_default="0"),  # of tokens_in
    Column("digest", Text),  # of the request, and for a task of its attempt; None: its reply is not given again
    Column("reply", Text),  # so that a crash before its use does not pay twice; None: there is no usable one
)

Index("ix_brain_calls_goal", brain_calls.c.goal_number, brain_calls.c.at)
Index("ix_brain_calls_at", brain_calls.c.at)
