"""How much was said in a chat of late is counted without a look at everything that ever was."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    news = sa.text("kind = 'adaptation' OR kind = 'failure' OR kind = 'text'")
    op.create_index("ix_notices_news", "notices", ["chat_id", "created_at"], sqlite_where=news, postgresql_where=news)
