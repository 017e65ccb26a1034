"""A blockage: why a task can't go on, with its class and what was tried."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from executor.domain.amendment import Amendment


class BlockageType(StrEnum):
    DEPENDENCY = "dependency"  # something that we could provide is missing
    RESOURCE = "resource"  # finite local capacity, or a lock
    ERROR = "error"  # the action itself is wrong and will fail again
    EXTERNAL = "external"  # beyond this machine, or a person


@dataclass(frozen=True, slots=True, kw_only=True)
class Blockage:
    """`id` is ``<task_ref>/<attempt>``. `tried` is oldest first. Open while `resolved_at` is None. `missing` is the
    variable whose value would help, "" where nobody has named it, None where no value is missing."""

    id: str
    goal_number: int
    task_ref: str
    type: BlockageType
    cause: str
    confidence: float = 1.0
    detail: str = ""  # the last lines of real output
    tried: tuple[str, ...] = ()
    missing: str | None = None
    detected_at: datetime
    resolved_at: datetime | None = None
    resolution: str = ""
    amendment: Amendment | None = None  # a repair that is known but waits for a person
