"""Notices as rows."""

from executor.domain.notice import PRIORITY, Notice, NoticeKind, NoticeState
from storage.codec import dumps, loads, plain
from storage.rows.kinds import Record, Values


def notice_values(notice: Notice) -> Values:
    return {
        "key": notice.key,
        "kind": notice.kind.value,
        "priority": PRIORITY[notice.kind],
        "chat_id": notice.chat_id,
        "thread_id": notice.thread_id,
        "goal_number": notice.goal_number,
        "decision_number": notice.decision_number,
        "facts": dumps(dict(notice.facts)) if notice.facts else "{}",
        "state": notice.state.value,
        "attempts": notice.attempts,
        "message_id": notice.message_id,
        "content_hash": notice.content_hash,
        "probe_after": notice.probe_after,
        "revision": notice.revision,
        "sent_revision": notice.sent_revision,
        "due_at": notice.due_at,
        "created_at": notice.created_at,
        "sent_at": notice.sent_at,
        "error": plain(notice.error),
    }


def notice_from(row: Record) -> Notice:
    return Notice(
        key=row.key,
        kind=NoticeKind(row.kind),
        chat_id=row.chat_id,
        thread_id=row.thread_id,
        goal_number=row.goal_number,
        decision_number=row.decision_number,
        facts=loads(row.facts),
        state=NoticeState(row.state),
        attempts=row.attempts,
        message_id=row.message_id,
        content_hash=row.content_hash,
        probe_after=row.probe_after,
        revision=row.revision,
        sent_revision=row.sent_revision,
        due_at=row.due_at,
        created_at=row.created_at,
        sent_at=row.sent_at,
        error=row.error,
    )
