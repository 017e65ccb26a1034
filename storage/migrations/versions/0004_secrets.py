"""Values that people give for a goal, encrypted; what a blockage lacks; and the sealed text of a message that carries
a secret."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "secrets",
        sa.Column("goal_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["goal_number"], ["executor_goals.number"], name=op.f("fk_secrets_goal_number")),
        sa.PrimaryKeyConstraint("goal_number", "name", name=op.f("pk_secrets")),
    )
    for table, column in (("goal_blockages", "missing"), ("inbox", "sealed")):
        with op.batch_alter_table(table, recreate="always") as changed:
            changed.add_column(sa.Column(column, sa.Text(), nullable=True))
