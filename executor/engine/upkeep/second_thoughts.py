"""Asking the model about what is stuck, beside the ticks: it takes its time, and nothing waits for it."""

from collections.abc import Awaitable, Callable, Iterable

from executor.engine.nursery import Nursery


class SecondThoughts:
    """`rethink` asks about one goal."""

    def __init__(self, nursery: Nursery, rethink: Callable[[int], Awaitable[object]]) -> None:
        self._nursery = nursery
        self._rethink = rethink
        self.under_way: set[int] = set()

    def begin(self, numbers: Iterable[int]) -> None:
        """Each goal once at a time."""
        for number in set(numbers) - self.under_way:
            self.under_way.add(number)
            self._nursery.start(self._about(number), f"rethink {number}")

    async def _about(self, number: int) -> None:
        try:
            await self._rethink(number)
        finally:
            self.under_way.discard(number)
