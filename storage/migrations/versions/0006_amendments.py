"""Changes of a plan that wait for a person, and how much of a plan Milepost has changed by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("executor_goals", recreate="always") as table:
        table.add_column(sa.Column("own_adaptations", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("own_tasks", sa.Integer(), nullable=False, server_default="0"))
    for name in ("decisions", "goal_blockages"):
        with op.batch_alter_table(name, recreate="always") as table:
            table.add_column(sa.Column("amendment", sa.Text(), nullable=True))
