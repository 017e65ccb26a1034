"""What every tool was when a person could first see it, in ``<data_dir>/mcp/<server>.json``.

A file, and not a table: it belongs to a server, not to a goal, and `milepost doctor` reads it beside a running program.
Who deletes it accepts the definitions as they are then.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from executor.actions.mcp.definitions import Tool, read_tool
from executor.actions.mcp.programs import Program, differences
from executor.actions.mcp.trouble import Misbehaves, ServerTrouble


@dataclass(slots=True)
class Known:
    """The tools of one server by name: as they were `accepted`, and as they were `seen` last. So its `program`, where
    it is started here; None: nobody has looked at one yet."""

    accepted: dict[str, Tool] = field(default_factory=dict)
    seen: dict[str, Tool] = field(default_factory=dict)
    program_accepted: Program | None = None
    program: Program | None = None

    @property
    def program_changes(self) -> list[str]:
        """What is not as it was in its program; empty: nothing."""
        if self.program is None or self.program_accepted is None:
            return []
        return differences(self.program_accepted, self.program)

    def differs(self, name: str) -> tuple[Tool, Tool] | None:
        """(accepted, seen) where they are not the same."""
        before, after = self.accepted.get(name), self.seen.get(name)
        return (before, after) if before and after and before.digest != after.digest else None


class Pins:
    """`folder` is made on first use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Known] = {}

    def of(self, server: str) -> Known:
        """Raises ServerTrouble where the file can't be read: nothing is taken for accepted then."""
        if server not in self._known:
            self._known[server] = _load(self._folder / f"{server}.json")
        return self._known[server]

    def saw(self, server: str, tools: Iterable[Tool]) -> Known:
        """What a server lists now. A tool that nobody has seen before is accepted as it is: nothing was ever allowed on
        the strength of another definition."""
        known = self.of(server)
        seen = {tool.name: tool for tool in tools}
        if seen != known.seen:
            known.seen = seen
            known.accepted = {**seen, **known.accepted}
            self._store(server)
        return known

    def runs(self, server: str, program: Program) -> None:
        """What the server consists of, now that it has been started. The first one that is seen is accepted."""
        known = self.of(server)
        if program and program != known.program:
            known.program = program
            known.program_accepted = known.program_accepted or program
            self._store(server)

    def accept(self, server: str, name: str) -> None:
        """A person has approved the tool as it was seen last, with the program that it is a part of."""
        known = self.of(server)
        if known.differs(name) or known.program_changes:
            known.accepted[name] = known.seen[name]
            known.program_accepted = known.program
            self._store(server)

    def _store(self, server: str) -> None:
        known = self._known[server]
        document = {
            "accepted": [tool.record() for tool in known.accepted.values()],
            "seen": [tool.record() for tool in known.seen.values()],
            "program": {"accepted": known.program_accepted, "seen": known.program},
        }
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self._folder / f"{server}.json.new"
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(document, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._folder / f"{server}.json")


def _load(path: Path) -> Known:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        program = raw.get("program") or {}
        return Known(
            accepted=_tools(raw["accepted"]),
            seen=_tools(raw["seen"]),
            program_accepted=_program(program.get("accepted")),
            program=_program(program.get("seen")),
        )
    except FileNotFoundError:
        return Known()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, Misbehaves) as error:
        raise ServerTrouble(
            f"can't be used: {path} can't be read ({error}). Delete the file to accept its tools as they are now"
        ) from None


def _tools(raw: Iterable[Mapping[str, object]]) -> dict[str, Tool]:
    return {tool.name: tool for tool in (read_tool(one) for one in raw)}


def _program(raw: Mapping[str, str] | None) -> Program | None:
    return None if raw is None else {str(name): str(digest) for name, digest in raw.items()}
