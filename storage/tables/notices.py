"""notices: what chats must be told; the outbox."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from executor.domain.flood import COUNTED, NEWS
from executor.domain.notice import NoticeKind, NoticeState
from storage.tables.base import among, known, metadata, partial_index
from storage.types import Instant

notices = Table(
    "notices",
    metadata,
    Column("key", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("priority", Integer, nullable=False),  # lower goes first; of the kind
    Column("chat_id", BigInteger, nullable=False),
    Column("thread_id", BigInteger),
    Column("goal_number", Integer),
    Column("decision_number", Integer),
    Column("facts", Text, nullable=False),  # JSON object
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("message_id", BigInteger),
    Column("content_hash", Text, nullable=False),
    Column("probe_after", BigInteger),
    Column("revision", Integer, nullable=False),
    Column("sent_revision", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("error", Text, nullable=False),
    known("kind", NoticeKind),
    known("state", NoticeState),
)

NOTICE_PENDING = among(notices.c.state, (NoticeState.PENDING,))
NOTICE_UNFINISHED = among(notices.c.state, (NoticeState.SENDING, NoticeState.UNKNOWN))
NOTICE_DEAD = among(notices.c.state, (NoticeState.DEAD,))
NOTICE_SAID = among(notices.c.kind, COUNTED)
NOTICE_NEWS = among(notices.c.kind, NEWS)

partial_index("ix_notices_pending", notices.c.due_at, where=NOTICE_PENDING)
partial_index("ix_notices_unfinished", notices.c.created_at, where=NOTICE_UNFINISHED)
partial_index("ix_notices_dead", notices.c.created_at, where=NOTICE_DEAD)
partial_index("ix_notices_news", notices.c.chat_id, notices.c.created_at, where=NOTICE_NEWS)
Index("ix_notices_goal", notices.c.goal_number, notices.c.created_at)
Index("ix_notices_message", notices.c.chat_id, notices.c.message_id)
