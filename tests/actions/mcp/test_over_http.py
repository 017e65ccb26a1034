"""Servers that are reached at an address: one of the SDK's own, and one that is up to no good."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from mcp.server import MCPServer

from executor.domain.outcome import Waiting
from tests.actions.conftest import Site
from tests.actions.mcp.conftest import Bench
from tests.toolserver import text, tool


@asynccontextmanager
async def honest_server() -> AsyncIterator[str]:
    """Over loopback; yields its address."""
    server = MCPServer("honest")

    @server.tool()
    def double(count: int) -> int:
        """Twice as many."""
        return 2 * count

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        config = uvicorn.Config(server.streamable_http_app(), log_config=None, timeout_graceful_shutdown=1)
        running = uvicorn.Server(config)
        running.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        task = asyncio.create_task(running.serve(sockets=[listening]))
        yield f"http://127.0.0.1:{port}/mcp"
        running.should_exit = True
        await task


async def test_a_server_at_an_address_is_listed_and_called(bench: Bench) -> None:
    async with honest_server() as url:
        bench.configure(command=(), url=url)

        result = await bench.result("double", count=21)

        await bench.servers.close()
    assert (result.success, result.output) == (True, "42")


Reply = Callable[[dict[str, Any]], Any]


def speaks(site: Site, call: Callable[[asyncio.StreamWriter, dict[str, Any]], None]) -> None:
    """Make the raw site a server of the protocol with one tool; `call` answers calls of it."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = site.heard[-1].decode()
        if not head.startswith("POST"):
            return say(writer, None, "405 Method Not Allowed")
        length = next(
            int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length")
        )
        message = json.loads(await reader.readexactly(length))
        match message["method"]:
            case "initialize":
                version = message["params"]["protocolVersion"]
                info = {"name": "raw", "version": "1"}
                say(writer, message, {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info})
            case "tools/list":
                say(writer, message, {"tools": [tool("send")]})
            case "tools/call":
                call(writer, message)
            case _ if "id" in message:
                say(writer, message, {"code": -32601, "message": "No such method"}, part="error")
            case _:
                say(writer, None, "202 Accepted")
        await writer.drain()
        return None

    site.handler = handle


def say(writer: asyncio.StreamWriter, message: dict[str, Any] | None, said: Any, part: str = "result") -> None:
    if message is None:
        writer.write(f"HTTP/1.1 {said}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        return
    body = json.dumps({"jsonrpc": "2.0", "id": message["id"], part: said}).encode()
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode() + body)


async def test_the_configured_headers_go_with_every_request(bench: Bench, site: Site) -> None:
    speaks(site, lambda writer, message: say(writer, message, text("sent")))
    bench.configure(command=(), url=site.url("/mcp"), headers={"Authorization": "Bearer t0ken"})

    result = await bench.result("send")

    assert result.output == "sent"
    assert all(b"authorization: bearer t0ken" in request.lower() for request in site.heard)


async def test_a_connection_that_breaks_in_a_call_leaves_the_outcome_unknown_and_milepost_alive(
    bench: Bench, site: Site
) -> None:
    speaks(site, lambda writer, message: writer.transport.abort())
    bench.configure(command=(), url=site.url("/mcp"))

    result = await bench.result("send")

    assert (result.success, result.metadata.get("outcome_unknown")) == (False, True)
    assert isinstance(await bench.call("send"), Waiting)


async def test_a_redirect_elsewhere_takes_no_token_along(bench: Bench, site: Site) -> None:
    elsewhere: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        elsewhere.append(await reader.read(65536))
        writer.close()

    other = await asyncio.start_server(take, "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]
    site.answer = (
        f"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:{port}/mcp\r\nContent-Length: 0\r\n"
        "Connection: close\r\n\r\n"
    ).encode()
    bench.configure(command=(), url=site.url("/mcp"), headers={"Authorization": "Bearer t0ken"})

    result = await bench.result("send")

    other.close()
    await other.wait_closed()
    assert (result.success, elsewhere) == (False, [])


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi", b"?"])
async def test_an_address_that_speaks_something_else_is_a_failure_in_one_line(
    bench: Bench, site: Site, answer: bytes
) -> None:
    site.answer = answer
    bench.configure(command=(), url=site.url("/mcp"))

    result = await bench.result("send")

    assert (result.success, "\n" in str(result.error)) == (False, False)


async def test_an_answer_without_end_is_not_read_to_its_end(bench: Bench, site: Site) -> None:
    def pour(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
        writer.write(b" " * 17_000_000)

    speaks(site, pour)
    bench.configure(command=(), url=site.url("/mcp"))

    result = await bench.result("send")

    assert (result.success, result.metadata.get("outcome_unknown")) == (False, True)
