"""What the doctor says about tool servers and about actions that are not Milepost's own."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bot.control.protocol import Document
from bot.finding import Finding, good, note, wrong
from bot.packages import package_of, passes_for, unpinned
from bot.settings import Settings
from executor.domain.errors import MilepostError

ORDERS_MAX = 3  # that are quoted of one tool
USUAL_REMEDY = "try its command by hand; its keys belong into env or headers"
_BRINGS = {"npx": "Node.js", "node": "Node.js", "uvx": "uv", "uv": "uv", "docker": "Docker", "podman": "Podman"}


def tools(settings: Settings, try_tools: Callable[[Settings], Document]) -> Iterator[Finding]:
    """Nothing, where nothing of the kind is there."""
    for name, server in settings.mcp.items():
        yield from _package(name, server.command)
    try:
        found = try_tools(settings)
    except MilepostError as error:
        yield wrong("tools", error.public, "")
        return
    for server in found.get("servers", ()):
        yield _server(server, settings)
        for seen in server.get("notes", ()):
            yield note(f"mcp {server['server']}", seen, "")
        yield from _orders(server)
    for problem in found.get("problems", ()):
        yield wrong("actions", problem, "correct the package, or remove it")
    if names := [*found.get("own", ()), *found.get("installed", ())]:
        yield good("actions", f"beside Milepost's own: {', '.join(names)}")


def _package(name: str, command: Sequence[str]) -> Iterator[Finding]:
    """What its command would load, where nobody knows what that will be."""
    package, npm = package_of(command)
    if loaded := unpinned(command):
        bare = loaded if package else "IMAGE"
        pinned = f"{bare}{'@' if npm else '=='}1.2.3" if package else f"{bare}@sha256:…"
        seen = f"{loaded} is loaded in whatever version is newest"
        yield note(f"mcp {name}", seen, f"name the version that you trust, like {pinned}")
    if known := passes_for(command):
        yield note(f"mcp {name}", f"{package} is almost called {known}", "look whether that is the one that you meant")


def _server(found: Any, settings: Settings) -> Finding:
    name = f"mcp {found['server']}"
    if found["problem"]:
        return wrong(name, found["problem"], _remedy(found["server"], settings))
    count = f"{len(found['tools'])} tools"
    if found["changed"]:
        return note(name, f"{count}; changed since accepted: {', '.join(found['changed'])}", "each asks before it runs")
    return good(name, count)


def _remedy(name: str, settings: Settings) -> str:
    """What most likely helps, from what its command needs."""
    server = settings.mcp.get(name)
    if server is None or not server.command:
        return USUAL_REMEDY
    program = server.command[0]
    path = server.env.get("PATH")
    if shutil.which(program, path=path.get_secret_value() if path else None) is None:
        brings = _BRINGS.get(program)
        return f"install {brings}: it brings {program}" if brings else f"install {program}, or write its whole path"
    isolated = settings.sandbox.mode != "none" and not (server.network or settings.sandbox.network)
    if isolated and package_of(server.command)[0]:
        return f"let it load its program: network = true in [mcp.{name}]"
    return USUAL_REMEDY


def _orders(found: Any) -> Iterator[Finding]:
    """What a server says of its tools that looks like orders to a model."""
    for tool, lines in found.get("orders", {}).items():
        more = f"; and {len(lines) - ORDERS_MAX} more" if len(lines) > ORDERS_MAX else ""
        yield note(
            f"mcp {found['server']}",
            f"what it says of {tool} looks like orders: {'; '.join(lines[:ORDERS_MAX])}{more}",
            "it asks before each call, and models are not told; remove the server, or trust the tool if you know why",
        )
