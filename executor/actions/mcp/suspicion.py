"""What in a tool's definition looks like orders, wherever it stands: names, titles, defaults and choices count as well
as descriptions, because a model reads all of them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from executor.actions.mcp.definitions import Tool
from executor.actions.mcp.orders import CHARACTERS_MAX, address_of_its_own, orders

TEXTS_MAX = 4_000  # of one definition, with CHARACTERS_MAX in all
SHOWN_MAX = 3  # on a card
_VALUES = frozenset({"default", "const", "enum", "examples", "example"})
_DISTINCT = re.compile(r"\w+(?:[_-]\w+)+|[a-z]+[A-Z]\w+")
"""A tool's name that is no common word, so that naming it is no accident."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """`where` in the definition, what it does there, and an excerpt in which nothing is invisible."""

    where: str
    kind: str
    excerpt: str

    @property
    def line(self) -> str:
        return f"{self.where} {self.kind}: “{self.excerpt}”"


def suspicions(tool: Tool, others: Iterable[str] = ()) -> tuple[Suspicion, ...]:
    """`others` are the names of tools of other servers; one that this tool's server has itself is not among them."""
    found: list[Suspicion] = []
    left = CHARACTERS_MAX
    for count, (where, key, text) in enumerate(_texts(tool)):
        left -= len(text)
        if left < 0 or count >= TEXTS_MAX:
            found.append(Suspicion("it", "is longer than anybody reads", text[:40]))
            break
        found += _in_text(where, key, text)
    found += _shadows(tool, others)
    unique = {(one.kind, one.excerpt): one for one in reversed(found)}
    return tuple(one for one in found if unique.get((one.kind, one.excerpt)) is one)


def shown(found: Iterable[Suspicion]) -> list[str]:
    """A line each, for a card; of many the first ones and how many more there are."""
    every = list(found)
    lines = [f"• {one.line}" for one in every[:SHOWN_MAX]]
    return lines if len(every) <= SHOWN_MAX else [*lines, f"• and {len(every) - SHOWN_MAX} more"]


def _in_text(where: str, key: str, text: str) -> Iterator[Suspicion]:
    for notice in orders(text, name=key == "name"):
        yield Suspicion(where, notice.kind, notice.excerpt)
    if key in _VALUES and address_of_its_own(text):
        yield Suspicion(where, "brings an address of its own", text[:160])


def _shadows(tool: Tool, others: Iterable[str]) -> Iterator[Suspicion]:
    """A description that speaks of another server's tool wants to change how that one is used."""
    names = {name for name in others if _DISTINCT.fullmatch(name) and name != tool.name}
    if not names:
        return
    pattern = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, sorted(names)))})(?![\w-])")
    for where, key, text in _texts(tool):
        if key != "name" and (found := pattern.search(text)) is not None:
            yield Suspicion(where, "speaks of a tool of another server", found[0])
            return


def _texts(tool: Tool) -> Iterator[tuple[str, str, str]]:
    """(where, under which key, text) of every text; the key of a parameter's own name is "name"."""
    yield "name", "name", tool.name
    for part, value in tool.record().items():
        if part != "name":
            yield from _inside(value, _PARTS.get(part, part), part)


_PARTS = {"inputSchema": "parameters", "outputSchema": "result", "annotations": "hints"}


def _inside(value: Any, where: str, key: str) -> Iterator[tuple[str, str, str]]:
    stack: list[tuple[Any, str, str]] = [(value, where, key)]
    while stack:
        one, place, under = stack.pop()
        if isinstance(one, str):
            if one:
                yield place, under, one
        elif isinstance(one, Mapping):
            named = under in ("properties", "$defs", "definitions", "patternProperties")
            for name, inner in reversed(list(one.items())):
                inside = place if not named and name in _TRANSPARENT else f"{place}.{name}"
                stack.append((inner, inside, "" if named else str(name)))
                if named or not _known(str(name)):
                    stack.append((str(name), f"{inside}, its name", "name"))
        elif isinstance(one, list | tuple):
            stack += [(inner, place, under) for inner in reversed(one)]


def _known(name: str) -> bool:
    """Of JSON Schema and of the protocol: these names say nothing by themselves."""
    return name in _KEYWORDS or name.endswith("Hint")


_TRANSPARENT = frozenset({"properties", "items", "anyOf", "oneOf", "allOf"})
_KEYWORDS = frozenset(
    {
        "$schema",
        "$id",
        "$ref",
        "$defs",
        "$comment",
        "definitions",
        "type",
        "properties",
        "required",
        "items",
        "description",
        "title",
        "default",
        "enum",
        "const",
        "examples",
        "example",
        "format",
        "pattern",
        "anyOf",
        "oneOf",
        "allOf",
        "not",
        "additionalProperties",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "uniqueItems",
        "nullable",
        "patternProperties",
        "propertyNames",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "if",
        "then",
        "else",
        "deprecated",
        "readOnly",
        "writeOnly",
        "prefixItems",
        "contains",
    }
)
