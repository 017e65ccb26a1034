"""workers: the processes that run attempts, and when each was last heard of."""

from sqlalchemy import Column, Float, Integer, Table, Text

from storage.tables.base import metadata
from storage.types import Instant

workers = Table(
    "workers",
    metadata,
    Column("worker_id", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("pid_started", Float, nullable=False),
    Column("capabilities", Text, nullable=False),  # JSON array
    Column("slots", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("stopped_at", Instant),
)
