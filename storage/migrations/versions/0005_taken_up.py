"""How often a goal was taken up again after its end."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("executor_goals", recreate="always") as table:
        table.add_column(sa.Column("times_taken_up", sa.Integer(), nullable=False, server_default="0"))
