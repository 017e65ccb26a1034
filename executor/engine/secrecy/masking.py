"""Takes secret values out of text, in the forms in which programs print them.

Each form (forms) is looked for in the text as it reads without what may stand between the characters
(views), and in what is encoded or packed in it (wraps), which then goes as a whole. Values of fewer than
six characters are found as whole words only, below three not at all: they would hide half of every text. In files,
which are gone back to, neither those nor short plain words are looked for.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from executor.domain.secret import MASK
from executor.engine.secrecy.search import SHORT, Sought, is_text
from executor.engine.secrecy.views import without
from executor.engine.secrecy.wraps import contents

T = TypeVar("T")

SHORTEST = 3
WORD = 12  # characters; in files a shorter value of letters alone is taken for a word like others
LINE_CHARACTERS_MIN = 12  # of a value of several lines (a private key), each line counts from this length on
FRAGMENT_CHARACTERS_MIN = 4  # of a value at the edge of a text that was cut
_CUT = re.compile(r"\n… [\d,]+ bytes cut …\n")


class Masker:
    """Callable: the text without every value that it has learnt. Costs nothing while there is none."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: set[str] = set()
        self._sought = self._in_files = Sought()
        self._words: re.Pattern[str] | None = None
        self.learn(*values)

    def learn(self, *values: str) -> None:
        """From now on these are hidden too."""
        new = {part for value in values for part in _parts(value)} - self._values
        if not new:
            return
        self._values |= new
        self._sought = Sought.of(value for value in self._values if len(value) >= SHORT)
        self._in_files = Sought.of(
            value for value in self._values if len(value) >= (WORD if value.isalpha() else SHORT)
        )
        short = sorted((value for value in self._values if len(value) < SHORT), key=len, reverse=True)
        words = "|".join(map(re.escape, short))
        self._words = re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])") if short else None

    def __bool__(self) -> bool:
        return bool(self._values)

    def __call__(self, text: str) -> str:
        if not self._values or not text:
            return text
        if spans := self._sought.spans(text):
            text = without(text, spans, MASK)
        return self._words.sub(MASK, text) if self._words else text

    def in_bytes(self, content: bytes) -> bytes | None:
        """The content of a file without every value, the very same where there is none. None: there is one, in what is
        no text, so that it can't be taken out."""
        if not self._in_files:
            return content
        if not is_text(content):
            return None if self._in_files.inside((content, *contents(content))) else content
        text = content.decode("utf-8", "surrogateescape")
        if spans := self._in_files.spans(text):
            return without(text, spans, MASK).encode("utf-8", "surrogateescape")
        return content

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
        for form in self._sought.plain:
            for length in range(len(form) - 1, FRAGMENT_CHARACTERS_MIN - 1, -1):
                if text.startswith(form[-length:]):
                    return MASK + text[length:]
        return text

    def _without_begin_of_value(self, text: str) -> str:
        for form in self._sought.plain:
            for length in range(len(form) - 1, FRAGMENT_CHARACTERS_MIN - 1, -1):
                if text.endswith(form[:length]):
                    return text[:-length] + MASK
        return text


def _parts(value: str) -> list[str]:
    """The value, and the lines of a long one. Nothing that is too short to be told from ordinary text."""
    value = value.strip()
    lines = [line.strip() for line in value.splitlines()] if "\n" in value else []
    long = [line for line in lines if len(line) >= LINE_CHARACTERS_MIN]
    return [part for part in (value, *long) if len(part) >= SHORTEST and part != MASK]
