"""Which characters of a person's text are kept."""

import re
import unicodedata

_NEWLINES = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Embeddings, overrides and isolates can make a command look like another one; the plain direction marks that real
Arabic and Hebrew texts use (U+200E, U+200F, U+061C) can't, and stay, as do the joiners inside emoji."""


def cleaned(text: str) -> str:
    """`text` with ``\\n`` as the only line end, and without NUL, control characters, lone surrogates (no database
    stores them), byte order marks and direction overrides. Tabs stay."""
    return "".join(c for c in _NEWLINES.sub("\n", text) if c in "\n\t" or not _unwanted(c))


def _unwanted(c: str) -> bool:
    return c == "\ufeff" or c in _BIDI_CONTROLS or unicodedata.category(c) in ("Cc", "Cs")


def one_line(text: str) -> str:
    return " ".join(text.split())


def visible(text: str) -> bool:
    """Whether a reader would see anything at all."""
    return any(unicodedata.category(c)[0] not in "CZM" for c in text)


def shortened(text: str, length: int) -> str:
    """At most `length` characters, the last one an ellipsis where something is missing."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
