"""httpx's way to the network, with the guard at the only place where connections are made."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Set

import httpcore
import httpx

from executor.actions.addresses import Forbidden, resolve, spelled
from executor.ports import Brake

CONNECT_TRIES_MAX = 4  # addresses of one host
HAPPY_S = 10.0  # for one of several addresses before the next is tried


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to an address that was looked at, never to a name. TLS still sees the name: httpcore passes it on by
    itself. `allow` holds "host:port" pairs that may be internal. Raises Stopped while `brake` holds."""

    def __init__(self, allow: Set[str], brake: Brake) -> None:
        self._allow = allow
        self._brake = brake
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self._brake.check()
        try:
            answers = await resolve(host, port, anywhere=spelled(host, port) in self._allow)
        except OSError as error:
            raise httpcore.ConnectError(f"the name is not known: {error.strerror or error}") from error
        self._brake.check()  # again: a name may take its time
        last: Exception = httpcore.ConnectError("the name has no address")
        tries = answers[:CONNECT_TRIES_MAX]
        for address in tries:
            try:
                patience = timeout if len(tries) == 1 else min(timeout or HAPPY_S, HAPPY_S)
                return await self._inner.connect_tcp(address, port, patience, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise Forbidden("sockets of this machine are not reached")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._response.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._response.aclose()


class GuardedTransport(httpx.AsyncBaseTransport):
    """One connection per request. httpcore's own exceptions come through, and Forbidden, and Stopped."""

    def __init__(self, allow: Set[str], tls: ssl.SSLContext, brake: Brake) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls, network_backend=GuardedBackend(allow, brake), max_keepalive_connections=0
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        response = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()
