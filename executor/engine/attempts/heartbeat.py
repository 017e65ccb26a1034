"""Keeping the leases of what runs here, taking over what others dropped, and stopping what was fenced off."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from executor.engine.nursery import Nursery
from executor.engine.tools import Tools
from executor.ports import Store, Workers


class Heartbeat:
    """`recover` takes over what others dropped; it is awaited once in each beat."""

    def __init__(
        self,
        store: Store,
        tools: Callable[[], Tools],
        workers: Workers,
        *,
        executor_id: str,
        recover: Callable[[], Awaitable[None]],
        log_error: Callable[[str, Exception], None],
    ) -> None:
        self._store = store
        self._tools = tools
        self._workers = workers
        self._executor_id = executor_id
        self._recover = recover
        self._log_error = log_error
        self._turn = asyncio.Lock()
        self._running: asyncio.Task[None] | None = None

    def start(self, nursery: Nursery) -> None:
        self._running = nursery.start(self._run(), "heartbeat")

    async def end(self) -> None:
        """Never in the middle of a transaction."""
        async with self._turn:
            if self._running is not None:
                self._running.cancel()

    async def beat(self) -> None:
        """Once, now."""
        tools = self._tools()
        held = self._workers.held()
        if held:
            until = tools.clock.now() + timedelta(seconds=tools.limits.lease_s)
            async with self._store.transaction("heartbeat") as transaction:
                lost = await transaction.extend_leases(self._executor_id, held, until)
            for ref in lost:
                self._workers.stop_task(ref)
        await self._recover()

    async def _run(self) -> None:
        """Three times as often as a lease runs out."""
        while True:
            tools = self._tools()
            await tools.clock.sleep(tools.limits.lease_s / 3)
            try:
                async with self._turn:
                    await self.beat()
            except Exception as error:  # noqa: BLE001 - without heartbeats every lease would be lost
                self._log_error("heartbeat", error)
