"""Watches the database's write-ahead log: it is folded into the database again and again, but not past what somebody
else still reads. A program that keeps an old reading open lets it grow until the disk is full, and every reading slow.
"""

from typing import Protocol

from loguru import logger

from executor.domain.errors import MilepostError
from executor.ports import Clock

LOOK_S = 30.0
LARGE_BYTES = 64 * 1024 * 1024
"""In use it is a few megabytes; one large transaction may make it more for a moment."""
READER = "another program keeps an old reading of the database open"
REMEDY = "end it (a sqlite3 shell, a backup, a copy); Milepost then folds the log by itself"


class Log(Protocol):
    def log_bytes(self) -> int: ...

    async def checkpoint(self) -> None: ...


def said_of(size: int) -> str:
    return f"its write-ahead log has grown to {size / 1e6:.0f} MB"


class LogWatch:
    """Says once that it is too large, folds it as soon as that is possible, and says once that it is over."""

    def __init__(self, log: Log, clock: Clock, large_bytes: int = LARGE_BYTES) -> None:
        self._log = log
        self._clock = clock
        self._large_bytes = large_bytes
        self._large = False

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.look()
            except MilepostError as error:  # a busy or full database: the next look will do
                logger.warning("The write-ahead log can't be folded now: {}", error)
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        if self._log.log_bytes() < self._large_bytes:
            self._over()
            return
        await self._log.checkpoint()
        if (size := self._log.log_bytes()) < self._large_bytes:
            self._over()
        elif not self._large:
            self._large = True
            logger.error("The database: {}, for {}: {}", said_of(size), READER, REMEDY)

    def _over(self) -> None:
        if self._large:
            self._large = False
            logger.info("The database's write-ahead log is small again")
