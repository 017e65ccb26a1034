"""Workers for a program that does the work itself: it takes a task by its name, runs its own function wherever it
likes, and hands in what came of it. Nothing is taken that nobody asked for.

A task that has an action of its own may also be taken for this process; that one runs here, as everywhere else.
"""

import asyncio
from typing import Any

from executor.domain.attempt import OUTSIDE
from executor.domain.errors import MilepostError
from executor.domain.outcome import Interrupted, Outcome, Result, Stumbled
from executor.engine.attempts.attempt import Run
from executor.engine.nursery import Nursery
from executor.engine.tools import Tools
from executor.ports import Assignment
from executor.workers.local import LocalWorkers


class OutsideWorkers(LocalWorkers):
    """The Workers port. What is outside counts as held, so its lease is kept for as long as the function runs."""

    def __init__(self, tools: Tools, nursery: Nursery, **more: Any) -> None:
        """As LocalWorkers."""
        super().__init__(tools, nursery, **more)
        self._outside: dict[str, Assignment] = {}

    def free(self) -> int:
        return 0

    def held(self) -> list[tuple[str, int]]:
        return [*super().held(), *((ref, one.attempt.number) for ref, one in self._outside.items())]

    def start(self, assignment: Assignment) -> None:
        if assignment.attempt.executor_type == OUTSIDE:
            self._outside[assignment.task.ref] = assignment
        else:
            super().start(assignment)

    def stop_task(self, task_ref: str) -> None:
        """A function outside can't be ended from here: it is let go, and what it brings counts no more."""
        if (assignment := self._outside.get(task_ref)) is not None:
            self._hand_back(assignment, Interrupted(note="Milepost let it go"))
        super().stop_task(task_ref)

    async def stop(self) -> None:
        for ref in list(self._outside):
            self.stop_task(ref)
        await super().stop()

    async def ended(self, task_ref: str) -> None:
        """Wait for the end of an attempt that runs here; at once where none does."""
        if (running := self._running.get(task_ref)) is not None:
            await asyncio.wait([running[1]])

    async def hand_in(self, assignment: Assignment, result: Result) -> None:
        """What came of the work outside. The task's own check, where it has one, decides whether it counts."""

        async def started(pid: int, pid_started: float, command: str) -> None:
            await self._record(assignment, pid, pid_started, command)

        run = Run(assignment, self._tools, started, [])
        try:
            outcome: Outcome = await run.judge(result)
        except MilepostError as error:
            outcome = Stumbled(result=Result(success=False, error=error.public))
        self._hand_back(assignment, outcome)

    def give_up(self, assignment: Assignment) -> None:
        """The work was broken off: nobody's failure, and the task is free again."""
        self._hand_back(assignment, Interrupted(note="It was broken off"))

    def _hand_back(self, assignment: Assignment, outcome: Outcome) -> None:
        """Once only: what was let go meanwhile has been reported already."""
        if self._outside.get(assignment.task.ref) is assignment:
            del self._outside[assignment.task.ref]
            self._report(assignment, outcome, [])
