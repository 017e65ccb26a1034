"""What an attempt printed, as much of it as a message has room for."""

from collections.abc import Mapping
from typing import Any

from bot.telegram.words import count
from executor.domain.tail import readable


def last_lines(result: Mapping[str, Any] | None, lines_max: int) -> str:
    """The end of what was printed, errors after output, with a line that says how much stands before it."""
    if result is None:
        return ""
    metadata = result.get("metadata") or {}
    parts = [str(result.get("output") or ""), str(metadata.get("stderr") or "")]
    text = "\n".join(part.strip("\n") for part in parts if part.strip()) or str(result.get("error") or "")
    lines = [readable(line) for line in text.splitlines()]
    before = len(lines) - lines_max
    return "\n".join(([f"… {count(before, 'line')} before"] if before > 0 else []) + lines[-lines_max:])
