"""goal_tasks: the steps of a plan as they really go.

What documents 001 and 004 name beside the state (outcome, error, reasons, failed_at, the real duration) follows from
the task; it is written with it, for whoever looks with SQL, and never read back. No generated columns: Alembic can't
copy a table that has any.
"""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, Table, Text, literal_column

from executor.domain.plan import ExecutionType
from executor.domain.task import TASK_DUE, TaskKind, TaskState
from storage.tables.base import among, known, metadata, partial_index
from storage.types import Instant

tasks = Table(
    "goal_tasks",
    metadata,
    Column("ref", Text, primary_key=True),  # 12.3
    Column("goal_number", Integer, ForeignKey("executor_goals.number"), nullable=False),
    Column("plan_version", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("key", Text, nullable=False),  # unique in its plan
    Column("parent_task", Text),
    Column("title", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("spec", Text, nullable=False),  # JSON: the task as planned
    Column("dependencies", Text, nullable=False),  # JSON array of keys
    Column("unblocks", Integer, nullable=False),  # its urgency: storage.urgency
    Column("critical", Boolean, nullable=False),
    Column("optional", Boolean, nullable=False),
    Column("priority", Integer, nullable=False),  # 10 critical, 1 optional, else 5
    Column("assignee", Text),
    Column("execution_type", Text, nullable=False),
    Column("ai_confidence", Float, nullable=False),
    Column("expected_outcome", Text, nullable=False),
    Column("estimated_duration_minutes", Float),
    Column("max_retries", Integer),  # None: as configured
    Column("state", Text, nullable=False),
    Column("due_at", Instant),
    Column("attempts", Integer, nullable=False),
    Column("retry_count", Integer, nullable=False),  # failures since the last fresh start
    Column("taken_over", Boolean, nullable=False),
    Column("verify_first", Boolean, nullable=False),
    Column("verify_only", Boolean, nullable=False),
    Column("answer", Text),  # JSON: what a person said
    Column("summary", Text, nullable=False),
    Column("resume_state", Text),
    Column("remedy", Text),  # JSON: what was tried about its last failure
    Column("trail", Text),  # JSON array: how its last attempts ended, in hashes; None: nothing to remember
    Column("approved", Text, nullable=False, server_default=""),  # the digest of what may run once
    Column("revision", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("blocked_at", Instant),
    Column("finished_at", Instant),
    Column("failed_at", Instant),
    Column("actual_outcome", Text),
    Column("error", Text),
    Column("blocked_reason", Text),
    Column("failure_reason", Text),
    Column("actual_duration_minutes", Float),
    Column("waits_on", Text),  # the key of a circuit; empty: tried whatever is known to be gone
    Column("needs", Text),  # JSON array of resources; None where it needs none
    known("state", TaskState),
    known("kind", TaskKind),
    known("execution_type", ExecutionType),
)

TASK_HELD = tasks.c.waits_on.is_not(None)
TASK_FREE = tasks.c.waits_on.is_(None) | (tasks.c.waits_on == literal_column("''"))
TASK_WAITS_FOR_ITS_TIME = among(tasks.c.state, TASK_DUE)

Index("ix_goal_tasks_goal", tasks.c.goal_number)  # of what never changes: an update then leaves it alone
partial_index("ix_goal_tasks_due", tasks.c.due_at, where=TASK_WAITS_FOR_ITS_TIME)
partial_index("ix_goal_tasks_waits", tasks.c.waits_on, where=TASK_HELD)
