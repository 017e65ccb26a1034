"""Ending processes from outside, for the kill switch: the one place beside the composition root that names an adapter,
because loading everything would cost a STOP the seconds that it is about."""

from collections.abc import Sequence
from pathlib import Path

from executor.actions.sandbox.choice import workspaces_of
from executor.actions.survivors import end_every_attempt

Process = tuple[int | None, float | None, str]
"""(pid, its start time in seconds since the epoch, the attempt's marker)."""


def end_processes(data_dir: Path, recorded: Sequence[Process]) -> int:
    """End every process of every attempt in this data folder, whoever runs; how many there were."""
    return end_every_attempt(recorded, workspaces_of(data_dir))
