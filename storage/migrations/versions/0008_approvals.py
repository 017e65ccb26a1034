"""What a person lets run: once for a task, or always and never for a goal."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    with op.batch_alter_table("goal_tasks", recreate="always") as table:
        table.add_column(sa.Column("approved", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("executor_goals", recreate="always") as table:
        table.add_column(sa.Column("grants", sa.Text(), nullable=True))
