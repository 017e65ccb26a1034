"""An event loop in a thread of its own, so that a program without one can use what needs one."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic, ParamSpec, TypeVar

from bot.library.errors import Closed

T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")


class Backstage(Generic[T]):
    """`thing` is what `opening` gave: opened and closed in the loop's own thread. Raises what opening raised.

    The thread is a daemon: a program that ends without close() ends, as after a kill, and nothing stored is lost.
    """

    def __init__(self, opening: AbstractAsyncContextManager[T]) -> None:
        self._opened: Future[T] = Future()
        self._ended: Future[None] = Future()
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self._thread = threading.Thread(target=self._run, args=(opening,), name="milepost", daemon=True)
        self._thread.start()
        self.thing = self._opened.result()

    def _run(self, opening: AbstractAsyncContextManager[T]) -> None:
        try:
            asyncio.run(self._main(opening))
            self._ended.set_result(None)
        except BaseException as error:  # noqa: BLE001 - whatever it is belongs to whoever opens or closes
            (self._ended if self._opened.done() else self._opened).set_exception(error)

    async def _main(self, opening: AbstractAsyncContextManager[T]) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with opening as thing:
            self._opened.set_result(thing)
            await self._stop.wait()

    def call(self, work: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `work` in the loop and wait for it. Raises Closed after close(), and when close() came in between."""
        running = _awaited(work, *args, **kwargs)
        try:
            future = asyncio.run_coroutine_threadsafe(running, self._loop)
        except RuntimeError:  # the loop is closed
            running.close()
            raise Closed from None
        try:
            return future.result()
        except CancelledError:
            raise Closed from None
        except BaseException:  # Ctrl-C in the waiting thread ends the work too
            future.cancel()
            raise

    def close(self) -> None:
        """Close the thing and end the thread; nothing where that was done. Raises what closing raised."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        if threading.current_thread() is not self._thread:  # the garbage collector may call from anywhere
            self._ended.result()


def _awaited(work: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]:
    async def run() -> R:
        return await work(*args, **kwargs)

    return run()
