"""A goal's text as lines that mean something: a first line, bullets, numbered lines, and other text.

An indented line goes on with the bullet or step before it, and so does a ``` block. What stands between ``` and ```
belongs together, whatever its lines look like.
"""

import re
from dataclasses import dataclass, field

from executor.domain.errors import WrongInput

_BULLET = re.compile(r"\s*(?:[-*–](?:\s+|$)|•\s*)(?:\[[ xX]?\]\s+)?(?P<text>.*)")
_STEP = re.compile(r"\s*(?P<number>[0-9]{1,4})(?:\.(?:\s+|$)|\)\s*)(?P<text>.*)")
_FENCE = "```"


@dataclass(slots=True)
class Item:
    """A bullet where `number` is None, else a step. `text` may hold line ends."""

    number: int | None
    text: str


@dataclass(slots=True)
class Lines:
    """`first` is empty where the text is, or where it begins with a bullet or a step."""

    first: str
    items: list[Item] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    @property
    def bullets(self) -> list[str]:
        return [item.text for item in self.items if item.number is None]

    @property
    def steps(self) -> list[tuple[int, str]]:
        return [(item.number, item.text) for item in self.items if item.number is not None]


def split(text: str) -> Lines:
    """Raises WrongInput where a ``` block is never closed: nobody can say what was meant to be in it."""
    rows = text.strip().split("\n")
    first = "" if _item(rows[0]) else rows[0]
    lines = Lines(first)
    current: Item | None = None  # what an indented line goes on with
    fenced = False
    for row in rows[1:] if first else rows:
        item = None if fenced else _item(row)
        if item is not None:
            current = item
            lines.items.append(item)
        elif current is not None and (fenced or row[:1] in (" ", "\t", "`")):
            current.text += "\n" + (row if fenced else row.strip())
        elif row.strip() or fenced:
            current = None
            lines.other.append(row.rstrip())
        fenced ^= row.count(_FENCE) % 2 == 1
    if fenced:
        raise WrongInput("A ``` block is never closed. Put ``` on a line of its own after its last line.")
    return lines


def _item(row: str) -> Item | None:
    if found := _STEP.fullmatch(row):
        return Item(int(found["number"]), found["text"].strip())
    if found := _BULLET.fullmatch(row):
        return Item(None, found["text"].strip())
    return None
