"""Circuits, what a task waits for, and what it needs."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "circuits",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("advice", sa.Text(), nullable=False),
        sa.Column("probe", sa.Text(), nullable=False),
        sa.Column("trial", sa.Text(), nullable=True),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("paused_s", sa.Float(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("retry_at", sa.BigInteger(), nullable=True),
        sa.Column("ask_at", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "type = 'dependency' OR type = 'resource' OR type = 'error' OR type = 'external'",
            name=op.f("ck_circuits_type_is_known"),
        ),
        sa.CheckConstraint(
            "state = 'closed' OR state = 'open' OR state = 'half_open'", name=op.f("ck_circuits_state_is_known")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_circuits")),
    )
    with op.batch_alter_table("goal_tasks", recreate="always") as table:
        table.add_column(sa.Column("waits_on", sa.Text(), nullable=True))
        table.add_column(sa.Column("needs", sa.Text(), nullable=True))
    held = sa.text("waits_on IS NOT NULL")
    op.create_index("ix_goal_tasks_waits", "goal_tasks", ["waits_on"], sqlite_where=held, postgresql_where=held)
