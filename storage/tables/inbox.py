"""inbox: what arrived from the chat, stored before it is confirmed."""

from enum import StrEnum

from sqlalchemy import BigInteger, Column, Index, Table, Text

from storage.tables.base import among, known, metadata, partial_index
from storage.types import Instant


class InboxState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"  # set aside; `error` says why


inbox = Table(
    "inbox",
    metadata,
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger),
    Column("message_id", BigInteger),  # of a person's new message
    Column("payload", Text, nullable=False),  # JSON object
    Column("sealed", Text),  # encrypted: the text of a message that carries a secret, until it has been handled
    Column("state", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("done_at", Instant),
    Column("error", Text, nullable=False),
    known("state", InboxState),
)

INBOX_WAITING = among(inbox.c.state, (InboxState.WAITING,))

partial_index("ix_inbox_waiting", inbox.c.received_at, where=INBOX_WAITING)
Index("ix_inbox_message", inbox.c.chat_id, inbox.c.message_id)
Index("ix_inbox_received", inbox.c.received_at)
