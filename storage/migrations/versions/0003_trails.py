"""What a task and a plan keep of where they have been, to see when they go in circles."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("goal_tasks", recreate="always") as table:
        table.add_column(sa.Column("trail", sa.Text(), nullable=True))
    with op.batch_alter_table("executor_goals", recreate="always") as table:
        table.add_column(sa.Column("plan_trail", sa.Text(), nullable=True))
