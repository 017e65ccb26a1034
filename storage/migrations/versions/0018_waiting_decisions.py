"""What waits for a person is found without a look at every question that there ever was."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    waits = sa.text("state = 'open' AND kind != 'result'")
    op.create_index("ix_decisions_waiting", "decisions", ["number"], sqlite_where=waits, postgresql_where=waits)
