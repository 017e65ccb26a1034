"""Lessons with their counts (nothing was written to the table before), and what tasks keep beside them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.drop_table("lessons")
    op.create_table(
        "lessons",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("goal_number", sa.Integer(), nullable=False),
        sa.Column("task_ref", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("successes", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("learned_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_lessons")),
        sa.UniqueConstraint("key", name=op.f("uq_lessons_key")),
    )
    with op.batch_alter_table("goal_tasks", recreate="always") as table:
        table.add_column(sa.Column("remedy", sa.Text(), nullable=True))
