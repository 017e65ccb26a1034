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

from executor.actions.mcp.session import Place
from executor.actions.mcp.whereabouts import internal, said_of
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


async def test_a_server_that_asks_who_we_are_says_what_to_configure_and_its_hints_are_not_followed(
    bench: Bench, site: Site
) -> None:
    elsewhere: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        elsewhere.append(await reader.read(65536))
        writer.close()

    other = await asyncio.start_server(take, "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]
    site.answer = (
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n"
        f'WWW-Authenticate: Bearer resource_metadata="http://127.0.0.1:{port}/.well-known/oauth"\r\n\r\n'
    ).encode()
    bench.configure(command=(), url=site.url("/mcp"))

    result = await bench.result("send")

    other.close()
    await other.wait_closed()
    assert result.error == (
        "The tool server notes wants to know who asks (401). Get a key there, put it into [secrets], and name it: "
        '[mcp.notes] headers = { Authorization = "Bearer $NAME" }'
    )
    assert elsewhere == []


async def test_a_key_that_is_turned_away_in_a_call_has_done_nothing(bench: Bench, site: Site) -> None:
    speaks(site, lambda writer, message: say(writer, None, "401 Unauthorized"))
    bench.configure(command=(), url=site.url("/mcp"), headers={"Authorization": "Bearer old"})

    result = await bench.result("send")

    assert result.error == (
        "The tool server notes turned us away (401): what mcp.notes.headers holds is wrong, too old, or for somebody "
        "else. Get a new key there"
    )
    assert "outcome_unknown" not in result.metadata


async def test_an_internal_address_behind_a_public_name_is_not_connected_to(
    bench: Bench, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def rebound(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", site.port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", rebound)
    bench.configure(command=(), url=f"http://tools.example.com:{site.port}/mcp", headers={"Authorization": "t0ken"})

    result = await bench.result("send")

    assert result.error == (
        "The tool server notes is not asked: the host has an internal address; add "
        f'"tools.example.com:{site.port}" to [http] allow if you mean it'
    )
    assert site.heard == []


async def test_an_internal_address_behind_a_public_name_may_be_opened(
    bench: Bench, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def inside(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", site.port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", inside)
    speaks(site, lambda writer, message: say(writer, message, text("sent")))
    host = f"tools.example.com:{site.port}"
    bench.configure(command=(), url=f"http://{host}/mcp", allow=(host,))

    result = await bench.result("send")

    assert result.output == "sent"


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "[::ffff:169.254.169.254]", "[fe80::1]", "[fd00:ec2::254]", "100.100.100.200"]
)
async def test_addresses_at_which_machines_hand_out_keys_are_refused_as_they_stand(bench: Bench, host: str) -> None:
    bench.configure(command=(), url=f"http://{host}/latest/meta-data")

    result = await bench.result("send")

    assert str(result.error).startswith("The tool server notes is not asked: this address is one at which machines")


@pytest.mark.parametrize(
    ("host", "so"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("192.168.1.9", True),
        ("localhost", True),
        ("nas", True),
        ("nas.local", True),
        ("tools.home.arpa", True),
        ("8.8.8.8", False),
        ("example.com", False),
        ("local.example.com", False),
        ("2130706433", False),
        ("0x7f000001", False),
        ("0x7f.1", False),
    ],
)
def test_a_host_is_internal_where_whoever_wrote_it_could_see_that(host: str, so: bool) -> None:
    assert internal(host) is so


@pytest.mark.parametrize(
    ("url", "headers", "said"),
    [
        ("http://127.0.0.1:8080/mcp", {"A": "b"}, ["it is reached inside your own network, at 127.0.0.1:8080"]),
        (
            "http://tools.example.com/mcp",
            {"A": "b"},
            ["its address is http://, so its headers cross the network in clear; use https://"],
        ),
        ("http://tools.example.com/mcp", {}, []),
        ("https://tools.example.com/mcp", {"A": "b"}, []),
        ("", {}, []),
    ],
)
def test_where_it_is_reached_is_said_where_that_matters(url: str, headers: dict[str, str], said: list[str]) -> None:
    assert said_of(Place(name="notes", url=url, headers=headers)) == said
