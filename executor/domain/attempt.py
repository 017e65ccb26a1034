"""An attempt: one try at a task, held under a lease and fenced by its number."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from executor.domain.values import quick

WORKER = "worker"
OUTSIDE = "python"  # a program of somebody's own, which took the task by its name and hands in what came of it


class AttemptState(StrEnum):
    RUNNING = "running"
    WAITING = "waiting"  # parked without a slot until the task is due again; then it goes on under the same number
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INTERRUPTED = "interrupted"  # its process died or was stopped; it says nothing about the task
    UNKNOWN = "unknown"  # an outside effect without a receipt


ATTEMPT_MOVES: Mapping[AttemptState, frozenset[AttemptState]] = {
    AttemptState.RUNNING: frozenset(
        {
            AttemptState.WAITING,
            AttemptState.SUCCEEDED,
            AttemptState.FAILED,
            AttemptState.INTERRUPTED,
            AttemptState.UNKNOWN,
        }
    ),
    AttemptState.WAITING: frozenset(
        {AttemptState.RUNNING, AttemptState.SUCCEEDED, AttemptState.FAILED, AttemptState.INTERRUPTED}
    ),
    AttemptState.UNKNOWN: frozenset(
        {AttemptState.RUNNING, AttemptState.SUCCEEDED, AttemptState.FAILED, AttemptState.INTERRUPTED}
    ),
    AttemptState.SUCCEEDED: frozenset(),
    AttemptState.FAILED: frozenset(),
    AttemptState.INTERRUPTED: frozenset(),
}


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """`(task_ref, number)` identifies it and `number` fences it: a result counts only while the task's running attempt
    has this number. `pid` and `pid_started` (seconds since the epoch, as the kernel says) name its process group."""

    task_ref: str
    number: int
    goal_number: int
    state: AttemptState = AttemptState.RUNNING
    executor_id: str
    executor_type: str = WORKER  # or OUTSIDE, or "user"
    lease_until: datetime
    pid: int | None = None
    pid_started: float | None = None
    command: str = ""  # what ran, for people
    signature: str = ""  # the same for the same work, whatever numbers stand in it: how long that took is looked up
    exit_code: int | None = None
    result: Mapping[str, object] | None = None  # contract section 5: success, result, output, error, metadata
    evidence: str = ""  # what the task's own check saw
    started_at: datetime
    finished_at: datetime | None = None
