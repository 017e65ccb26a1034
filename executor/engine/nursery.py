"""The one place that starts background work. What is started here is known by name, ends when the nursery stops, and
never fails in silence: an exception is handed to `on_failure`."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Nursery:
    """`on_failure(name, error)` is called from the event loop for every task that ended with an exception."""

    def __init__(self, on_failure: Callable[[str, BaseException], None]) -> None:
        self._on_failure = on_failure
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run `work` beside everything else. After stop() nothing is started any more: the work is closed unrun."""
        if self._closed:
            work.close()
            raise RuntimeError(f"{name}: the nursery has stopped")
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_failure(task.get_name(), error)

    async def stop(self, grace_s: float = 0.0) -> None:
        """Wait up to `grace_s` for everything to end by itself, then cancel the rest and wait for it."""
        self._closed = True
        if self._tasks and grace_s > 0:
            await asyncio.wait(set(self._tasks), timeout=grace_s)
        for task in set(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks))
