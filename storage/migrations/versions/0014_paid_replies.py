"""Replies of models are kept with what they cost: the same request is not paid for twice."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    with op.batch_alter_table("brain_calls", recreate="always") as table:
        table.add_column(sa.Column("digest", sa.Text(), nullable=True))
        table.add_column(sa.Column("reply", sa.Text(), nullable=True))
