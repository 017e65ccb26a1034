"""Takes secret values out of text, in the forms in which programs print them.

A value is found as it is, escaped (JSON, Python, HTML, URL), as hex, and as base64 wherever in the encoded text it
begins: three bytes become four characters, so the same value looks different at each of three offsets, and the
characters that it shares with its neighbours are left out. Backwards it is found too, and line breaks inside it do not
hide it. Values of fewer than six characters are found as whole words only, below three not at all: they would hide half
of every text. In files, which are gone back to, neither those nor short plain words are looked for.
"""

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

from executor.domain.secret import MASK

T = TypeVar("T")

SHORT = 6  # characters; a shorter value is looked for as a whole word
SHORTEST = 3
WORD = 12  # characters; in files a shorter value of letters alone is taken for a word like others
LINE_CHARACTERS_MIN = 12  # of a value of several lines (a private key), each line counts from this length on
FRAGMENT_CHARACTERS_MIN = 4  # of a value at the edge of a text that was cut
_CUT = re.compile(r"\n… [\d,]+ bytes cut …\n")
_BREAKS = str.maketrans("", "", "\r\n")
_HEX = re.compile(r"%[0-9A-F]{2}")


class Masker:
    """Callable: the text without every value that it has learnt. Costs nothing while there is none."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: set[str] = set()
        self._forms: tuple[str, ...] = ()
        self._in_files: tuple[tuple[str, tuple[bytes, ...]], ...] = ()
        self._words: re.Pattern[str] | None = None
        self._patterns: dict[str, re.Pattern[str]] = {}
        self.learn(*values)

    def learn(self, *values: str) -> None:
        """From now on these are hidden too."""
        new = {part for value in values for part in _parts(value)} - self._values
        if not new:
            return
        self._values |= new
        long = [form for value in self._values if len(value) >= SHORT for form in _forms(value)]
        self._forms = tuple(sorted(set(long), key=len, reverse=True))
        told_apart = [value for value in self._values if len(value) >= (WORD if value.isalpha() else SHORT)]
        looked_for = sorted({form for value in told_apart for form in _forms(value)}, key=len, reverse=True)
        self._in_files = tuple((form, _bytes_of(form)) for form in looked_for)
        short = sorted((value for value in self._values if len(value) < SHORT), key=len, reverse=True)
        words = "|".join(map(re.escape, short))
        self._words = re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])") if short else None

    def __bool__(self) -> bool:
        return bool(self._values)

    def __call__(self, text: str) -> str:
        if not self._values or not text:
            return text
        flat = text.translate(_BREAKS)
        for form in self._forms:
            if form in flat:
                text = self._pattern(form).sub(MASK, text)
                flat = text.translate(_BREAKS)
        return self._words.sub(MASK, text) if self._words else text

    def in_bytes(self, content: bytes) -> bytes | None:
        """The content of a file without every value, the very same where there is none. None: there is one, in what is
        no text, so that it can't be taken out."""
        if not self._in_files:
            return content
        flat = content.translate(None, b"\r\n")
        kinds = slice(None) if b"\0" in content else slice(1)  # the wide ones hold zeros
        found = [form for form, raw in self._in_files if any(one in flat for one in raw[kinds])]
        if not found:
            return content
        if b"\0" in content:
            return None
        text = content.decode("utf-8", "surrogateescape")
        for form in found:
            text = self._pattern(form).sub(MASK, text)
        return text.encode("utf-8", "surrogateescape")

    def everywhere(self, value: T) -> T:
        """`value` with every text inside it masked: in mappings, sequences and dataclasses, names included."""
        return self._in(value) if self._values else value

    def _in(self, value: Any) -> Any:
        if type(value) is str:
            return self(value)
        if isinstance(value, Mapping):
            return {self._in(key): self._in(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self._in(one) for one in value)
        if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{one.name: self._in(getattr(value, one.name)) for one in fields(value)})
        return value

    def around_cut(self, text: str) -> str:
        """For a text that lost its middle: what may be a part of a value goes on both sides of the cut."""
        pieces = _CUT.split(text) if self._values else []
        if len(pieces) != 2:
            return text
        mark = text[len(pieces[0]) : len(text) - len(pieces[1])]
        return self._without_begin_of_value(pieces[0]) + mark + self.after_cut(pieces[1])

    def after_cut(self, text: str) -> str:
        """For the end of a longer text: it may begin inside a value."""
        for form in self._forms:
            for length in range(len(form) - 1, FRAGMENT_CHARACTERS_MIN - 1, -1):
                if text.startswith(form[-length:]):
                    return MASK + text[length:]
        return text

    def _without_begin_of_value(self, text: str) -> str:
        for form in self._forms:
            for length in range(len(form) - 1, FRAGMENT_CHARACTERS_MIN - 1, -1):
                if text.endswith(form[:length]):
                    return text[:-length] + MASK
        return text

    def _pattern(self, form: str) -> re.Pattern[str]:
        if form not in self._patterns:
            self._patterns[form] = re.compile(r"(?:\r?\n)*".join(map(re.escape, form)))
        return self._patterns[form]


def _parts(value: str) -> list[str]:
    """The value, and the lines of a long one. Nothing that is too short to be told from ordinary text."""
    value = value.strip()
    lines = [line.strip() for line in value.splitlines()] if "\n" in value else []
    long = [line for line in lines if len(line) >= LINE_CHARACTERS_MIN]
    return [part for part in (value, *long) if len(part) >= SHORTEST and part != MASK]


def _forms(value: str) -> set[str]:
    raw = value.encode("utf-8", "surrogatepass")
    in_addresses = {quote(raw, safe=""), quote(raw), quote(raw, safe="!'()*"), quote_plus(raw)}
    forms = {
        value,
        value[::-1],
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        html.escape(value),
        html.escape(value, quote=False),
        raw.hex(),
        raw.hex().upper(),
        *in_addresses,
        *(_HEX.sub(lambda found: found[0].lower(), one) for one in in_addresses),
        *(one for offset in range(3) for one in _base64(raw, offset)),
    }
    return {flat for form in forms if len(flat := form.translate(_BREAKS)) >= SHORT}


def _bytes_of(form: str) -> tuple[bytes, ...]:
    return tuple(form.encode(code, "surrogatepass") for code in ("utf-8", "utf-16-le", "utf-16-be"))


def _base64(raw: bytes, offset: int) -> tuple[str, str]:
    """The characters that depend on nothing but the value, where it begins `offset` bytes into a group of three; in
    both alphabets. RFC 4648."""
    padded = bytes(offset) + raw
    first, end = -(-offset * 8 // 6), len(padded) * 8 // 6
    return base64.b64encode(padded).decode()[first:end], base64.urlsafe_b64encode(padded).decode()[first:end]
