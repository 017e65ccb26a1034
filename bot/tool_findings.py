"""What the doctor says about tool servers and about actions that are not Milepost's own."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bot.control.protocol import Document
from bot.finding import Finding, good, note, wrong
from bot.settings import Settings
from executor.domain.errors import MilepostError

_RUNNERS = ("npx", "bunx", "uvx", "pipx")
ORDERS_MAX = 3  # that are quoted of one tool
_PINNED = re.compile(r"@?[^@]+@\d\S*|.+==\d\S*|[./~].*")


def tools(settings: Settings, try_tools: Callable[[Settings], Document]) -> Iterator[Finding]:
    """Nothing, where nothing of the kind is there."""
    for name, server in settings.mcp.items():
        if package := unpinned(server.command):
            mark = "==" if server.command[0].endswith(("uvx", "pipx")) else "@"
            yield note(
                f"mcp {name}",
                f"{package} is loaded in whatever version is newest",
                f"name the version that you trust, like {package}{mark}1.2.3",
            )
    try:
        found = try_tools(settings)
    except MilepostError as error:
        yield wrong("tools", error.public, "")
        return
    for server in found.get("servers", ()):
        yield _server(server)
        for seen in server.get("notes", ()):
            yield note(f"mcp {server['server']}", seen, "")
        yield from _orders(server)
    for problem in found.get("problems", ()):
        yield wrong("actions", problem, "correct the package, or remove it")
    if names := [*found.get("own", ()), *found.get("installed", ())]:
        yield good("actions", f"beside Milepost's own: {', '.join(names)}")


def _server(found: Any) -> Finding:
    name = f"mcp {found['server']}"
    if found["problem"]:
        return wrong(name, found["problem"], "try its command by hand; its keys belong into env or headers")
    count = f"{len(found['tools'])} tools"
    if found["changed"]:
        return note(name, f"{count}; changed since accepted: {', '.join(found['changed'])}", "each asks before it runs")
    return good(name, count)


def _orders(found: Any) -> Iterator[Finding]:
    """What a server says of its tools that looks like orders to a model."""
    for tool, lines in found.get("orders", {}).items():
        more = f"; and {len(lines) - ORDERS_MAX} more" if len(lines) > ORDERS_MAX else ""
        yield note(
            f"mcp {found['server']}",
            f"what it says of {tool} looks like orders: {'; '.join(lines[:ORDERS_MAX])}{more}",
            "it asks before each call, and models are not told; remove the server, or trust the tool if you know why",
        )


def unpinned(command: Sequence[str]) -> str:
    """The package that a runner would load in any version; "" where there is none."""
    if not command or command[0].rsplit("/", 1)[-1] not in _RUNNERS:
        return ""
    package = next((part for part in command[1:] if not part.startswith("-") and part != "run"), "")
    return "" if not package or _PINNED.fullmatch(package) else package
