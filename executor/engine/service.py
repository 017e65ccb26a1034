"""The executor: the façade with every command and reading, and the loop that ticks.

One door in for the chat, the shell, HTTP and tests. The loop sleeps until something is due, a command or a finished
attempt wakes it, or the alarm (APScheduler, outside) does; all three only set an event, and the tick does the work.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from executor.domain.attempt import WORKER
from executor.domain.errors import SealBroken
from executor.domain.goal import GoalState
from executor.domain.limits import Limits
from executor.domain.outcome import Outcome
from executor.engine.attempts.heartbeat import Heartbeat
from executor.engine.commands.assigning import AssignCommands
from executor.engine.commands.changes import ChangeCommands
from executor.engine.commands.desk import ReadTime, goal_of, iso_time
from executor.engine.commands.families import Families
from executor.engine.commands.goals import GoalCommands
from executor.engine.commands.grants import GrantCommands
from executor.engine.commands.history import HistoryCommands
from executor.engine.commands.leaving import LeavingCommands
from executor.engine.commands.lessons import LessonCommands
from executor.engine.commands.letters import LetterCommands
from executor.engine.commands.money import MoneyCommands
from executor.engine.commands.plans import PlanCommands
from executor.engine.commands.readings import Readings
from executor.engine.commands.rework import ReworkCommands
from executor.engine.commands.rounds import RoundCommands
from executor.engine.commands.strategies import StrategyCommands
from executor.engine.commands.tasks import TaskCommands
from executor.engine.halting import Halting
from executor.engine.nursery import Nursery
from executor.engine.replies import Refused
from executor.engine.secrecy.secrets import Secrets
from executor.engine.tick import Ticker
from executor.engine.tools import Tools
from executor.engine.upkeep.lookout import Lookout
from executor.engine.upkeep.new_goals import NewGoals
from executor.engine.upkeep.second_thoughts import SecondThoughts
from executor.engine.upkeep.watching import Watching
from executor.ports import Assignment, Brain, Mark, NoMark, Store, Workers

_PAUSE_AFTER_ERROR_S = 1.0  # a database that is busy or full is tried again soon, not in a hot loop


class Executor(
    GoalCommands,
    PlanCommands,
    ChangeCommands,
    MoneyCommands,
    AssignCommands,
    ReworkCommands,
    TaskCommands,
    StrategyCommands,
    LetterCommands,
    LessonCommands,
    GrantCommands,
    RoundCommands,
    LeavingCommands,
    HistoryCommands,
    Families,
    Readings,
):
    """`changed` is called after every commit of a command or a tick: the courier listens. `log_error(what, error)`."""

    def __init__(
        self,
        store: Store,
        brain: Brain,
        tools: Tools,
        workers: Workers,
        ticker: Ticker,
        nursery: Nursery,
        *,
        executor_id: str,
        autonomy: str = "plan",
        mark: Mark | None = None,
        read_time: ReadTime = iso_time,
        changed: Callable[[], None],
        log_error: Callable[[str, Exception], None],
    ) -> None:
        super().__init__(
            store,
            brain,
            tools,
            workers,
            autonomy=autonomy,
            wake=self._committed,
            mark=mark or NoMark(),
            read_time=read_time,
        )
        self.executor_id = executor_id
        self._ticker = ticker
        self._nursery = nursery
        self._changed = changed
        self._log_error = log_error
        self._awake = asyncio.Event()
        self._turn = asyncio.Lock()
        self._stopping = False
        self.ticks = 0
        self._marked_at: datetime | None = None
        self._lookout = Lookout(store, tools, log_failure=log_error)
        self._looking: asyncio.Task[None] | None = None
        ticker.workers = workers
        self.watching = Watching(store, lambda: self._tools, nursery, changed=self._committed, log_failure=log_error)
        ticker.circuits_changed = self.watching.soon
        self.heartbeat = Heartbeat(
            store,
            lambda: self._tools,
            workers,
            executor_id=executor_id,
            recover=self._take_over_dropped,
            log_error=log_error,
        )
        self._second_thoughts = SecondThoughts(nursery, self.rethink)
        self.new_goals = NewGoals(
            store, nursery, plan=self.plan_goal, failed=self.planning_failed, wake=self.wake, log_error=log_error
        )
        self.halting = Halting(
            store, lambda: self._tools, workers, changed=self._changed, wake=self.wake, log_error=log_error
        )

    # -------------------------------------------------------------------------------------------------- the loop

    def wake(self) -> None:
        """Something may be due."""
        self._awake.set()

    def finished(self, assignment: Assignment, outcome: Outcome, texts: Sequence[str]) -> None:
        """The workers' report: kept until the next tick has stored it, which is at once."""
        self._ticker.report(assignment, outcome, texts)
        self._awake.set()

    async def take(self, task_ref: str, *, executor_type: str = WORKER) -> Assignment | Refused:
        """Take one task by its name, now and out of its turn; the workers hold it. OUTSIDE: whoever asked does the
        work and hands it in through them."""
        async with self._turn:
            taken = await self._ticker.take(task_ref, goal_of(task_ref), executor_type)
        if not isinstance(taken, Refused):
            self._committed()
        return taken

    @property
    def secrets(self) -> Secrets:
        return self._tools.secrets

    @property
    def limits(self) -> Limits:
        return self._tools.limits

    def limit(self, limits: Limits) -> None:
        """These limits hold for every decision from now on."""
        self._tools = replace(self._tools, limits=limits)
        self._ticker.limit(limits)
        self._lookout.limit(self._tools)

    def _committed(self) -> None:
        self._awake.set()
        self._changed()

    def alarm(self) -> None:
        """The scheduler's wake: also gives a second chance to what a bug held up."""
        self._ticker.retry_set_aside()
        self.families_changed = True
        self._awake.set()

    async def recover(self) -> int:
        """At the start, before anything else runs: take over what a dead predecessor was doing."""
        self._ticker.jumps.since(await self._mark.last())
        for problem in self._tools.secrets.load(await self._store.secrets()):
            self._log_error("secrets", SealBroken(problem))
        if self._tools.mind is not None:  # what was asked then may have been lost
            blocked = [goal.number for goal in await self.goals(open_only=True) if goal.state is GoalState.BLOCKED]
            self._ticker.to_rethink.update(blocked)
        recovered = await self._ticker.recover([self.executor_id])
        if recovered:
            self._committed()
        return recovered

    async def run(self) -> None:
        """Tick until stop() is called."""
        self.heartbeat.start(self._nursery)
        self.halting.start(self._nursery)
        while not self._stopping:
            self._awake.clear()
            began_at = self._now()
            try:
                if not await self.tick() and not self._stopping:
                    await self._sleep(began_at)
            except Exception as error:  # noqa: BLE001 - the database, or a bug: nothing would ever run again
                self._log_error("tick", error)
                await self._tools.clock.sleep(_PAUSE_AFTER_ERROR_S)

    async def tick(self) -> bool:
        """One turn: plan, settle, claim, start. True if it did anything. Safe to call at any time, by anybody."""
        async with self._turn:
            self.ticks += 1
            stopped = await self.halting.look() is not None
            if not stopped:
                await self.watching.begin()
            did = await self._families()
            did += await self._ticker.tick()
            if not stopped:
                await self._seek()
        await self._ticked()
        if did:
            self._changed()
        return did > 0

    async def _families(self) -> int:
        """Look after goals that are part of others, where one of them has changed."""
        if not (self.families_changed or self._ticker.families_changed):
            return 0
        self.families_changed = self._ticker.families_changed = False  # before: a command may come meanwhile
        again = True
        try:
            again = await self.look_after_families()  # what changed may change the next generation
        finally:
            self.families_changed = self.families_changed or again
        return int(again)

    async def _seek(self) -> None:
        """Everything beside the tasks that reaches outside: models, and what is looked ahead for."""
        if not self._brain.immediate or self.parts_to_plan:
            self.parts_to_plan = False
            await self.new_goals.begin(self._now())
        numbers, self._ticker.to_rethink = self._ticker.to_rethink, set()
        self._second_thoughts.begin(numbers)
        self._look_out()

    def _look_out(self) -> None:
        """Start a look where one is due, beside the ticks: what it measures may take its time."""
        numbers = self._to_look | self._ticker.to_look
        if self._looking is None and not self._stopping and (numbers or self._lookout.due()):
            self._to_look, self._ticker.to_look = set(), set()
            self._looking = self._nursery.start(self._look(numbers), "look-out")

    async def _look(self, numbers: set[int]) -> None:
        try:
            changed = await self._lookout.look(numbers) if numbers else False
            if self._lookout.due():
                changed = await self._lookout.look() or changed
                self._ticker.to_rethink |= self._lookout.blocked  # the model may not have been there to be asked
            if changed:
                self._committed()
        except Exception as error:  # noqa: BLE001 - what only looks must never hold up what works
            self._log_error("look-out", error)
        finally:
            self._looking = None
        if self._to_look or self._ticker.to_look:
            self._awake.set()

    @property
    def looking(self) -> bool:
        """A look is under way, or a model thinks about a plan."""
        return self._looking is not None or bool(self._second_thoughts.under_way)

    async def _ticked(self) -> None:
        """Remember it; for whoever asks while nothing runs, once per `tick_s`."""
        now, self.ticked_at = self._now(), self._now()
        if self._marked_at is None or (now - self._marked_at).total_seconds() >= self._tools.limits.tick_s:
            self._marked_at = now
            await self._mark.mark(now)

    async def _sleep(self, began_at: datetime) -> None:
        """Until something wakes us or a task is due that was not when the last tick began."""
        due_at = await self._store.next_due_at(min(began_at, self.watching.seen_until or began_at))
        seconds = None if due_at is None else max((due_at - self._now()).total_seconds(), 0.0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):  # not wait_for: before Python 3.12 it may swallow a cancellation
                await self._awake.wait()

    async def _take_over_dropped(self) -> None:
        async with self._turn:
            recovered = await self._ticker.recover([])
        if recovered:
            self._committed()

    async def stop(self) -> None:
        """Take nothing new, end what runs, and store how it ended; run() returns soon after."""
        self._stopping = True
        self._awake.set()
        async with self._turn:  # a tick under way still starts what it has claimed
            await self._workers.stop()
            await self._ticker.tick()
        if self._looking is not None:  # never in the middle of a transaction
            await asyncio.wait([self._looking])
        await self.halting.end()
        await self.heartbeat.end()
        self._changed()
