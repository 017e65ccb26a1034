"""Taking times, and saying them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median, quantiles
from time import perf_counter


class Times:
    """Seconds that the same thing took, again and again."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    @contextmanager
    def one(self) -> Iterator[None]:
        began = perf_counter()
        yield
        self.taken.append(perf_counter() - began)

    @property
    def median_s(self) -> float:
        return median(self.taken)

    def __str__(self) -> str:
        """Median and the middle half: other programs on the machine show in the second."""
        if len(self.taken) < 4:
            return milliseconds(self.median_s)
        low, _, high = quantiles(self.taken, n=4)
        return f"{milliseconds(self.median_s)} ({low * 1000:.2f}–{high * 1000:.2f})"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def times(ratio: float) -> str:
    return f"{ratio:.2f} ×"


def spread(values: Sequence[float]) -> str:
    """Median with the lowest and the highest."""
    return f"{median(values):,.0f} ({min(values):,.0f}–{max(values):,.0f})"
