"""An event: one line of the execution log (contract section 7, document 004's execution log)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from executor.domain.values import quick


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`name` such as ``task.completed``; `executor_type` is "worker", "user", "engine" or "agent"."""

    name: str
    goal_number: int
    task_ref: str | None = None
    executor_id: str = "engine"
    executor_type: str = "engine"
    at: datetime
    result: Mapping[str, object] = field(default_factory=dict)
