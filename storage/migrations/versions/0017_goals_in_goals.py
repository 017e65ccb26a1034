"""Goals that are part of others: which task wanted them, and whose parts they are."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    with op.batch_alter_table("executor_goals", recreate="always") as table:
        table.add_column(sa.Column("parent_task", sa.Text(), nullable=True))
        table.add_column(sa.Column("parent_attempt", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("lineage", sa.Text(), nullable=True))
    part = sa.text("parent_task IS NOT NULL")
    op.create_index(
        "ix_executor_goals_part",
        "executor_goals",
        ["parent_task", "parent_attempt"],
        unique=True,
        sqlite_where=part,
        postgresql_where=part,
    )
