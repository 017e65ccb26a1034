"""Who may talk to the server at all, before any route is looked at.

A page in the browser can reach loopback too: under another name (DNS rebinding, the Host tells) or straight from a
foreign site (the Origin tells). Programs send neither a foreign Host nor an Origin.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

NAMES = ("127.0.0.1", "localhost", "[::1]")


class Guard:
    """Answers 403 to a foreign Host, Origin or cross-site fetch. `port` is asked for late: 0 binds to a free one."""

    def __init__(self, app: ASGIApp, host: str, port: Callable[[], int]) -> None:
        self._app = app
        self._names = {*NAMES, host}
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (reason := self._foreign(scope)):
            await PlainTextResponse(reason, status_code=403)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _foreign(self, scope: Scope) -> str | None:
        headers = {key.decode("latin-1"): value.decode("latin-1").lower() for key, value in scope["headers"]}
        ours = {f"{name}:{self._port()}" for name in self._names}
        if self._port() == 80:
            ours |= self._names  # browsers leave out the default port
        if headers.get("host") not in ours:
            return "This address is not served here. Open the one that milepost up has printed."
        origin = headers.get("origin")
        if origin is not None and origin.removeprefix("http://") not in ours:
            return "Requests from other sites are refused."
        if headers.get("sec-fetch-site") in {"cross-site", "same-site"} and not self._opens_page(scope, headers):
            return "Requests from other sites are refused."
        return None

    def _opens_page(self, scope: Scope, headers: dict[str, str]) -> bool:
        """A link to the page may stand anywhere: it only shows what its own token or cookie allows."""
        return scope["method"] == "GET" and scope["path"] == "/" and headers.get("sec-fetch-mode") == "navigate"
