"""Where the http action is sent on to: how often, and where not."""

import asyncio

import httpx
import pytest

from executor.actions.http import Http, elsewhere
from executor.domain.outcome import Result
from tests.actions.conftest import Scene, Site
from tests.actions.sending import blocked, send


async def test_redirects_are_followed_and_counted(scene: Scene, site: Site) -> None:
    async def hop(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        moved = b"HTTP/1.1 303 See Other\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
        writer.write(site.answer if site.heard[-1].startswith(b"GET /there") else moved)

    site.handler = hop
    result = await send(scene, site, {"method": "POST", "url": site.url("/here"), "body": "x"})

    assert (result.output, result.metadata["url"], result.metadata["redirects"]) == ("hello", site.url("/there"), 1)


async def test_a_circle_of_redirects_ends(scene: Scene, site: Site) -> None:
    site.answer = b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"

    result = await send(scene, site, {"url": site.url()})

    assert (result.error, len(site.heard)) == ("more than 5 redirects", 6)


@pytest.mark.parametrize(
    ("target", "host", "port"),
    [
        ("http://localhost:1/", "localhost", 1),
        ("http://169.254.169.254/", "169.254.169.254", 80),
        ("//0x7f.1:1/", "0x7f.1", 1),
        ("https://[::1]/", "::1", 443),
    ],
)
async def test_a_redirect_to_an_internal_address_is_not_followed_and_named(
    scene: Scene, site: Site, target: str, host: str, port: int
) -> None:
    site.answer = f"HTTP/1.1 307 x\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()

    result = await send(scene, site, {"method": "POST", "url": site.url(), "body": "x"})

    assert (result.success, result.error) == (False, f"127.0.0.1 leads on to {blocked(host, port)}")
    assert "outcome_unknown" not in result.metadata


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_redirect_to_another_place_is_not_followed(
    scene: Scene, site: Site, other: Site, method: str, status: int
) -> None:
    """What was asked for, and perhaps approved, names one place: its headers and its body go nowhere else."""
    site.answer = f"HTTP/1.1 {status} x\r\nLocation: {other.url('/take')}\r\nContent-Length: 0\r\n\r\n".encode()
    http = Http([site.here, other.here])
    parameters = {"method": method, "url": site.url(), "headers": {"X-Key": "secret"}}

    result = await http.run(http.check(parameters), scene.context())

    assert isinstance(result, Result)
    assert other.heard == []
    assert str(result.error).endswith(f"it leads to http://{other.here}, another place; name that one in the task")
    assert result.metadata["status"] == status


@pytest.mark.parametrize(
    ("here", "there", "another"),
    [
        ("http://a.example/", "https://a.example/", False),
        ("http://a.example/", "https://www.a.example/x", False),
        ("https://www.a.example/", "https://a.example/", False),
        ("https://a.example/", "http://a.example/", True),
        ("https://a.example/", "https://a.example:444/", True),
        ("https://a.example/", "https://a.example.evil.example/", True),
        ("https://a.example/", "https://b.a.example/", True),
    ],
)
def test_what_counts_as_another_place(here: str, there: str, another: bool) -> None:
    assert elsewhere(httpx.URL(here), httpx.URL(there)) is another


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://example.com/", "http://x:y/"])
async def test_a_redirect_to_something_else_is_a_failure(scene: Scene, site: Site, target: str) -> None:
    site.answer = f"HTTP/1.1 302 x\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()

    result = await send(scene, site, {"url": site.url()})

    assert (result.success, str(result.error).startswith("the redirect leads to no web address")) == (False, True)
