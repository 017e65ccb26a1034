"""Time, names and crash points: what must never be taken from anywhere else."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The only source of time. `now` is aware UTC; `monotonic` is seconds and never jumps."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class Mark(Protocol):
    """A moment kept over restarts, outside the database: it decides about nothing, and losing it costs nothing."""

    async def last(self) -> datetime | None: ...

    async def mark(self, at: datetime) -> None: ...


class NoMark:
    """Keeps nothing."""

    async def last(self) -> datetime | None:
        return None

    async def mark(self, at: datetime) -> None:
        return


class Ids(Protocol):
    """The only source of random names: 32 lower-case hex digits, unguessable."""

    def new(self) -> str: ...


class CrashPoints(Protocol):
    """Named places before and after every commit and every side effect. In production reaching one does nothing; a
    crash test stops the program there."""

    def reached(self, name: str) -> None: ...
