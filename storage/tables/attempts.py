"""task_attempts: every try at a task, with its lease, its process and its result."""

from sqlalchemy import Column, Float, ForeignKey, Integer, Table, Text

from executor.domain.attempt import AttemptState
from storage.tables.base import among, known, metadata, partial_index
from storage.types import Instant

attempts = Table(
    "task_attempts",
    metadata,
    Column("task_ref", Text, ForeignKey("goal_tasks.ref"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("goal_number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("executor_id", Text, nullable=False),
    Column("executor_type", Text, nullable=False),
    Column("lease_until", Instant, nullable=False),
    Column("pid", Integer),
    Column("pid_started", Float),  # seconds since 1970, as the kernel says
    Column("command", Text, nullable=False),
    Column("signature", Text, nullable=False, server_default=""),  # of its action and parameters, without numbers
    Column("exit_code", Integer),
    Column("result", Text),  # JSON object
    Column("evidence", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    known("state", AttemptState),
)

ATTEMPT_OPEN = among(attempts.c.state, (AttemptState.RUNNING, AttemptState.WAITING, AttemptState.UNKNOWN))
ATTEMPT_RUNNING = among(attempts.c.state, (AttemptState.RUNNING,))

partial_index("ix_task_attempts_open", attempts.c.goal_number, where=ATTEMPT_OPEN)
ATTEMPT_MEASURED = among(attempts.c.state, (AttemptState.SUCCEEDED,))

partial_index("ix_task_attempts_signature", attempts.c.signature, attempts.c.finished_at, where=ATTEMPT_MEASURED)
partial_index("ix_task_attempts_running", attempts.c.lease_until, where=ATTEMPT_RUNNING)
