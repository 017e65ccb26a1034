"""What models cost: cached tokens of each call, and what people allowed beyond the limits."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("brain_calls", recreate="always") as table:
        table.add_column(sa.Column("tokens_cached", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "allowances",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("goal_number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["goal_number"], ["executor_goals.number"], name=op.f("fk_allowances_goal_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allowances")),
    )
    op.create_index("ix_allowances_goal", "allowances", ["goal_number"])
    op.create_index("ix_allowances_day", "allowances", ["day"])
