"""All configured servers: what they offer, what of it was accepted, and the calls themselves."""

import asyncio
import hashlib
import importlib
import json
import os
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from executor.actions.launcher import DEFAULT_PATH, Launcher
from executor.actions.mcp.actor import Actor, Start
from executor.actions.mcp.definitions import Hints, Tool, canonical, hints_of, read_tools
from executor.actions.mcp.orders import orders
from executor.actions.mcp.pins import Known, Pins
from executor.actions.mcp.programs import program_of
from executor.actions.mcp.scrutiny import Scrutiny
from executor.actions.mcp.session import Answer, Connect, Place
from executor.actions.mcp.suspicion import Suspicion
from executor.actions.mcp.trouble import Changed, ServerTrouble
from executor.actions.mcp.whereabouts import said_of
from executor.actions.survivors import end_every_attempt
from executor.domain.errors import Unconfigured, WrongInput
from executor.domain.stop import Stopped
from executor.ports import Brake, Clock, NoBrake

OFFER_CHARACTERS_MAX = 24_000  # of all that a model is told about tools: about 6,000 tokens
LINE_CHARACTERS_MAX = 400  # of one tool in it
FRESH_S = 3600.0  # after which a listing is asked for again before a model is told of it
KIND_CHARACTERS_MAX = 40
LEFT_OUT = "(what it says of itself looks like orders and is left out; each call asks a person)"
FIRST_LOOK_S = 20.0  # that a plan waits for servers about which nothing is known yet


class Servers:
    """`connect` makes sessions; with None the SDK does, once it is needed."""

    def __init__(
        self,
        places: Iterable[Place],
        *,
        folder: Path,
        launcher: Launcher,
        start: Start,
        clock: Clock,
        brake: Brake | None = None,
        connect: Connect | None = None,
    ) -> None:
        self._brake = brake or NoBrake()
        self._places = {place.name: place for place in places}
        self._pins = Pins(folder)
        self._start = start
        self._clock = clock
        self._folder = folder
        self._launcher = launcher
        self._connect = connect
        self._actors: dict[str, Actor] = {}
        self._looks: dict[str, asyncio.Task[None]] = {}
        self._looked_at: dict[str, float] = {}
        self._scrutiny = Scrutiny()
        self._programs: dict[str, int] = {}  # at which of its starts a server's program was looked at

    @property
    def names(self) -> list[str]:
        return sorted(self._places)

    @property
    def running(self) -> list[str]:
        """Those that are started or connected to at this moment."""
        return sorted(name for name, actor in self._actors.items() if actor.running)

    def place(self, server: str) -> Place:
        """Raises WrongInput."""
        place = self._places.get(server)
        if place is None:
            known = f"known are {', '.join(self.names)}" if self._places else "none is configured ([mcp.NAME])"
            raise WrongInput(f"There is no tool server {server!r}; {known}.")
        return place

    def known(self, server: str) -> Known:
        """What is known without asking the server. Raises WrongInput, and ServerTrouble where its pins are damaged."""
        return self._pins.of(self.place(server).name)

    def hints(self, server: str, tool: str) -> Hints:
        trusted = self.trusted(server, tool)
        try:
            known = self.known(server)
        except ServerTrouble:
            return Hints()
        if known.differs(tool) or known.program_changes:
            return Hints()
        return hints_of(known.seen.get(tool), trusted=trusted)

    def trusted(self, server: str, tool: str) -> bool:
        """Whether its owner believes what this tool says about itself. Raises WrongInput."""
        return any(fnmatchcase(tool, pattern) for pattern in self.place(server).trust)

    def suspicions(self, server: str, tool: str) -> tuple[Suspicion, ...]:
        """What looks like orders in the text of a tool, as it was seen last."""
        seen = self._seen(server).get(tool)
        return () if seen is None else self._scrutiny.of(server, seen, self._of_others(server))

    def failed(self, server: str, tool: str, error: str) -> list[str]:
        """What looks like orders in the text of an error; it counts against the tool from then on."""
        return self._scrutiny.heard(server, tool, error)

    def identity(self, server: str, tool: Tool) -> int:
        """What an approval is bound to beside the arguments: the definition, and where the server comes from. A number,
        because it is for comparing, and nobody should have to read it on a card."""
        place = self.place(server)
        program = dict(self.known(server).program or {})
        where = [place.name, list(place.command), place.url, sorted(place.env), sorted(place.headers), program]
        return int.from_bytes(hashlib.sha256(canonical([tool.record(), where])).digest())

    # ------------------------------------------------------------------------------------------------------ asking them

    async def look(self, server: str) -> Known:
        """Ask a server for its tools, now. Raises WrongInput or ServerTrouble."""
        actor = await self._actor(server)
        tools = await actor.tools()
        if not actor.place.url and self._programs.get(server) != actor.starts:
            self._programs[server] = actor.starts
            path = actor.place.env.get("PATH") or os.environ.get("PATH") or DEFAULT_PATH
            program = await asyncio.to_thread(program_of, actor.place.command, self._folder / server, path)
            self._pins.runs(server, program)
        known = self._pins.saw(server, read_tools(tools))
        await self._scrutiny.read(server, known.seen, self._of_others(server))
        self._looked_at[server] = self._clock.monotonic()
        return known

    async def call(
        self, server: str, tool: str, arguments: Mapping[str, Any], *, identity: int, timeout_s: float
    ) -> Answer:
        """Call exactly what was approved: the server is asked once more what the tool is. Raises ServerTrouble."""
        known = await self.look(server)
        now = known.seen.get(tool)
        if now is None or self.identity(server, now) != identity:
            raise Changed("changed this tool a moment ago; it was not called")
        self._pins.accept(server, tool)  # one that differs from what was accepted only gets here with a person's word
        return await (await self._actor(server)).call(tool, arguments, timeout_s)

    async def close(self) -> None:
        """End every server that runs."""
        await asyncio.gather(*(actor.close() for actor in self._actors.values()))

    async def _actor(self, server: str) -> Actor:
        place = self.place(server)
        self._brake.check()
        if server not in self._actors:
            if self._connect is None:
                self._connect = await asyncio.to_thread(_sdk, self._launcher, self._folder)
            self._actors.setdefault(server, Actor(place, self._connect, self._start, self._clock, self._brake))
        return self._actors[server]

    async def end_leftovers(self) -> None:
        """End the servers of a Milepost that was killed; they may not have noticed."""
        if self._folder.is_dir():
            await asyncio.to_thread(end_every_attempt, [], self._folder.absolute())

    def warnings(self) -> list[str]:
        """A sentence about each tool whose text looks like orders and about each program that changed, as they were
        seen last."""
        lines = []
        for server in self.names:
            for tool in self._seen(server):
                if found := self.suspicions(server, tool):
                    lines.append(f"What the tool server {server} says of {tool} looks like orders: {found[0].line}")
            try:
                changed = self.known(server).program_changes
            except ServerTrouble:
                continue  # whoever uses it hears of it
            if changed:
                lines.append(f"The program of the tool server {server} has changed: {', '.join(changed)}")
        return lines

    async def report(self) -> list[dict[str, Any]]:
        """How every server is, by asking it now."""
        return list(await asyncio.gather(*(self._report(name) for name in self.names)))

    async def _report(self, server: str) -> dict[str, Any]:
        report: dict[str, Any] = {"server": server, "problem": "", "tools": [], "changed": [], "orders": {}}
        report["notes"] = said_of(self.place(server))
        try:
            known = await self.look(server)
        except (ServerTrouble, Unconfigured, Stopped) as trouble:
            return report | {"problem": trouble.public}
        changed = [name for name in known.seen if known.differs(name)]
        if program := known.program_changes:
            report["notes"] = [*report["notes"], f"its program has changed since it was accepted: {', '.join(program)}"]
        orders = {name: [one.line for one in found] for name in known.seen if (found := self.suspicions(server, name))}
        return report | {"tools": list(known.seen), "changed": changed, "orders": orders}

    # -------------------------------------------------------------------------------------------------------- the offer

    def look_around(self) -> "dict[str, asyncio.Task[None]]":
        """Begin to ask every server that has not been asked for long, so that plans are held against what it has."""
        now = self._clock.monotonic()
        old = [name for name in self.names if now - self._looked_at.get(name, -FRESH_S) >= FRESH_S]
        return {name: self._looking(name) for name in old}

    async def offer(self) -> Mapping[str, Any]:
        """What a model is told: servers, their tools and what they take, within a bound. Servers about which nothing is
        known are asked first, for a moment."""
        looks = self.look_around()
        if unknown := [look for name, look in looks.items() if not self._seen(name)]:
            await asyncio.wait(unknown, timeout=FIRST_LOOK_S)
        left = OFFER_CHARACTERS_MAX
        offer: dict[str, Any] = {}
        for index, name in enumerate(self.names):
            lines: list[str] = []
            share = left // (len(self.names) - index)
            tools = list(self._seen(name).values())
            for tool in tools:
                line = _line(tool, quiet=self._quiet(name, tool.name))
                if (share := share - len(line)) < 0:
                    lines.append(f"… {len(tools) - len(lines)} more tools")
                    break
                lines.append(line)
            left -= sum(map(len, lines))
            offer[name] = lines or "it could not be asked yet"
        return offer

    def _seen(self, server: str) -> Mapping[str, Tool]:
        try:
            return self.known(server).seen
        except ServerTrouble:
            return {}

    def _quiet(self, server: str, tool: str) -> bool:
        """Whether a model is not told what the tool says of itself."""
        return bool(self.suspicions(server, tool)) and not self.trusted(server, tool)

    def _of_others(self, server: str) -> frozenset[str]:
        """The tools of all other servers that this one does not have."""
        others = {tool for name in self.names if name != server for tool in self._seen(name)}
        return frozenset(others - self._seen(server).keys())

    def _looking(self, server: str) -> "asyncio.Task[None]":
        task = self._looks.get(server)
        if task is None or task.done():
            task = self._looks[server] = self._start(self._quiet_look(server), f"mcp look {server}")
        return task

    async def _quiet_look(self, server: str) -> None:
        try:
            await self.look(server)
        except (ServerTrouble, Unconfigured, Stopped):
            return  # whoever uses the server hears of it


def _line(tool: Tool, *, quiet: bool) -> str:
    """``create_note(title*: string, tags: array): Makes a note.``; an asterisk marks what must be given. `quiet`: of
    what the tool says, only names that can hold no sentence."""
    wanted, needed = tool.input_schema.get("properties"), tool.input_schema.get("required")
    names = wanted if isinstance(wanted, Mapping) else {}
    must = needed if isinstance(needed, list) else []
    said = LEFT_OUT if quiet else " ".join(tool.description.split())
    taken = ", ".join(
        f"{name}{'*' if name in must else ''}: {_kind(schema)}"
        for name, schema in names.items()
        if not (quiet and orders(name, name=True))
    )
    text = f"{tool.name}({taken}): {said}"
    return text if len(text) <= LINE_CHARACTERS_MAX else f"{text[:LINE_CHARACTERS_MAX]}…"


def _kind(schema: Any) -> str:
    kind = schema.get("type", "any") if isinstance(schema, Mapping) else "any"
    text = kind if isinstance(kind, str) else json.dumps(kind)
    return text if len(text) <= KIND_CHARACTERS_MAX else "any"


def _sdk(launcher: Launcher, folder: Path) -> Connect:
    try:
        wire = importlib.import_module("executor.actions.mcp.wire")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in ("mcp", "mcp_types", "httpx2", "httpcore2"):
            raise
        raise Unconfigured(
            "Tool servers need the MCP SDK, which is not installed: pip install 'milepost[mcp]'."
        ) from None
    connect: Connect = wire.connector(launcher, folder)
    return connect
