"""An attempt while its goal may not take more disk than it is allowed: looked at before it, and again and again."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from executor.domain.blockage import BlockageType
from executor.domain.outcome import Blocked, Outcome, Result
from executor.engine.attempts.attempt import Run

Start = Callable[[Coroutine[Any, Any, Any], str], "asyncio.Task[Any]"]
"""The nursery's."""
LOOK_S = 5.0  # between two looks; most attempts are over before the first


async def bounded(run: Run, work: Coroutine[Any, Any, Outcome], start: Start) -> Outcome:
    """The outcome of `work`, which is `run`'s; a blockage where the goal's folder is or becomes too large."""
    number = run.assignment.goal.number
    try:
        full = await run.tools.quota.full(number)
    except BaseException:
        work.close()
        raise
    if full is not None:
        work.close()
        return _blocked(full)
    watch = _Watch(run, start)
    watch.start()
    try:
        return await work
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if watch.full is None or task is None or task.uncancel() > 0:  # somebody else wants it to end
            raise
        return run.interrupted(watch.full) if run.began_effect else _blocked(watch.full)
    finally:
        watch.stop()


class _Watch:
    """Cancels the task that made it once there is too much; `full` then says why."""

    def __init__(self, run: Run, start: Start) -> None:
        self._run = run
        self._start = start
        self._task = asyncio.current_task()
        self._timer: asyncio.TimerHandle | None = None
        self._look: asyncio.Task[Any] | None = None
        self.full: str | None = None

    def start(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(LOOK_S, self._begin)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._look is not None:
            self._look.cancel()

    def _begin(self) -> None:
        ref, number = self._run.assignment.task.ref, self._run.assignment.goal.number
        self._look = self._start(self._run.tools.quota.full(number), f"disk of {ref}")
        self._look.add_done_callback(self._seen)

    def _seen(self, look: "asyncio.Task[Any]") -> None:
        if look.cancelled():
            return
        self.full = None if look.exception() is not None else look.result()
        if self.full is not None and self._task is not None:
            self._task.cancel()
        else:
            self.start()


def _blocked(full: str) -> Blocked:
    return Blocked(result=Result(success=False, error=full), type=BlockageType.RESOURCE, cause=full)
