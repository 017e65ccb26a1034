"""One task from being taken to what came of it, on the engine's own loop: its transactions, its retries, its fences."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

from bot.library.errors import TaskFailed, TaskNotReady, TaskStopped
from executor.domain.attempt import OUTSIDE, WORKER, Attempt, AttemptState
from executor.domain.errors import MilepostError, WrongInput
from executor.domain.goal import GoalState
from executor.domain.outcome import Result
from executor.domain.task import TASK_DUE, Task, TaskKind, TaskState
from executor.engine.replies import Accepted, Caller, Refused, Reply
from executor.engine.service import Executor
from executor.ports import Assignment, Clock, GoalView, Ids

PYTHON = Caller(person_id=0, name="Python", via="python")


class Hands(Protocol):
    """The workers that hold what this program took."""

    async def hand_in(self, assignment: Assignment, result: Result) -> None: ...

    async def ended(self, task_ref: str) -> None: ...

    def give_up(self, assignment: Assignment) -> None: ...


@dataclass(frozen=True, slots=True)
class Ending:
    """`again`: it is not over; take it once more, which waits for its time."""

    again: bool
    record: dict[str, Any] | None = None


class Work:
    """Every method is a coroutine of the engine's loop. `ref` is a task's name, such as ``12.3``."""

    def __init__(self, executor: Executor, hands: Hands, clock: Clock, ids: Ids) -> None:
        self._executor = executor
        self._hands = hands
        self._clock = clock
        self._ids = ids

    async def view(self, goal_number: int) -> GoalView:
        view = await self._executor.view(goal_number)
        if view is None:
            raise WrongInput(f"There is no goal {goal_number}.")
        return view

    def new_id(self) -> str:
        return f"python:{self._ids.new()}"

    async def take(self, ref: str, *, with_function: bool) -> Assignment:
        """Take it as soon as its time has come. A blocked task is taken as a person's Retry takes it. Raises
        TaskNotReady or WrongInput."""
        task = await self._task(ref)
        if task.state in (TaskState.BLOCKED, TaskState.FAILED):
            accepted(await self._executor.retry(ref, caller=PYTHON, command_id=self.new_id()))
        while True:
            await self._until_due(ref)
            taken = await self._executor.take(ref, executor_type=_executor_type(task, with_function))
            if not isinstance(taken, Refused):
                return taken
            if taken.code != "not_due":  # else the clocks disagreed by a hair
                raise TaskNotReady(taken.sentence)

    async def _until_due(self, ref: str) -> None:
        task, now = await self._task(ref), self._clock.now()
        if task.state in TASK_DUE and task.due_at is not None and task.due_at > now:
            await self._clock.sleep((task.due_at - now).total_seconds())

    async def _task(self, ref: str) -> Task:
        head = ref.split(".")[0]
        view = await self._executor.view(int(head)) if head.isdecimal() and len(head) < 10 else None
        for task in view.tasks if view else ():
            if task.ref == ref:
                return task
        raise WrongInput(f"There is no task {ref}.")

    async def hand_in(self, assignment: Assignment, result: Result) -> Ending:
        """What the function brought. Raises TaskFailed or TaskStopped."""
        await self._hands.hand_in(assignment, result)
        return await self._ending(assignment)

    async def await_end(self, assignment: Assignment) -> Ending:
        """For a task whose own action runs here."""
        await self._hands.ended(assignment.task.ref)
        return await self._ending(assignment)

    async def give_up(self, assignment: Assignment) -> None:
        self._hands.give_up(assignment)
        await self._executor.tick()

    async def _ending(self, assignment: Assignment) -> Ending:
        await self._executor.tick()
        ref, number = assignment.task.ref, assignment.attempt.number
        attempts = await self._executor.attempts(assignment.goal.number, ref)
        attempt = next(attempt for attempt in attempts if attempt.number == number)
        task = await self._task(ref)
        if attempt.state is AttemptState.SUCCEEDED:
            await self._look_at_criteria(assignment.goal.number)
            return Ending(again=False, record=dict(attempt.result) if attempt.result else None)
        if attempt.state in (AttemptState.FAILED, AttemptState.WAITING) and task.state in TASK_DUE:
            return Ending(again=True)
        raise await self._trouble(task, attempt)

    async def _trouble(self, task: Task, attempt: Attempt) -> MilepostError:
        name = f"{task.ref} {task.spec.title}"
        if attempt.state is AttemptState.FAILED and task.state in (TaskState.BLOCKED, TaskState.FAILED):
            view = await self.view(task.goal_number)
            type = next((str(b.type) for b in view.blockages if b.task_ref == task.ref), None)
            times = "once" if task.failures == 1 else f"{task.failures} times"
            said = f"{name} failed {times}: {attempt.evidence or task.summary}."
            if type is not None:
                said += f" It is blocked ({type}); mend it and execute it again."
            return TaskFailed(said, task_id=task.ref, attempts=task.attempts, blockage_type=type)
        if task.state is TaskState.AWAITING_APPROVAL:
            numbers = [d.number for d in (await self.view(task.goal_number)).decisions if d.task_ref == task.ref]
            asked = "".join(f" (milepost decide {number} …)" for number in numbers)
            return TaskNotReady(f"{name} waits for a person{asked}.")
        state = task.state.replace("_", " ")
        return TaskStopped(f"{name} is {state} and no longer ours, so what the function did does not count.")

    async def _look_at_criteria(self, goal_number: int) -> None:
        """After all work, what can be looked at is looked at, one after the other; what only a person can say is
        asked."""
        seen: set[str] = set()
        while (ref := await self._to_look_at(goal_number, seen)) is not None:
            seen.add(ref)
            if not isinstance(await self._executor.take(ref), Refused):
                await self._hands.ended(ref)
                await self._executor.tick()

    async def _to_look_at(self, goal_number: int, seen: Collection[str]) -> str | None:
        view = await self.view(goal_number)
        due = [t.ref for t in view.tasks if t.kind is not TaskKind.WORK and t.state is TaskState.QUEUED]
        return next((ref for ref in due if ref not in seen and view.goal.state is GoalState.VALIDATING), None)


def _executor_type(task: Task, with_function: bool) -> str:
    by_hand = task.kind is TaskKind.WORK and (task.spec.action == "manual" or task.taken_over)
    return OUTSIDE if with_function or (by_hand and not task.verify_only) else WORKER


def accepted(reply: Reply) -> Accepted:
    """Raises WrongInput where it was refused."""
    if isinstance(reply, Refused):
        raise WrongInput(reply.sentence)
    return reply
