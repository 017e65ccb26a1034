"""(f) Faults planted in real commands: what is mended without a person, what is asked, and what is believed."""

from benchmarks.recovery.measure import TIMES, run

__all__ = ["TIMES", "run"]
