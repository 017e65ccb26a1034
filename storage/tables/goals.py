"""executor_goals: what people want, with its state, progress, deadline and plan version."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Table, Text, literal_column

from executor.domain.goal import GOAL_FINAL, GOAL_RUNNING, GoalState
from storage.tables.base import among, known, metadata, partial_index
from storage.types import Instant, Money

goals = Table(
    "executor_goals",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("deadline_at", Instant),
    Column("budget_usd", Money),
    Column("metadata", Text, nullable=False),  # JSON object
    Column("autonomy", Text, nullable=False),
    Column("chat_id", BigInteger),
    Column("thread_id", BigInteger),
    Column("message_id", BigInteger),  # of the person's message that set the goal
    Column("person_id", BigInteger, nullable=False),
    Column("person_name", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("plan_version", Integer, nullable=False),
    Column("own_adaptations", Integer, nullable=False, server_default="0"),
    Column("own_tasks", Integer, nullable=False, server_default="0"),
    Column("reworks", Integer, nullable=False, server_default="0"),
    Column("percentage", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("plan_trail", Text),  # JSON array: hashes of its last plan versions; None before the second
    Column("times_taken_up", Integer, nullable=False, server_default="0"),
    Column("outlook", Text),  # JSON: what was foreseen at the last look
    Column("draft", Text),  # JSON: the goal as its person wrote it
    Column("plan_due_at", Instant),  # not planned before then
    Column("plan_tries", Integer, nullable=False, server_default="0"),
    Column("grants", Text),  # JSON object: digests that always or never may run; None: none
    Column("parent_task", Text),  # 12.3: the task of another goal that waits for this one
    Column("parent_attempt", Integer, nullable=False, server_default="0"),
    Column("lineage", Text),  # /12/13/: the goals that it is part of; None: of none
    Column("revision", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    known("state", GoalState),
    CheckConstraint("percentage BETWEEN 0 AND 100", name="percentage_is_a_share"),
    CheckConstraint("priority BETWEEN 1 AND 10", name="priority_is_known"),
)

GOAL_UNFINISHED = among(goals.c.state, set(GoalState) - GOAL_FINAL)
# Through an expression, so that no planner starts from the goals in these states, which are many, instead of from the
# tasks that are due, which are few.
GOAL_TAKES = among(goals.c.state + literal_column("''"), GOAL_RUNNING)
GOAL_UNPLANNED = among(goals.c.state, (GoalState.PENDING, GoalState.PLANNING))
GOAL_OVER = goals.c.finished_at.is_not(None)

partial_index("ix_executor_goals_over", goals.c.finished_at, where=GOAL_OVER)
partial_index("ix_executor_goals_unfinished", goals.c.number, where=GOAL_UNFINISHED)
Index("ix_executor_goals_state", goals.c.state)
Index("ix_executor_goals_chat", goals.c.chat_id, goals.c.number)

GOAL_IS_PART = goals.c.parent_task.is_not(None)
partial_index("ix_executor_goals_part", goals.c.parent_task, goals.c.parent_attempt, where=GOAL_IS_PART, unique=True)
