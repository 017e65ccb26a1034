"""What came in and could not be handled, and what could not be delivered: for the doctor. Read-only, beside a program
that may be running."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bot.finding import Finding, good, note
from executor.domain.notice import GONE

BUSY_S = 5.0
SHOWN_MAX = 3
LINE_CHARACTERS = 120
_IN = "SELECT update_id, error FROM inbox WHERE state = 'failed' ORDER BY done_at DESC"
_OUT = "SELECT key, error FROM notices WHERE state = 'dead' AND error <> ? ORDER BY created_at DESC"


def letterbox(file: Path) -> Iterator[Finding]:
    """Nothing where there is no database, or one that another check finds fault with."""
    if not file.exists():
        return
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=BUSY_S)) as database:
            came = database.execute(_IN).fetchall()
            left = database.execute(_OUT, (GONE,)).fetchall()
    except sqlite3.Error:
        return
    if came:
        seen = f"{_count(came, 'update')} could not be handled: {_lines(came, 'update ')}"
        yield note("messages in", seen, "the log has the trace; what was meant has to be said again")
    if left:
        seen = f"{_count(left, 'message')} could not be delivered: {_lines(left, '')}"
        yield note("messages out", seen, "nothing is lost by it: /status, /why and /log of the goal show the same")
    if not came and not left:
        yield good("messages", "all handled and delivered")


def _count(rows: list[tuple[object, str]], word: str) -> str:
    return f"{len(rows)} {word}{'' if len(rows) == 1 else 's'}"


def _lines(rows: list[tuple[object, str]], word: str) -> str:
    shown = [f"{word}{name} ({' '.join(str(error).split())[:LINE_CHARACTERS]})" for name, error in rows[:SHOWN_MAX]]
    more = len(rows) - len(shown)
    return ", ".join([*shown, *([f"and {more} more"] if more else [])])
