"""What is foreseen about a goal, and attempts found by what they did."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    with op.batch_alter_table("executor_goals", recreate="always") as table:
        table.add_column(sa.Column("outlook", sa.Text(), nullable=True))
    with op.batch_alter_table("task_attempts", recreate="always") as table:
        table.add_column(sa.Column("signature", sa.Text(), server_default="", nullable=False))
    op.create_index(
        "ix_task_attempts_signature",
        "task_attempts",
        ["signature", "finished_at"],
        unique=False,
        sqlite_where=sa.text("state = 'succeeded'"),
        postgresql_where=sa.text("state = 'succeeded'"),
    )
