"""The http action reaches what it may, says what came back, and knows when it can't know."""

import asyncio
import gzip
import socket
import zlib
from collections.abc import AsyncIterator, Callable
from time import monotonic
from typing import Any

import pytest

from executor.actions.http import RETRY_AFTER_S_MAX, Http
from executor.actions.unpacking import unpacked
from executor.domain.errors import WrongInput
from tests.actions.conftest import Scene, Site
from tests.actions.sending import blocked as not_allowed
from tests.actions.sending import send


async def test_an_answer_is_told_with_its_status_and_size(scene: Scene, site: Site) -> None:
    result = await send(scene, site, {"url": site.url("/a?b=c"), "headers": {"X-Test": "1"}})

    metadata = dict(result.metadata)
    assert 0 <= metadata.pop("execution_time") < 10
    assert (result.success, result.result, result.output, result.error) == (True, "200 OK, 5 bytes", "hello", None)
    assert metadata == {
        "url": site.url("/a?b=c"),
        "method": "GET",
        "redirects": 0,
        "status": 200,
        "content_type": "",
        "body_bytes": 5,
        "body_whole": True,
    }
    assert site.heard[0].startswith(b"GET /a?b=c HTTP/1.1\r\n")
    assert f"host: {site.here}".encode() in site.heard[0].lower()
    assert b"x-test: 1" in site.heard[0].lower()


@pytest.mark.parametrize(
    ("status", "expect", "error"),
    [
        ("404 Not Found", None, "404 Not Found"),
        ("404 Not Found", 404, None),
        ("204 No Content", None, None),
        ("200 OK", 201, "200 OK, expected 201"),
        ("301 Moved Permanently", 301, None),
        ("500 Oops", None, "500 Internal Server Error"),
        ("299 Odd", None, None),
    ],
)
async def test_the_status_decides(scene: Scene, site: Site, status: str, expect: int | None, error: str | None) -> None:
    site.answer = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nLocation: /x\r\n\r\n".encode()

    result = await send(scene, site, {"url": site.url(), "expect_status": expect})

    assert (result.success, result.error) == (error is None, error)


async def test_a_body_is_sent_as_text_or_as_json(scene: Scene, site: Site) -> None:
    bodies: list[bytes] = []

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int(site.heard[-1].lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        bodies.append(await reader.readexactly(length))
        writer.write(site.answer)

    site.handler = keep
    await send(scene, site, {"method": "post", "url": site.url(), "body": "grüße"})
    await send(scene, site, {"method": "PUT", "url": site.url(), "body": {"a": ["ü", 1]}})

    assert bodies == ["grüße".encode(), '{"a": ["ü", 1]}'.encode()]
    assert b"content-type" not in site.heard[0].lower()
    assert b"content-type: application/json" in site.heard[1].lower()


async def test_a_body_is_cut_at_the_limit(scene: Scene, site: Site) -> None:
    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    site.handler = endless
    result = await send(scene, site, {"url": site.url()}, output_bytes_max=1000)

    assert (result.success, result.result, result.output) == (True, "200 OK, 1,000 bytes, cut there", "x" * 1000)


async def test_a_compressed_bomb_is_cut_too(scene: Scene, site: Site) -> None:
    bomb = gzip.compress(b"x" * 50_000_000)
    site.answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(bomb), bomb)

    result = await send(scene, site, {"url": site.url()}, output_bytes_max=1000)

    assert (result.success, result.output) == (True, "x" * 1000)


@pytest.mark.parametrize("encoding", ["gzip, gzip", "deflate, gzip", "gzip, br", "x-gzip,gzip,gzip"])
async def test_what_is_packed_twice_is_not_unpacked(scene: Scene, site: Site, encoding: str) -> None:
    """A few hundred bytes could stand for as many gigabytes as there are layers."""
    bomb = gzip.compress(gzip.compress(b"x" * 1_000_000))
    site.answer = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\n\r\n".encode() + bomb

    result = await send(scene, site, {"url": site.url()})

    assert result.error == "200 OK, but then the answer can't be read: it is packed more than once"


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"hello", mtime=0)),
        ("X-GZIP", gzip.compress(b"hello", mtime=0)),
        ("deflate", zlib.compress(b"hello")),
        ("deflate", zlib.compress(b"hello")[2:-4]),
        ("identity, ", b"hello"),
        ("br", b"hello"),
    ],
)
async def test_a_packed_answer_is_unpacked_once(scene: Scene, site: Site, encoding: str, packed: bytes) -> None:
    site.answer = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\n\r\n".encode() + packed

    result = await send(scene, site, {"url": site.url()})

    assert (result.error, result.output) == (None, "hello")


def test_a_small_part_is_unpacked_in_pieces() -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield zlib.compress(bytes(50_000_000))

    async def most() -> list[int]:
        return [len(piece) async for piece in unpacked(parts(), "deflate")]

    sizes = asyncio.run(most())

    assert (sum(sizes), max(sizes)) == (50_000_000, 65_536)


async def test_a_binary_body_is_said_to_be_one(scene: Scene, site: Site) -> None:
    site.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\x89PN\x00"

    result = await send(scene, site, {"url": site.url()})

    assert (result.result, result.output) == ("200 OK, 4 bytes, binary: not shown as text", "")


@pytest.mark.parametrize("encoding", ["latin-1", "no-such-charset"])
async def test_a_charset_is_obeyed_and_an_unknown_one_is_no_matter(scene: Scene, site: Site, encoding: str) -> None:
    text = "grüße".encode("latin-1" if encoding == "latin-1" else "utf-8")
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset={encoding}\r\nContent-Length: {len(text)}\r\n\r\n"
    site.answer = head.encode() + text

    assert (await send(scene, site, {"url": site.url()})).output == "grüße"


@pytest.mark.parametrize(
    ("header", "seconds"), [("120", 120.0), ("Mon, 02 Mar 2026 09:01:00 GMT", 60.0), ("soon", None)]
)
async def test_a_server_may_say_when_to_come_back(scene: Scene, site: Site, header: str, seconds: float | None) -> None:
    site.answer = f"HTTP/1.1 429 x\r\nRetry-After: {header}\r\nContent-Length: 0\r\n\r\n".encode()

    result = await send(scene, site, {"url": site.url()})

    assert (result.error, result.metadata.get("retry_after_s")) == ("429 Too Many Requests", seconds)


# -------------------------------------------------------------------------------------------------- what went wrong


async def test_everything_together_takes_no_longer_than_allowed(scene: Scene, site: Site) -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    site.handler = drip
    began = monotonic()
    result = await send(scene, site, {"url": site.url()}, timeout_s=3)

    assert monotonic() - began < 60
    assert result.error == "200 OK, but then timed out after 3 s"


async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(300)


async def hangs_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def babbles(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"no http at all\r\n\r\n")


async def shouts(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 10_000_000 + b"\r\n\r\n")
    await writer.drain()


@pytest.mark.parametrize("server", [silent, hangs_up, babbles, shouts])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
async def test_after_something_was_sent_the_outcome_of_an_effect_is_unknown(
    scene: Scene, site: Site, server: Callable[..., Any], method: str
) -> None:
    site.handler = server

    result = await send(scene, site, {"method": method, "url": site.url()}, timeout_s=3)

    assert result.success is False
    assert result.metadata.get("outcome_unknown", False) is (method in ("POST", "DELETE"))
    assert result.error is not None
    assert result.error.endswith("; it was sent, and nobody saw the answer") is (method in ("POST", "DELETE"))


async def test_an_effect_that_never_left_is_a_plain_failure(scene: Scene, site: Site) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        site.port = closed.getsockname()[1]
        refused = await send(scene, site, {"method": "POST", "url": site.url()})
    unknown = await send(scene, None, {"method": "POST", "url": "http://nowhere.invalid/"})
    blocked = await send(scene, None, {"method": "POST", "url": "http://127.0.0.1:1/"})

    assert [one.metadata.get("outcome_unknown") for one in (refused, unknown, blocked)] == [None, None, None]
    assert str(refused.error).startswith("can't connect to 127.0.0.1: ")
    assert str(unknown.error).startswith("can't connect to nowhere.invalid: the name is not known")
    assert blocked.error == not_allowed("127.0.0.1", 1)


async def test_an_effect_with_a_status_happened_even_if_its_body_broke_off(scene: Scene, site: Site) -> None:
    site.answer = b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\nhalf"

    posted = await send(scene, site, {"method": "POST", "url": site.url()})
    fetched = await send(scene, site, {"url": site.url()})

    assert (posted.success, posted.output, posted.metadata["body_whole"]) == (True, "half", False)
    assert (fetched.success, str(fetched.error).startswith("201 Created, but then ")) == (False, True)


async def test_a_body_that_is_not_as_compressed_as_it_says_is_a_failure(scene: Scene, site: Site) -> None:
    site.answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"

    assert "200 OK, but then the answer can't be read" in str((await send(scene, site, {"url": site.url()})).error)


# ---------------------------------------------------------------------------------------------------- parameters


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({}, "http: url is missing."),
        (
            {"url": "file:///etc/passwd"},
            "http: url is 'file:///etc/passwd'; expected one that starts with http:// or https:// and names a host.",
        ),
        ({"url": "unix:///run/x"}, "http: url is 'unix:///run/x'; expected one that"),
        ({"url": "data:text/plain,x"}, "http: url is 'data:text/plain,x'; expected one that"),
        ({"url": "example.com"}, "http: url is 'example.com'; expected one that"),
        ({"url": "http://"}, "http: url is 'http://'; expected one that"),
        ({"url": "http://x\n/"}, "http: url is 'http://x\\n/', which is none: "),
        ({"url": "http://x/", "method": "STEAL"}, "http: method is 'STEAL'; expected one of GET, HEAD, POST,"),
        ({"url": "http://x/", "headers": {"A": "b\r\nC: d"}}, "http: headers.'A' holds a line break"),
        ({"url": "http://x/", "headers": {"A": "\x7f"}}, "http: headers.'A' holds a line break"),
        ({"url": "http://x/", "headers": {"A: b": "c"}}, "http: headers.'A: b' is no name of a header"),
        ({"url": "http://x/", "headers": {"": "c"}}, "http: headers.'' is no name of a header"),
        ({"url": "http://x/", "headers": {"A": "b", "a": "c"}}, "http: headers.'a' is there more than once"),
        (
            {"url": "http://x/", "headers": {"Content-Length": "3"}},
            "http: headers.'Content-Length' is set by the connection itself; leave it out.",
        ),
        (
            {"url": "http://x/", "headers": {"transfer-encoding": "chunked"}},
            "http: headers.'transfer-encoding' is set by the connection itself; leave it out.",
        ),
        ({"url": "http://x/", "headers": {"Upgrade": "h2c"}}, "http: headers.'Upgrade' is set by the connection"),
        ({"url": "http://x/", "method": "POST", "body": "\ud800"}, "http: body holds half a character"),
        ({"url": "http://x/", "method": "POST", "body": {"a": "\ud800"}}, "http: body holds half a character"),
        ({"url": "http://xn--/"}, "http: url is 'http://xn--/', which is none: "),
        ({"url": "http://x/", "headers": {"A": 1}}, "http: headers is 1; expected text"),
        ({"url": "http://x/", "body": "y"}, "http: body goes with POST, PUT, PATCH or DELETE, not with GET."),
        ({"url": "http://x/", "expect_status": 42}, "http: expect_status is 42; expected "),
    ],
)
def test_wrong_parameters_get_one_clear_line(parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(WrongInput) as refusal:
        Http().check(parameters)

    assert refusal.value.public.startswith(sentence)
    assert "\n" not in refusal.value.public


def test_it_shows_the_whole_request_and_knows_what_may_be_repeated() -> None:
    http = Http()
    post = {"method": "POST", "url": "https://example.com/x", "headers": {"A": "b"}, "body": {"c": 1}}

    assert http.describe({"url": "https://example.com/"}) == "GET https://example.com/"
    assert http.describe(post) == 'POST https://example.com/x\nA: b\n{"c": 1}'
    assert [http.repeatable({"url": "http://x/", "method": one}) for one in ("GET", "head", "POST", "DELETE")] == [
        True,
        True,
        False,
        False,
    ]
    assert http.check({"url": "http://${1.output}/"})["url"] == "http://${1.output}/"


async def test_an_output_that_makes_no_url_is_a_failure(scene: Scene) -> None:
    result = await Http().run({"url": "http://a b\n/"}, scene.context())

    assert (getattr(result, "success", None), str(getattr(result, "error", "")).startswith("http: url is ")) == (
        False,
        True,
    )


async def test_a_head_without_end_is_given_up_soon(scene: Scene, site: Site) -> None:
    site.answer = b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000

    result = await send(scene, site, {"url": site.url()})

    assert (result.success, str(result.error).partition(":")[0]) == (False, "the connection to 127.0.0.1 broke off")


@pytest.mark.parametrize("charset", ["zlib", "base64", "rot13", "undefined", "unicode_escape", "utf-7", "../x", "mbcs"])
async def test_what_is_no_charset_is_not_used_as_one_and_every_text_can_be_stored(
    scene: Scene, site: Site, charset: str
) -> None:
    body = b"+2AA- \\ud800" if charset == "utf-7" else b"hi \\ud800"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset={charset}\r\nContent-Length: {len(body)}\r\n\r\n"
    site.answer = head.encode() + body

    result = await send(scene, site, {"method": "POST", "url": site.url()})

    assert (result.success, result.result) == (True, f"200 OK, {len(body)} bytes")
    assert result.output == body.decode().replace("+2AA-", "?")


@pytest.mark.parametrize("wait", ["9" * 400, "Fri, 31 Dec 9999 23:59:59 -2359"], ids=["seconds", "date"])
async def test_a_server_that_wants_to_be_left_alone_for_ever_is_asked_again_after_a_month(
    scene: Scene, site: Site, wait: str
) -> None:
    site.answer = f"HTTP/1.1 503 No\r\nRetry-After: {wait}\r\nContent-Length: 0\r\n\r\n".encode()

    result = await send(scene, site, {"url": site.url()})

    assert result.metadata["retry_after_s"] == RETRY_AFTER_S_MAX


async def test_a_password_in_an_address_is_sent_and_not_told(scene: Scene, site: Site) -> None:
    result = await send(scene, site, {"url": f"http://ann:s3cret@{site.here}/"})

    assert b"Authorization: Basic" in site.heard[0]
    assert result.metadata["url"] == site.url()


@pytest.mark.parametrize("port", [0, 65_536, 99_999])
def test_a_port_that_there_is_not_is_refused(port: int) -> None:
    with pytest.raises(WrongInput, match=f"there is no port {port}"):
        Http().check({"url": f"http://example.com:{port}/"})
