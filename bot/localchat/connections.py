"""The open connections by the address of their client: to hang up on one, and to notice that it hung up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

Address = tuple[str, int]


class Connections:
    """`lost` is called whenever a client hangs up."""

    def __init__(self, lost: Callable[[], None]) -> None:
        self._open: dict[Address, asyncio.Transport] = {}
        self._lost = lost

    def protocol(self) -> type[H11Protocol]:
        """uvicorn's own HTTP/1.1 protocol, which tells us of its connections."""
        connections = self

        class Watched(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                self.address: Address = transport.get_extra_info("peername")[:2]
                connections._open[self.address] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                super().connection_lost(exc)
                connections._open.pop(self.address, None)
                connections._lost()

        return Watched

    def is_open(self, client: Any) -> bool:
        transport = self._open.get((client.host, client.port)) if client else None
        return transport is not None and not transport.is_closing()

    async def hang_up(self, client: Any) -> None:
        """Closes the connection at once, without an answer."""
        transport = self._open.get((client.host, client.port)) if client else None
        if transport is not None:
            transport.abort()
            await asyncio.sleep(0)  # the protocol learns of it in the loop's next round
            await asyncio.sleep(0)
