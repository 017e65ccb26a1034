"""A workspace, what an action gets beside its parameters, and a web server on loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from executor.actions.launcher import PlainLauncher
from executor.actions.registry import Registry
from executor.actions.shell import Shell
from executor.domain.outcome import Result
from executor.ports import Context
from tests.actions.shop import Shop
from tests.fakes import START

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@dataclass
class Scene:
    """One goal's workspace and one attempt in it. `clock` holds the time that `now` tells."""

    workspace: Path
    started: list[tuple[int, float, str]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    clock: list[datetime] = field(default_factory=lambda: [START])
    launcher: PlainLauncher = field(default_factory=PlainLauncher)

    def context(self, **changes: Any) -> Context:
        async def started(pid: int, pid_started: float, command: str) -> None:
            self.started.append((pid, pid_started, command))

        context = Context(
            task_ref="1.1",
            attempt=1,
            goal_title="A goal",
            folder=lambda: self.workspace,
            timeout_s=120,
            output_bytes_max=100_000,
            now=lambda: self.clock[0],
            first_started_at=START,
            environment={},
            started=started,
            tell=self.told.append,
        )
        return replace(context, **changes)

    async def shell(self, command: str, outputs: dict[str, str] | None = None, **changes: Any) -> Result:
        """A shell task as the engine runs it: checked, filled, run."""
        registry = Registry([Shell(self.launcher)])
        action = registry.get("shell")
        parameters = registry.fill(action.check({"command": command}), "shell", outputs or {})
        result = await action.run(parameters, self.context(**changes))
        assert isinstance(result, Result)
        return result


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    workspace = tmp_path / "workspaces" / "1"
    workspace.mkdir(parents=True)
    return Scene(workspace)


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Site:
    """A raw server: `answer` is sent to every request, unless `handler` says otherwise. `heard` are the requests."""

    port: int = 0
    answer: bytes = ANSWER
    handler: Handler | None = None
    heard: list[bytes] = field(default_factory=list)

    @property
    def here(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/") -> str:
        return f"http://{self.here}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.heard.append(await reader.readuntil(b"\r\n\r\n"))
            if self.handler is not None:
                await self.handler(reader, writer)
            else:
                writer.write(self.answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client hung up, as some tests want
        finally:
            writer.close()


@asynccontextmanager
async def serving() -> AsyncIterator[Site]:
    site = Site()
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    yield site
    server.close()
    await server.wait_closed()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving() as site:
        yield site


@pytest.fixture
async def other() -> AsyncIterator[Site]:
    """Somebody else's server."""
    async with serving() as site:
        yield site


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)
