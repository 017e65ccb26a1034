"""Turns of tasks that a model works on call by call."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "task_turns",
        sa.Column("task_ref", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("goal_number", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("thought", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("does", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "kind = 'call' OR kind = 'finish' OR kind = 'note'", name=op.f("ck_task_turns_kind_is_known")
        ),
        sa.ForeignKeyConstraint(["task_ref"], ["goal_tasks.ref"], name=op.f("fk_task_turns_task_ref")),
        sa.PrimaryKeyConstraint("task_ref", "number", name=op.f("pk_task_turns")),
    )
