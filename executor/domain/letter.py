"""A dead letter: what ended for good without having been done, with its evidence."""

from dataclasses import dataclass
from datetime import datetime

from executor.domain.attempt import Attempt
from executor.domain.goal import Goal, GoalState
from executor.domain.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """`task` None: the goal as a whole ended; else this task failed in a goal that went on without it. `attempt` is the
    last one that failed, if any did."""

    goal: Goal
    task: Task | None
    attempt: Attempt | None
    at: datetime

    @property
    def can_be_taken_up(self) -> bool:
        """Not what failed in a goal that was completed all the same."""
        return self.goal.state is not GoalState.COMPLETED
