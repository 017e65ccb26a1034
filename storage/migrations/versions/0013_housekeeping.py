"""Indexes by which what is over and old is found and deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    over = sa.text("finished_at IS NOT NULL")
    op.create_index(
        "ix_executor_goals_over", "executor_goals", ["finished_at"], sqlite_where=over, postgresql_where=over
    )
    op.create_index("ix_notices_goal", "notices", ["goal_number", "created_at"])
    for table in ("decisions", "effects"):
        op.create_index(f"ix_{table}_goal", table, ["goal_number"])
