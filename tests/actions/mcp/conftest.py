"""Servers over real child processes, with a clock that tests move."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from executor.actions.launcher import PlainLauncher
from executor.actions.mcp.action import Mcp
from executor.actions.mcp.servers import Servers
from executor.actions.mcp.session import Place
from executor.actions.registry import Registry
from executor.domain.outcome import Result, Waiting
from executor.engine.nursery import Nursery
from tests.actions.conftest import Scene
from tests.fakes import ManualClock
from tests.toolserver import ToolServer


@dataclass
class Bench:
    """One configured server called "notes", and the action over it."""

    server: ToolServer
    nursery: Nursery
    clock: ManualClock
    folder: Path
    scene: Scene
    failures: list[str] = field(default_factory=list)
    servers: Servers = field(init=False)
    registry: Registry = field(init=False)

    def __post_init__(self) -> None:
        self.configure()

    def configure(self, **changes: Any) -> None:
        """Before anything was asked of the server."""
        brake = changes.pop("brake", None)
        place = Place(**{"name": "notes", "command": self.server.command} | changes)
        self.servers = Servers(
            [place],
            folder=self.folder,
            launcher=PlainLauncher(),
            start=self.nursery.start,
            clock=self.clock,
            brake=brake,
        )
        self.registry = Registry([Mcp(self.servers)])

    async def restart(self, **changes: Any) -> None:
        """A new life of Milepost, with another configuration of the server."""
        await self.servers.close()
        self.configure(**changes)

    async def call(self, tool: str, **arguments: Any) -> Result | Waiting:
        """As the engine runs a task: checked, looked up, run."""
        parameters = self.registry.get("mcp").check({"server": "notes", "tool": tool, "arguments": arguments})
        ready = await self.registry.ready("mcp", parameters)
        if isinstance(ready, Result | Waiting):
            return ready
        return await self.registry.get("mcp").run(ready, self.scene.context())

    async def idle(self) -> None:
        """Let the server's process go on."""
        await asyncio.sleep(0.005)

    async def result(self, tool: str, **arguments: Any) -> Result:
        result = await self.call(tool, **arguments)
        assert isinstance(result, Result), result
        return result


@pytest.fixture
async def bench(tmp_path: Path, scene: Scene) -> AsyncIterator[Bench]:
    failures: list[str] = []
    nursery = Nursery(lambda name, error: failures.append(f"{name}: {error!r}"))
    bench = Bench(ToolServer(tmp_path / "server"), nursery, ManualClock(), tmp_path / "mcp", scene, failures)
    yield bench
    await bench.servers.close()
    await nursery.stop()
    assert failures == []
