"""When a goal is planned again, after a model could not be asked."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    with op.batch_alter_table("executor_goals", recreate="always") as table:
        table.add_column(sa.Column("plan_due_at", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("plan_tries", sa.Integer(), nullable=False, server_default="0"))
