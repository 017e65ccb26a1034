"""Planning new goals beside the ticks: a model takes its time, and nothing waits for it."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from executor.domain.goal import Goal
from executor.domain.plan import GoalDraft
from executor.engine.nursery import Nursery
from executor.ports import BrainFailed, Failure, Store

_BROKEN_BRAIN = "Something went wrong while I planned; it is in the log."


class NewGoals:
    """`plan` makes the plan of one goal, `failed` says that there is none; `wake` is called when either is done."""

    def __init__(
        self,
        store: Store,
        nursery: Nursery,
        *,
        plan: Callable[[Goal, GoalDraft], Awaitable[None]],
        failed: Callable[[Goal, BrainFailed], Awaitable[None]],
        wake: Callable[[], None],
        log_error: Callable[[str, Exception], None],
    ) -> None:
        self._store = store
        self._nursery = nursery
        self._plan = plan
        self._failed = failed
        self._wake = wake
        self._log_error = log_error
        self.under_way: set[int] = set()

    async def begin(self, now: datetime) -> None:
        """Start planning what has no plan and is due; each goal once at a time."""
        async with self._store.transaction("plan") as transaction:
            unplanned = await transaction.unplanned()
        for goal, draft in unplanned:
            due = goal.plan_due_at is None or goal.plan_due_at <= now
            if due and goal.number not in self.under_way:
                self.under_way.add(goal.number)
                self._nursery.start(self._plan_one(goal, draft), f"plan {goal.number}")

    async def _plan_one(self, goal: Goal, draft: GoalDraft) -> None:
        try:
            await self._plan(goal, draft)
        except Exception as error:  # noqa: BLE001 - a bug in a brain: it would be asked again at every tick
            self._log_error(f"plan {goal.number}", error)
            await self._failed(goal, BrainFailed(Failure.SERVER, _BROKEN_BRAIN, detail=repr(error)))
        finally:
            self.under_way.discard(goal.number)
        self._wake()  # a goal whose text was replaced meanwhile is planned again
