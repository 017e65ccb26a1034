"""Who runs attempts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from executor.domain.attempt import Attempt
from executor.domain.goal import Goal
from executor.domain.outcome import Outcome
from executor.domain.plan import TaskSpec
from executor.domain.task import Task
from executor.domain.values import quick
from executor.ports.store import GoalView


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One attempt, claimed and committed, to be run. `environment` holds the secrets that it is given.
    `accepted`: a person wrote the task, or saw it whole on the plan that they started."""

    goal: Goal
    task: Task
    attempt: Attempt
    outputs: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    accepted: bool = True
    tainted: bool = False  # what it does was chosen by a model that had read what strangers wrote
    places: frozenset[str] = frozenset()  # hosts that were named before: in the goal, or in its first plan
    within: TaskSpec | None = None  # the agent's task, where this is a single call of its
    child: GoalView | None = None  # the goal that this attempt wanted


class Workers(Protocol):
    """Runs assignments and reports every one exactly once through the callback given at start, in any order."""

    def free(self) -> int:
        """Slots that are free now; 0 while it stops."""
        ...

    def held(self) -> list[tuple[str, int]]:
        """(task_ref, attempt number) of what runs now."""
        ...

    def start(self, assignment: Assignment) -> None: ...

    def stop_task(self, task_ref: str) -> None:
        """End this task's attempt soon; it is reported as interrupted."""
        ...

    async def end_leftovers(self, attempt: Attempt) -> int:
        """End what a dead predecessor's attempt left running on this machine, by its recorded pid and start time and by
        its marker; how many processes that were. A stranger's process is never touched."""
        ...

    async def stop(self) -> None:
        """End everything within seconds; all of it has been reported when this returns."""
        ...


Report = Callable[[Assignment, Outcome, Sequence[str]], None]
"""(assignment, outcome, texts for the chat): how a worker hands back a finished attempt. Never blocks."""
