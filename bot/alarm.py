"""The alarm that wakes the executor's tick: an APScheduler job, and a monotonic watchdog that keeps it honest.

APScheduler 3.11 plans by the wall clock: after that is set back, it waits until the clock has caught up, which after
two hours back is two hours of silence. So the watchdog counts monotonic seconds since the last ring; after one interval
and a half without one it rings itself and builds the scheduler anew: no two rings are two intervals apart.
"""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from loguru import logger

from executor.ports import Clock

INTERVALS_OF_SILENCE_MAX = 1.5

StartSoon = Callable[[Coroutine[Any, Any, None], str], object]
"""Starts background work under a name: Nursery.start."""


class Steadily(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Every so often, counted from now. APScheduler's own interval counts from the run before, and walks through every
    run that was missed: after a clock that was set years ahead, a million steps in which nothing else happens."""

    def __init__(self, every_s: float) -> None:
        self._every = timedelta(seconds=every_s)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        return now + self._every


class Alarm:
    """Calls `wake` on the event loop every `every_s` seconds, from start() to stop(). `wake` never blocks."""

    def __init__(self, wake: Callable[[], None], every_s: float, clock: Clock, start_soon: StartSoon) -> None:
        self._wake = wake
        self._every_s = every_s
        self._clock = clock
        self._start_soon = start_soon
        self._scheduler: AsyncIOScheduler | None = None
        self._rang_at = 0.0  # monotonic
        self._stopped = False

    def start(self) -> None:
        """Needs a running event loop. The first ring comes after one interval."""
        self._rang_at = self._clock.monotonic()
        self._build()
        self._start_soon(self._watch(), "alarm watchdog")

    async def stop(self) -> None:
        """No ring after this. The watchdog ends with its next look, or is cancelled with its nursery before."""
        self._stopped = True
        self._tear_down()
        await self._clock.sleep(0)  # AsyncIOScheduler puts its own end on the loop

    def _build(self) -> None:
        scheduler = AsyncIOScheduler(timezone=UTC)
        scheduler.add_job(
            self._ring,
            Steadily(self._every_s),
            max_instances=1,
            coalesce=True,  # a sleep of the machine gives one ring, not a thousand
            misfire_grace_time=None,  # late is better than dropped
        )
        scheduler.start()
        self._scheduler = scheduler

    def _tear_down(self) -> None:
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None

    async def _ring(self) -> None:  # async, or APScheduler would call it in a thread
        if not self._stopped:
            self._rang_at = self._clock.monotonic()
            self._wake()

    async def _watch(self) -> None:
        silence_s_max = INTERVALS_OF_SILENCE_MAX * self._every_s
        while not self._stopped:
            silence_s = self._clock.monotonic() - self._rang_at
            if silence_s >= silence_s_max:
                logger.warning("No alarm for {:.1f} s (was the clock set back?): building it anew", silence_s)
                self._tear_down()
                self._build()
                await self._ring()
            await self._clock.sleep(max(0.0, self._rang_at + silence_s_max - self._clock.monotonic()))
