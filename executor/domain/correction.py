"""A correction: what Milepost does about a stumble, as a pure decision."""

from dataclasses import dataclass

from executor.domain.amendment import Amendment
from executor.domain.blockage import BlockageType


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAfter:
    """Try again in `wait_s` seconds."""

    wait_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPerson:
    """Trying again does not help: open a blockage."""

    type: BlockageType
    cause: str
    confidence: float
    amendment: Amendment | None = None  # a repair that is known but waits for a person


def pause_s(failures: int, first_s: float) -> float:
    """Seconds before the next attempt after `failures` (≥ 1) failed ones: first_s, doubling, at most an hour."""
    return float(min(first_s * 2 ** (max(failures, 1) - 1), 3600.0))
