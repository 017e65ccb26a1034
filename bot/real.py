"""The real clock and the real source of names, and the crash points of tests with real processes."""

import asyncio
import ctypes
import gc
import os
import secrets
import signal
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from executor.domain.errors import Unconfigured
from executor.ports import CrashPoints

_PR_SET_DUMPABLE = 4  # of linux/prctl.h
COLLECT_AFTER = 50_000  # values made and not yet gone; Python's own is 700


class SystemClock:
    """The wall clock in aware UTC, and the machine's monotonic one."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class RandomIds:
    """128 bits from the kernel's generator."""

    def new(self) -> str:
        return secrets.token_hex(16)


class NoCrashPoints:
    def reached(self, name: str) -> None:
        return None


class EnvCrashPoints:
    """Kills this process as ``kill -9`` would, the `nth` time that the point `name` is reached. Only for tests."""

    def __init__(self, name: str, nth: int = 1) -> None:
        self._name = name
        self._left = nth

    def reached(self, name: str) -> None:
        if name != self._name:
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def close_to_others() -> None:
    """What this process holds (its environment, its memory, its open files) is nobody else's to read from here on, not
    even another process of the same user's, such as a command that runs without a sandbox; nor does it leave a core
    dump. Root reads everything. Linux only; elsewhere nothing is changed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def calm_the_collector() -> None:
    """Let Python look for garbage less often, once everything is loaded. A tick makes tens of thousands of values that
    are gone at its end without any help; looking through them each time takes a sixth of its time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 20)


def crash_points(environ: Mapping[str, str]) -> CrashPoints:
    """Those that ``MILEPOST_CRASH_AT=<name>[:<nth>]`` asks for; without it none. Raises Unconfigured where nth is not
    a whole number from 1."""
    wanted = environ.get("MILEPOST_CRASH_AT", "")
    if not wanted:
        return NoCrashPoints()
    name, _, nth = wanted.partition(":")
    if nth and (not nth.isdecimal() or int(nth) < 1):
        raise Unconfigured(f"MILEPOST_CRASH_AT = {wanted}: expected <name> or <name>:<nth>, nth from 1.")
    return EnvCrashPoints(name, int(nth or 1))
