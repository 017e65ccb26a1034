"""decisions: what needs a person, with its options and who decided."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text, and_, literal_column

from executor.domain.decision import DecisionKind, DecisionState
from storage.tables.base import among, known, metadata, partial_index
from storage.types import Instant

decisions = Table(
    "decisions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("goal_number", Integer, ForeignKey("executor_goals.number"), nullable=False),
    Column("task_ref", Text),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("question", Text, nullable=False),
    Column("facts", Text, nullable=False),  # JSON object
    Column("options", Text, nullable=False),  # JSON array
    Column("free_text", Boolean, nullable=False),
    Column("option", Text),
    Column("text", Text),
    Column("answered_by", BigInteger),
    Column("answered_by_name", Text, nullable=False),
    Column("answered_via", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("note", Text, nullable=False),
    Column("amendment", Text),  # JSON: the change of the plan that it asks about
    known("kind", DecisionKind),
    known("state", DecisionState),
)

DECISION_OPEN = among(decisions.c.state, (DecisionState.OPEN,))

DECISION_WAITS = and_(DECISION_OPEN, decisions.c.kind != literal_column(f"'{DecisionKind.RESULT}'"))
"""Something waits for its answer; the word about a result holds nothing up."""

Index("ix_decisions_goal", decisions.c.goal_number)
partial_index("ix_decisions_open", decisions.c.goal_number, where=DECISION_OPEN)
partial_index("ix_decisions_waiting", decisions.c.number, where=DECISION_WAITS)
