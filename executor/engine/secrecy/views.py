"""A text as it reads without what may stand between the characters of a value, and where each of them was.

What a terminal does not show (colours, characters of no width, what is struck over), line breaks with their
indentation, written-out line breaks; in further views the marks of a quotation or a difference after a line break, all
white space and the offsets of a dump, or what separates bytes in hex.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from string import ascii_lowercase, ascii_uppercase

Span = tuple[int, int]

_UNSEEN = r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]|.\x08"
_UNSEEN += "|[\x00\ufffd\u00ad\u200b-\u200f\u2060-\u2064\ufeff]"
_BREAK = r"[ \t]*[\r\n]+[ \t]*|(?:\\[rn])+"
_MARKED = r"[ \t]*[\r\n]+[ \t]*(?:[>+|#*-][ \t]*)?|(?:\\[rn])+"
_OFFSET = r"\s*[\r\n]+(?:[0-9a-f]{6,8}:?\s+)?"
_ASCII_COLUMN = r"(?: {2,}[|>]?.{1,16}[|<]?)?"

AS_SHOWN = re.compile(f"{_UNSEEN}|{_BREAK}")
QUOTED = re.compile(f"{_UNSEEN}|{_MARKED}")
SPACED = re.compile(f"{_UNSEEN}|{_OFFSET}|\\s+")
ENCODED = re.compile(rf"{_UNSEEN}|\\(?=/)")  # JSON may write a slash like that
IN_HEX = re.compile(rf"{_UNSEEN}|{_ASCII_COLUMN}{_OFFSET}|\\x|\\u00|&#x|0x|[\s:,;%{{}}\[\]-]+", re.IGNORECASE)

_RARE = re.compile("[\x00\x08\x1b\u00ad\u200b-\u200f\u2060-\u2064\ufeff\ufffd]|\\\\[rn]")
_ALL_RARE = re.compile(_UNSEEN + r"|(?:\\[rn])+")
_DUMP = re.compile(
    r"^(?:[0-9a-f]{6,8}:?[ \t]+(?:[0-9a-f]{2,8}[ \t]+){2}|[0-7]{7}(?:[ \t]+\S{1,3}){4})", re.MULTILINE | re.IGNORECASE
)
_MARKS = ">+|#*-"
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)  # one for one, unlike lower()
_BETWEEN_BYTES = str.maketrans("", "", " \t\r\n:,;%{}[]-")
_BEFORE_BYTES = re.compile(r"\\x|\\u00|&#x|0x")


# What a view would read, made fast, to see whether it is worth the while. At its edges it may differ by white space.


def as_shown(text: str) -> str:
    if _RARE.search(text):
        text = _ALL_RARE.sub("", text)
    return "".join([line.strip(" \t") for line in text.replace("\r", "\n").split("\n")])


def quoted(text: str) -> str:
    """ "" where no line begins with a mark."""
    lines = [line.strip(" \t") for line in text.splitlines()]
    if not any(line[:1] in _MARKS for line in lines[1:] if line):
        return ""
    return "".join([line[1:].lstrip(" \t") if line[:1] and line[0] in _MARKS else line for line in lines])


def is_dump(text: str) -> bool:
    return _DUMP.search(text) is not None


def spaced(shown: str) -> str:
    return "".join(shown.split())


def in_hex(text: str) -> str:
    text = text.translate(_LOWER)
    if "\\" in text or "0x" in text or "&" in text:
        text = _BEFORE_BYTES.sub("", text)
    return text.translate(_BETWEEN_BYTES)


@dataclass(slots=True)
class View:
    """`flat` is the text without all that `noise` matches; with `lower` those of ASCII are small."""

    text: str
    noise: re.Pattern[str]
    lower: bool = False
    flat: str = ""
    _kept: list[int] = field(default_factory=list)  # where each piece begins in `flat`
    _from: list[int] = field(default_factory=list)  # and in the text

    def __post_init__(self) -> None:
        pieces, at, length = list[str](), 0, 0
        for found in (*self.noise.finditer(self.text), None):
            end = found.start() if found else len(self.text)
            if end > at:
                self._kept.append(length)
                self._from.append(at)
                pieces.append(self.text[at:end])
                length += end - at
            at = found.end() if found else at
        self.flat = "".join(pieces).translate(_LOWER) if self.lower else "".join(pieces)

    def find(self, forms: Iterable[str]) -> Iterator[Span]:
        """Where in the text they are."""
        for form in forms:
            at = self.flat.find(form)
            while at >= 0:
                yield self.span(at, at + len(form))
                at = self.flat.find(form, at + len(form))

    def span(self, begin: int, end: int) -> Span:
        """In the text, of what is from `begin` to `end` in `flat`."""
        return self._at(begin), self._at(end - 1) + 1

    def _at(self, place: int) -> int:
        piece = bisect_right(self._kept, place) - 1
        return self._from[piece] + place - self._kept[piece]


def with_dump(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Whole lines of a dump: what stands there beside the bytes says the same."""
    for begin, end in spans:
        line, after = text.rfind("\n", 0, begin) + 1, text.find("\n", end)
        yield (line, len(text) if after < 0 else after) if _DUMP.match(text, line) else (begin, end)


def without(text: str, spans: Iterable[Span], mask: str) -> str:
    """Overlapping ones become one mask."""
    pieces, at = list[str](), 0
    for begin, end in sorted(spans):
        if begin >= at:
            pieces += (text[at:begin], mask)
        at = max(at, end)
    return "".join((*pieces, text[at:])) if at else text
