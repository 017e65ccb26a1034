"""Gates as a kind of task, and how often a goal was taken up again after its completion."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

KINDS = "ck_goal_tasks_kind_is_known"


def upgrade() -> None:
    with op.batch_alter_table("executor_goals", recreate="always") as table:
        table.add_column(sa.Column("reworks", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("goal_tasks", recreate="always") as table:
        table.drop_constraint(op.f(KINDS), type_="check")
        table.create_check_constraint(op.f(KINDS), "kind = 'work' OR kind = 'criterion' OR kind = 'gate'")
        # A table that is made anew gets the empty text as it is read back, in quotes of its own.
        table.alter_column("approved", existing_type=sa.Text(), existing_nullable=False, server_default="")
