"""What a server says that its tools are: bounded, hashed, and compared with what it said before.

A definition is a stranger's text. It is shown to people and models as data, its hints count only where the owner of
this machine trusts them, and any change of a byte in it is noticed (the "rug pull" of CVE-2025-54136).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from executor.actions.mcp.trouble import Misbehaves

TOOLS_MAX = 512  # of one server
DEFINITION_BYTES_MAX = 262_144
LISTING_BYTES_MAX = 4_194_304
NAME_CHARACTERS_MAX = 128
SHOWN_CHARACTERS_MAX = 400  # of one text of a definition, in a comparison

_TEXTS = {"title": "title", "description": "description"}
_TABLES = {"input_schema": "inputSchema", "output_schema": "outputSchema", "annotations": "annotations"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One definition. Its schemas are JSON Schema, its annotations the hints of the protocol."""

    name: str
    title: str = ""
    description: str = ""
    input_schema: Mapping[str, Any] = field(default_factory=dict)
    output_schema: Mapping[str, Any] = field(default_factory=dict)
    annotations: Mapping[str, Any] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """As it is stored and hashed, under the protocol's own names."""
        texts = {ours: getattr(self, ours) for ours in ("name", *_TEXTS)}
        return texts | {theirs: dict(getattr(self, ours)) for ours, theirs in _TABLES.items()}

    @property
    def digest(self) -> str:
        """Of everything that says what the tool is."""
        return hashlib.sha256(canonical(self.record())).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """The defaults are those of the protocol's specification, for a tool about which nothing is known."""

    read_only: bool = False
    destructive: bool = True
    idempotent: bool = False
    open_world: bool = True


def hints_of(tool: Tool | None, *, trusted: bool) -> Hints:
    """What may be believed about a tool: its own hints where its owner trusts them, else the worst."""
    if tool is None or not trusted:
        return Hints()
    said = tool.annotations
    return Hints(
        read_only=said.get("readOnlyHint") is True,
        destructive=said.get("destructiveHint") is not False,
        idempotent=said.get("idempotentHint") is True,
        open_world=said.get("openWorldHint") is not False,
    )


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str).encode()


def read_tools(raw: Sequence[Mapping[str, Any]]) -> tuple[Tool, ...]:
    """The tools of a listing. Raises Misbehaves where it is beyond all measure or not sound."""
    if len(raw) > TOOLS_MAX:
        raise Misbehaves(f"it lists {len(raw):,} tools, and {TOOLS_MAX} are allowed")
    tools = tuple(read_tool(one) for one in raw)
    if sum(len(canonical(tool.record())) for tool in tools) > LISTING_BYTES_MAX:
        raise Misbehaves(f"its tools are described in more than {LISTING_BYTES_MAX:,} bytes")
    names = [tool.name for tool in tools]
    if len(set(names)) < len(names):
        raise Misbehaves("it lists two tools under one name")
    return tools


def read_tool(raw: Mapping[str, Any]) -> Tool:
    """Raises Misbehaves."""
    name = raw.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= NAME_CHARACTERS_MAX or not name.isprintable():
        raise Misbehaves("it lists a tool without a sound name")
    texts: dict[str, Any] = {ours: raw.get(theirs) or "" for ours, theirs in _TEXTS.items()}
    tables: dict[str, Any] = {ours: raw.get(theirs) or {} for ours, theirs in _TABLES.items()}
    if not all(isinstance(text, str) for text in texts.values()) or not all(
        isinstance(table, Mapping) for table in tables.values()
    ):
        raise Misbehaves(f"its definition of {name} is not in the protocol's form")
    tool = Tool(name=name, **texts, **tables)
    if len(canonical(tool.record())) > DEFINITION_BYTES_MAX:
        raise Misbehaves(f"its definition of {name} has more than {DEFINITION_BYTES_MAX:,} bytes")
    return tool


def changes(before: Tool, after: Tool) -> list[str]:
    """What differs, a line each, for a person who decides about it; empty: nothing."""
    lines = []
    for ours, theirs in (_TEXTS | _TABLES).items():
        old, new = getattr(before, ours), getattr(after, ours)
        if old != new:
            lines.append(f"{theirs}: {_shown(old)} → {_shown(new)}")
    return lines


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else canonical(value).decode()
    if len(text) <= SHOWN_CHARACTERS_MAX:
        return f"“{text}”"
    return f"“{text[:SHOWN_CHARACTERS_MAX]}” and {len(text) - SHOWN_CHARACTERS_MAX:,} characters more"
