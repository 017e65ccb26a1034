"""A wall clock that is set back: what waits would wait that much longer, up to a day for a day.

Due times are moments of the wall clock, so that they survive a restart. When it goes back, every one of them goes back
with it, and so does the beginning of what is under way: a pause of ten seconds stays one. Moments that people named (a
deadline, "until 18:00") stay where they are: what wakes too early for one looks at the clock and waits on. A clock that
goes ahead, as after a suspended machine, needs nothing: what is due by it is due.
"""

from datetime import datetime, timedelta

from loguru import logger

from executor.ports import Clock, TurnsBack

JUMP_S = 2.0  # less is the clock's own fine adjustment, or a slow machine between two readings


class Jumps:
    """Compares the wall clock with the monotonic one from tick to tick."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: tuple[datetime, float] | None = None
        self._seeing: tuple[datetime, float] | None = None

    def since(self, last: datetime | None) -> None:
        """The last moment that is known from an earlier life; None: there was none."""
        if last is not None:
            self._seen = last, self._clock.monotonic()

    async def mend(self, transaction: TurnsBack) -> bool:
        """Whether it was set back since it was looked at last; then all due times go back, in this transaction. Call
        `mended` once that is committed."""
        before, now = self._clock.monotonic(), self._clock.now()
        self._seeing = now, self._clock.monotonic()  # read on both sides: held up in between, it never seems set back
        if self._seen is None:
            return False
        at, then = self._seen
        should_be = at + timedelta(seconds=before - then)
        if should_be - now < timedelta(seconds=JUMP_S):
            return False
        await transaction.turn_back(should_be, now)
        logger.warning("The clock was set back by {}; everything that waits goes back with it", should_be - now)
        return True

    def mended(self) -> None:
        self._seen = self._seeing
