"""What could not be handled is tried again a few times beside its lane, so that what was said after it goes on."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from loguru import logger

from executor.ports import Clock

PAUSES_S = (0.25, 1.0, 2.5)
"""Before the second try, the third and the last: as long as a person waits for an answer without writing again."""

StartSoon = Callable[[Coroutine[Any, Any, None], str], object]


class Trying:
    """`again(update id)` puts it back in its lane. Nothing is kept over a restart: then all of it is tried anew."""

    def __init__(self, clock: Clock, start_soon: StartSoon, pauses_s: Sequence[float] = PAUSES_S) -> None:
        self._clock = clock
        self._start_soon = start_soon
        self._pauses_s = pauses_s
        self._failed: dict[int, int] = {}

    def later(self, update_id: int, error: Exception, again: Callable[[], None]) -> bool:
        """Try this update once more, after a pause. False: it was tried often enough."""
        failed = self._failed.get(update_id, 0)
        if failed >= len(self._pauses_s):
            del self._failed[update_id]
            return False
        self._failed[update_id] = failed + 1
        pause_s = self._pauses_s[failed]
        logger.warning("Update {} failed ({}), and is tried again in {:g} s", update_id, type(error).__name__, pause_s)
        self._start_soon(self._wait(pause_s, again), f"update {update_id} again")
        return True

    def done(self, update_id: int) -> None:
        self._failed.pop(update_id, None)

    async def _wait(self, pause_s: float, again: Callable[[], None]) -> None:
        await self._clock.sleep(pause_s)
        again()
