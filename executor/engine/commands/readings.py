"""What can be asked without changing anything."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo

from executor.domain.attempt import Attempt
from executor.domain.decision import Decision
from executor.domain.event import Event
from executor.domain.goal import Goal
from executor.domain.plan import Plan
from executor.domain.task import TASK_DUE
from executor.domain.turn import Turn
from executor.engine.capacity import kept_back
from executor.engine.commands.desk import Desk, read_reply
from executor.engine.commands.holding import holds_by_circuit, holds_by_goal
from executor.engine.replies import Reply
from executor.engine.spans import ago, span
from executor.engine.why import Around, Code, Hold, Why, explain
from executor.ports import GoalRecord, GoalView, Spent


class Readings(Desk):
    """See the module. Every reading is one consistent moment and never waits for a writer."""

    async def replied(self, command_id: str) -> Reply | None:
        """What the command of this id was told when it was carried out; None where it was not."""
        stored = await self._store.reply(command_id)
        return None if stored is None else read_reply(stored)

    async def view(self, goal_number: int) -> GoalView | None:
        return await self._store.view(goal_number)

    async def newest(self, chat_id: int | None) -> int | None:
        """The chat's newest open goal, else its newest, else None. Never a part of another goal."""
        for open_only in (True, False):
            if goals := await self._store.goals(open_only=open_only, chat_id=chat_id, limit=1, whole=True):
                return goals[0].number
        return None

    async def goals(self, chat_id: int | None = None, *, open_only: bool = False, limit: int = 50) -> list[Goal]:
        """Newest first."""
        return await self._store.goals(open_only=open_only, chat_id=chat_id, limit=limit)

    async def plan(self, goal_number: int, version: int | None = None) -> Plan | None:
        """The present one, or this version; the next one too, while it waits for a word."""
        return await self._plan(goal_number, version)

    async def attempts(self, goal_number: int, task_ref: str | None = None) -> list[Attempt]:
        return await self._store.attempts(goal_number, task_ref)

    async def turns(self, goal_number: int, task_ref: str | None = None) -> list[Turn]:
        """Of tasks that a model works on call by call, oldest first."""
        return await self._store.turns(goal_number, task_ref)

    async def events(self, goal_number: int, *, limit: int = 200) -> list[Event]:
        return await self._store.events(goal_number, limit=limit)

    async def record(self, goal_number: int) -> GoalRecord:
        """Everything that is kept about it, nothing cut."""
        return await self._store.record(goal_number)

    async def decision(self, number: int) -> Decision | None:
        return await self._store.decision(number)

    async def open_decisions(self, chat_id: int | None = None) -> list[Decision]:
        return await self._store.open_decisions(chat_id)

    async def spending(self, goal_number: int) -> list[Spent]:
        """What models have cost a goal, dearest first."""
        return await self._store.spending(goal_number)

    async def why(self, goal_number: int, *, task_ref: str | None = None, zone: tzinfo = UTC) -> Why | None:
        """From state alone; `task_ref` narrows the lines to one task, and times of day are told in `zone`. None for a
        goal or a task that does not exist."""
        view = await self._store.view(goal_number)
        if view is None or (task_ref is not None and task_ref not in {task.ref for task in view.tasks}):
            return None
        return explain(view, await self._around(view, zone), task_ref)

    async def _around(self, view: GoalView, zone: tzinfo = UTC) -> Around:
        limits, held = self._tools.limits, self._workers.held()
        return Around(
            now=self._now(),
            zone=zone,
            running=self.ticked_at is not None,
            ticked_at=self.ticked_at or await self._mark.last(),
            tick_s=limits.tick_s,
            slots=limits.concurrency,
            busy=tuple(ref for ref, _ in held),
            holds=await self._holds(view),
            since=await self._since(view),
            limit_usd=limits.goal_usd if view.goal.budget_usd is None else view.goal.budget_usd,
            spent_usd=await self._store.spent_usd(view.goal.number),
            stop=self._tools.brake.held(),
        )

    async def _holds(self, view: GoalView) -> Mapping[str, Hold]:
        """What keeps ready tasks back beside the number of slots, by task ref: the one place for whatever does."""
        holds: dict[str, Hold] = {}
        if any(task.waits_on for task in view.tasks):
            holds |= holds_by_circuit(view, await self._store.circuits(), self._now())
            holds |= holds_by_goal(view)
        said = kept_back(view, self._tools.limits.resources, self._now())
        if self._tools.quota.short() is not None:
            said |= {task.ref: "waits until there is room on the disk" for task in view.tasks if task.state in TASK_DUE}
        return holds | {ref: Hold(code=Code.WAITS_FOR_RESOURCE, sentence=one) for ref, one in said.items()}

    async def _since(self, view: GoalView) -> datetime | None:
        """When the goal came into its present state."""
        name = f"goal.{view.goal.state}"
        events = await self._store.events(view.goal.number)
        return next((event.at for event in reversed(events) if event.name == name), None)

    async def system(self) -> list[str]:
        """How the whole place is, a sentence a line."""
        pulse = await self._store.pulse()
        goals = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in pulse.goals_by_state.items())
        held = self._workers.held()
        running = ", ".join(ref for ref, _ in held) or "nothing"
        due = pulse.next_due_at
        seconds = (due - self._now()).total_seconds() if due else None
        lines = [
            f"Goals: {goals or 'none yet'}.",
            f"Running now: {running}; {self._workers.free()} more can run at once.",
            f"Open questions: {pulse.open_decisions}.",
            f"Messages waiting to be sent: {pulse.pending_notices}; undeliverable: {pulse.dead_notices}.",
            f"Planning with: {self._brain.name}.",
            f"Database schema: {pulse.schema}.",
        ]
        if (short := self._tools.quota.short()) is not None:
            lines = [f"{short}.", *lines]
        if (stop := self._tools.brake.held()) is not None:
            stopped = f"Everything has been stopped by {stop.by} for {ago(stop.at, self._now())}; /resume goes on."
            return [stopped, *lines]
        if seconds is not None:
            lines.append("Next task is due now." if seconds <= 0 else f"Next task is due in {span(seconds)}.")
        return lines
