"""circuits: services and local resources that are or were gone, with what the next look will be."""

from sqlalchemy import Column, Float, Integer, Table, Text

from executor.domain.blockage import BlockageType
from executor.domain.circuit import CircuitState
from storage.tables.base import known, metadata
from storage.types import Instant

circuits = Table(
    "circuits",
    metadata,
    Column("key", Text, primary_key=True),  # https://api.example.com:443, registry:pypi, disk:/srv, port:8080
    Column("type", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("failures", Integer, nullable=False),  # consecutive, over all goals
    Column("what", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("advice", Text, nullable=False),
    Column("probe", Text, nullable=False),
    Column("trial", Text),  # the task that is let through
    Column("looks", Integer, nullable=False),
    Column("paused_s", Float, nullable=False),
    Column("opened_at", Instant),
    Column("retry_at", Instant),
    Column("ask_at", Instant),
    Column("changed_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    known("type", BlockageType),
    known("state", CircuitState),
)
