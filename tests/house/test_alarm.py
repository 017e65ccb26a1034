import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from bot.alarm import Alarm
from bot.real import SystemClock
from executor.engine.nursery import Nursery

EVERY_S = 0.05
LATENESS_S = 30.0  # of a busy machine


class Bell:
    """Counts rings, by the monotonic clock."""

    def __init__(self) -> None:
        self.rings = 0
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self.rings += 1
        self._rung.set()

    async def next_within(self, seconds: float) -> None:
        self._rung.clear()
        async with asyncio.timeout(seconds):
            await self._rung.wait()


def surprise(name: str, error: BaseException) -> None:
    raise AssertionError(name) from error


@asynccontextmanager
async def running_alarm(bell: Bell) -> AsyncIterator[None]:
    nursery = Nursery(surprise)
    alarm = Alarm(bell.ring, EVERY_S, SystemClock(), nursery.start)
    alarm.start()
    try:
        yield
    finally:
        await alarm.stop()
        await nursery.stop()


async def test_it_rings_again_and_again() -> None:
    bell = Bell()
    async with running_alarm(bell):
        for _ in range(3):
            await bell.next_within(EVERY_S + LATENESS_S)


@pytest.mark.parametrize(
    "jump", [timedelta(hours=-2), timedelta(seconds=-30), timedelta(hours=2), timedelta(days=3650)], ids=str
)
async def test_it_rings_on_after_the_wall_clock_has_jumped(jump: timedelta) -> None:
    bell = Bell()
    async with running_alarm(bell):
        await bell.next_within(EVERY_S + LATENESS_S)
        with time_machine.travel(datetime.now(UTC) + jump, tick=True):
            for _ in range(3):
                await bell.next_within(3 * EVERY_S + LATENESS_S)


async def test_a_jump_ahead_gives_no_storm_of_rings() -> None:
    bell = Bell()
    async with running_alarm(bell):
        await bell.next_within(EVERY_S + LATENESS_S)
        with time_machine.travel(datetime.now(UTC) + timedelta(hours=2), tick=True):
            before = bell.rings
            await bell.next_within(3 * EVERY_S + LATENESS_S)

    assert bell.rings - before <= 20  # not the 144,000 of two hours; a busy machine may be late by some


async def test_a_stopped_alarm_is_silent_and_its_watchdog_ends() -> None:
    bell = Bell()
    nursery = Nursery(surprise)
    alarm = Alarm(bell.ring, EVERY_S, SystemClock(), nursery.start)
    alarm.start()
    await bell.next_within(EVERY_S + LATENESS_S)
    await alarm.stop()
    rings = bell.rings

    await nursery.stop(grace_s=5 * EVERY_S + LATENESS_S)

    assert bell.rings == rings
