"""The way to a server at an address: nowhere else, and to what that address is meant to be.

An internal address that stands in the configuration is its owner's choice. A public name that leads to one is not: it
may lead there only now (rebinding), so what a name resolves to is looked at on every connection, and the connection is
made to what was looked at. Addresses at which clouds hand out their keys are refused however they are written.
`[http] allow` opens any of them. A redirect to another place is not followed, and the headers go nowhere else.
"""

import json
import ssl
from collections.abc import AsyncIterator, Iterable, Set
from functools import cache

import httpcore2
import httpx2

from executor.actions.addresses import Forbidden, spelled
from executor.actions.mcp.child import MESSAGE_BYTES_MAX
from executor.actions.mcp.session import Place
from executor.actions.mcp.whereabouts import permitted

UNWELCOME = -32090
"""The code of an answer of ours: the request was not made, or was turned away at the door. Nothing was done."""
CONNECT_TRIES_MAX = 4  # addresses of one host


class _Backend(httpcore2.AsyncNetworkBackend):
    """Connects to an address that was looked at, never to a name; TLS still sees the name."""

    def __init__(self, allow: Set[str]) -> None:
        self._allow = allow
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            answers = await permitted(host, port, self._allow)
        except OSError as error:
            raise httpcore2.ConnectError(f"the name is not known: {error.strerror or error}") from error
        last: Exception = httpcore2.ConnectError("the name has no address")
        for address in answers[:CONNECT_TRIES_MAX]:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                last = error
        raise last

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        raise Forbidden("sockets of this machine are not reached")


class Guarded(httpx2.AsyncHTTPTransport):
    """To one place. No plain answer is longer than a message may be; one that turns us away says what to do."""

    def __init__(self, place: Place) -> None:
        super().__init__(verify=_tls(), trust_env=False)
        self._pool = httpcore2.AsyncConnectionPool(ssl_context=_tls(), network_backend=_Backend(set(place.allow)))
        self._place = place
        self._origin = _origin(httpx2.URL(place.url))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if _origin(request.url) != self._origin:
            return _turned_away(request, f"is not asked: it leads to {request.url.host}, another place")
        try:
            response = await super().handle_async_request(request)
        except Forbidden as error:
            host = spelled(request.url.host, request.url.port or _PORTS[request.url.scheme])
            opened = f'add "{host}" to [http] allow if you mean it'
            return _turned_away(request, f"is not asked: {error}; {opened}")
        if why := self._closed(response):
            await response.aclose()
            return _turned_away(request, why)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        if not response.headers.get("content-type", "").startswith("text/event-stream"):  # bounded event by event
            response.stream = _Counted(response.stream)
        return response

    def _closed(self, response: httpx2.Response) -> str:
        """Why it lets nobody in, and what its owner can do; "": it does. Where it says that a key can be had is not
        asked: the address may be anybody's."""
        known = response.status_code == 403 and response.headers.get("content-type", "").startswith("application/json")
        if response.status_code not in (401, 403) or known:
            return ""
        if self._place.headers:
            return (
                f"turned us away ({response.status_code}): what mcp.{self._place.name}.headers holds is wrong, too "
                "old, or for somebody else. Get a new key there"
            )
        return (
            f"wants to know who asks ({response.status_code}). Get a key there, put it into [secrets], and name it: "
            f'[mcp.{self._place.name}] headers = {{ Authorization = "Bearer $NAME" }}'
        )


_PORTS = {"http": 80, "https": 443}


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host.lower(), url.port or _PORTS.get(url.scheme)


def _turned_away(request: httpx2.Request, why: str) -> httpx2.Response:
    """An answer in the protocol's own form, so that whoever asked hears why."""
    error = {"jsonrpc": "2.0", "id": None, "error": {"code": UNWELCOME, "message": why}}
    return httpx2.Response(
        403, headers={"content-type": "application/json"}, content=json.dumps(error).encode(), request=request
    )


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MESSAGE_BYTES_MAX
        async for chunk in self._stream:
            left -= len(chunk)
            if left < 0:
                raise httpx2.ReadError(f"it sent more than {MESSAGE_BYTES_MAX:,} bytes in one message")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


@cache
def _tls() -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=False)
