"""The last lines of what an attempt printed: what a person needs to see first."""

import re
from collections.abc import Mapping
from typing import Any

# colours, cursor moves, window titles
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def readable(text: str) -> str:
    """Without what a terminal obeys rather than shows: whoever reads what a command printed must not have it act on
    their own screen, clipboard or window."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text))


def printable(raw: bytes) -> str:
    """Bytes as text that every database and chat takes: what is no UTF-8, and NUL, becomes �."""
    return raw.decode("utf-8", errors="replace").replace("\x00", "�")


def last_lines(record: Mapping[str, Any], lines_max: int) -> str:
    """The last `lines_max` lines of an attempt's record (contract section 5), both streams as they came, without
    colours; an overwritten progress line counts as its last state. Empty where nothing was printed."""
    metadata = record.get("metadata")
    tail = metadata.get("tail") if isinstance(metadata, Mapping) else None
    text = _ESCAPES.sub("", str(tail or record.get("output") or ""))
    lines = [line.rstrip("\r").rsplit("\r", 1)[-1].rstrip() for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return "\n".join(lines[-lines_max:]) if lines_max > 0 else ""
