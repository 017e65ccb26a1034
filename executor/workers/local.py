"""Attempts as tasks of this process's own event loop: the default, with nothing to install."""

import asyncio
from collections.abc import Awaitable, Callable

from executor.domain.attempt import Attempt
from executor.domain.errors import MilepostError
from executor.domain.outcome import Interrupted, Outcome
from executor.engine.agents.agent import InTurns
from executor.engine.attempts.attempt import Run
from executor.engine.halting import after_a_stop
from executor.engine.nursery import Nursery
from executor.engine.tools import Tools
from executor.engine.turns import works_in_turns
from executor.ports import Assignment, Report
from executor.workers.bounded import bounded
from executor.workers.keeping import begin, keep, marker

Recorder = Callable[[Assignment, int, float, str], Awaitable[None]]
"""(assignment, pid, its start time, command): commits which process runs it. Raises where the lease is lost."""

EndLeftovers = Callable[[int | None, float | None, str], Awaitable[int]]
"""(pid, its start time, marker): ends that process group and its strays; how many processes that were."""


class LocalWorkers:
    """The Workers port. `report` is called exactly once per assignment, in this loop."""

    def __init__(
        self,
        tools: Tools,
        nursery: Nursery,
        *,
        concurrency: int,
        report: Report,
        record: Recorder,
        end_leftovers: EndLeftovers,
        log_failure: Callable[[Assignment, Exception], None],
    ) -> None:
        self._tools = tools
        self._nursery = nursery
        self._concurrency = concurrency
        self._report = report
        self._record = record
        self._end_leftovers = end_leftovers
        self._log_failure = log_failure
        self._running: dict[str, tuple[Assignment, asyncio.Task[None]]] = {}
        self._stopping = False

    def free(self) -> int:
        return 0 if self._stopping else max(self._concurrency - len(self._running), 0)

    def held(self) -> list[tuple[str, int]]:
        return [(ref, assignment.attempt.number) for ref, (assignment, _) in self._running.items()]

    def start(self, assignment: Assignment) -> None:
        ref = assignment.task.ref
        task = self._nursery.start(self._run(assignment), f"attempt {ref}#{assignment.attempt.number}")
        self._running[ref] = (assignment, task)
        task.add_done_callback(lambda _: self._never_began(assignment))

    def _never_began(self, assignment: Assignment) -> None:
        """A task that is cancelled before its first step runs nothing of its body, and would report nothing."""
        if self._running.pop(assignment.task.ref, None) is not None:
            self._report(assignment, Interrupted(note="Milepost stopped it"), [])

    def stop_task(self, task_ref: str) -> None:
        if (running := self._running.get(task_ref)) is not None:
            running[1].cancel()

    async def end_leftovers(self, attempt: Attempt) -> int:
        return await self._end_leftovers(attempt.pid, attempt.pid_started, marker(attempt))

    async def stop(self) -> None:
        self._stopping = True
        tasks = [task for _, task in self._running.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _run(self, assignment: Assignment) -> None:
        async def started(pid: int, pid_started: float, command: str) -> None:
            await self._record(assignment, pid, pid_started, command)
            self._tools.brake.check()  # whoever stops everything ends what is recorded; this came too late for that

        whole = Run(assignment, self._tools, started, [])
        run = InTurns(whole) if works_in_turns(assignment.task) else whole
        try:
            await begin(whole)
            outcome: Outcome = after_a_stop(
                run, await bounded(whole, run.outcome(), self._nursery.start), self._tools.brake.held()
            )
        except asyncio.CancelledError:  # ours: stop_task or stop; the children have been ended on the way up
            stop = self._tools.brake.held()
            outcome = run.interrupted(stop.note if stop else "Milepost stopped it")
        except MilepostError as error:  # its repository can't be used: it has not begun
            outcome = run.broken(error.public)
        except Exception as error:  # noqa: BLE001 - a bug in an action must not take the executor down with it
            self._log_failure(assignment, error)
            outcome = run.broken(f"Internal error: {type(error).__name__}")
        try:
            if not self._stopping:  # then there is no time: whatever comes next keeps it
                outcome = await keep(whole, outcome)
        finally:
            self._running.pop(assignment.task.ref, None)
            self._report(assignment, outcome, run.texts)
