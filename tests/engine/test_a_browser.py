"""A goal that uses a real browser: a tool server from npm and a Chromium, both in the sandbox."""

import asyncio
import json
import shutil
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from executor.actions.bounds import Bounds
from executor.actions.checks import Looks
from executor.actions.http import Http
from executor.actions.mcp import actor, wire
from executor.actions.mcp.action import Mcp
from executor.actions.mcp.servers import Servers
from executor.actions.mcp.session import Place
from executor.actions.registry import Registry
from executor.actions.sandbox.choice import Wanted, isolate
from executor.actions.write import Write
from executor.domain.notice import NoticeKind
from executor.domain.plan import Check, CheckKind, Criterion, GoalDraft, TaskSpec
from executor.engine.nursery import Nursery
from tests.apart import need_bubblewrap
from tests.fakes import ManualClock
from tests.world import world

PACKAGES = Path(__file__).parents[1] / "node_modules"
BROWSER = PACKAGES / ".bin" / "playwright-mcp"
CHROMIUM = shutil.which("chromium")
PAGE = (
    b"<title>Shop</title><h1>Milk</h1><script>document.querySelector('h1').append(' costs ', 1 + 2, ' euro')</script>"
)
PATIENCE_MS = 600_000  # a machine may be slow
CONFIGURATION = {
    "browser": {
        "isolated": True,
        "launchOptions": {
            "headless": True,
            "executablePath": CHROMIUM,
            "chromiumSandbox": False,  # it is in one of ours
            "timeout": PATIENCE_MS,
        },
    },
    "timeouts": {"navigation": PATIENCE_MS, "action": PATIENCE_MS},
}


async def shop(stack: AsyncExitStack) -> str:
    """A page on loopback that only says something once its script has run."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(PAGE)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + PAGE)
        await writer.drain()
        writer.close()

    server = await stack.enter_async_context(await asyncio.start_server(serve, "127.0.0.1", 0))
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


def buying(url: str) -> GoalDraft:
    def uses(key: str, tool: str, **arguments: str) -> TaskSpec:
        parameters = {"server": "browser", "tool": tool, "arguments": arguments}
        after = (str(int(key) - 1),) if key != "1" else ()
        return TaskSpec(key=key, title=tool, action="mcp", parameters=parameters, depends_on=after)

    note = TaskSpec(
        key="3",
        title="Note the price",
        action="write",
        parameters={"path": "page.txt", "content": "${2.output}"},
        depends_on=("2",),
    )
    priced = Check(kind=CheckKind.FILE, path="page.txt", contains="Milk costs 3 euro")
    return GoalDraft(
        title="What does milk cost?",
        tasks=(uses("1", "browser_navigate", url=url), uses("2", "browser_snapshot"), note),
        criteria=(Criterion(text="The price is known", check=priced),),
    )


@pytest.mark.skipif(not BROWSER.exists(), reason="scripts/test-parts.sh could not install it: no npm here")
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")
async def test_a_page_is_read_in_a_sandboxed_browser_and_the_receipt_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_bubblewrap()
    monkeypatch.setattr(actor, "START_S", PATIENCE_MS / 1000)
    monkeypatch.setattr(wire, "ANSWER_S", PATIENCE_MS / 1000)
    bounds = Bounds(memory_mb=1024, cpu_s=600)
    wanted = Wanted(
        mode="bubblewrap", data_dir=tmp_path, hidden=(tmp_path / "milepost.db",), bounds=bounds, network=False
    )
    isolation = await asyncio.to_thread(isolate, wanted)
    if isolation.problem is not None:
        pytest.skip(isolation.problem.seen)
    configuration = tmp_path / "mcp" / "browser" / "browser.json"
    configuration.parent.mkdir(parents=True)
    configuration.write_text(json.dumps(CONFIGURATION))
    place = Place(
        name="browser", command=(str(BROWSER), "--config", str(configuration)), network=True, folders=(PACKAGES,)
    )
    clock, nursery = ManualClock(), Nursery(lambda name, error: None)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(nursery.stop)
        url = await shop(stack)
        servers = Servers(
            [place], folder=tmp_path / "mcp", launcher=isolation.launcher, start=nursery.start, clock=clock
        )
        stack.push_async_callback(servers.close)
        checks = Looks(isolation.launcher, Http())
        registry = Registry([Mcp(servers), Write()])
        here = await stack.enter_async_context(world(tmp_path, clock=clock, registry=registry, checks=checks))

        number = await here.start_goal(buying(url))
        await here.run_until_over(number)

        [end] = [notice for notice in await here.notices() if notice.kind is NoticeKind.END]
        [criterion] = end.facts["criteria"]  # type: ignore[misc]
        assert criterion["met"] is True, criterion
        assert servers.suspicions("browser", "browser_navigate") == ()
