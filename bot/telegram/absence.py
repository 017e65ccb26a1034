"""After an absence: Telegram forgets presses within minutes, so one silent line per chat names what is still open."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.telegram.html import escape
from bot.telegram.ports import Engine
from bot.telegram.words import count, duration
from executor.domain.decision import Decision
from executor.domain.notice import Notice, NoticeKind

ABSENCE_S = 120.0


class PollFile:
    """When we last heard from Telegram, as the time of an empty file: it only decides about a courtesy, so it costs no
    commit. Safe to lose."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def last(self) -> datetime | None:
        try:
            return datetime.fromtimestamp(self._path.stat().st_mtime, UTC)
        except OSError:
            return None

    async def mark(self, at: datetime) -> None:
        try:
            self._path.touch(mode=0o600)
            os.utime(self._path, (at.timestamp(), at.timestamp()))
        except OSError:
            return


async def absence_notices(engine: Engine, since: datetime, now: datetime) -> list[Notice]:
    """One notice per chat with open decisions, keyed by the moment we were last there: announced once."""
    chats: dict[tuple[int, int | None], list[Decision]] = {}
    for decision in await engine.open_decisions(None):
        view = await engine.view(decision.goal_number)
        if view is not None and view.goal.origin.chat_id is not None:
            chats.setdefault((view.goal.origin.chat_id, view.goal.origin.thread_id), []).append(decision)
    away = duration((now - since) / timedelta(seconds=1))
    return [
        Notice(
            key=f"absence/{chat_id}/{thread_id or 0}/{int(since.timestamp())}",
            kind=NoticeKind.TEXT,
            chat_id=chat_id,
            thread_id=thread_id,
            facts={"html": _line(away, decisions)},
            due_at=now,
            created_at=now,
        )
        for (chat_id, thread_id), decisions in chats.items()
    ]


def _line(away: str, decisions: list[Decision]) -> str:
    numbers = ", ".join(f"{one.number} ({escape(_about(one))})" for one in decisions)
    return (
        f"I was away for {away}; a press of a button may be lost. {count(len(decisions), 'open question')}: {numbers}"
    )


def _about(decision: Decision) -> str:
    ref, title = decision.facts.get("ref"), decision.facts.get("title")
    return f"{ref} {title}" if ref else f"goal {decision.goal_number}, {decision.kind}"
