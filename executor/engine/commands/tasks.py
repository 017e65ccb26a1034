"""Commands about one task: 12.3, or 12.c1 for a criterion."""

from collections.abc import Callable, Collection, Sequence

from executor.domain.goal import GOAL_RUNNING, GoalState
from executor.domain.task import TASK_FINAL, Task, TaskKind, TaskState
from executor.engine.asking import intervening
from executor.engine.blockages.blocking import ask_again, waiting_for
from executor.engine.casework.case import Case
from executor.engine.casework.subtasks import end_parts
from executor.engine.commands.desk import Desk, goal_of
from executor.engine.flow import advance, cancel_task
from executor.engine.replies import Accepted, Caller, Refused, Reply

_OPEN = frozenset(TaskState) - TASK_FINAL
_BEGUN = _OPEN - {TaskState.PENDING}


def _forget_proposals_with(case: Case, cancelled: Sequence[Task]) -> None:
    """A proposed change must not bring back what a person has just cancelled; what it was about is asked anew."""
    keys = {task.spec.key for task in cancelled if task.kind is TaskKind.WORK}
    for decision in case.open_decisions():
        if decision.amendment is not None and keys & {spec.key for spec in decision.amendment.tasks}:
            case.close(decision, f"{', '.join(task.ref for task in cancelled)} was cancelled meanwhile")
    if case.goal.state is not GoalState.PAUSED:  # else when it goes on
        ask_again(case)


class TaskCommands(Desk):
    """See the module."""

    async def retry(self, task_ref: str, *, caller: Caller, command_id: str) -> Reply:
        """Try a blocked, failed or retrying task again, now and as if for the first time."""
        allowed = (TaskState.BLOCKED, TaskState.FAILED, TaskState.RETRYING, TaskState.PAUSED)
        return await self._on_task(task_ref, "retry", allowed, intervening.retry, caller, command_id)

    async def skip(self, task_ref: str, *, caller: Caller, command_id: str) -> Reply:
        return await self._on_task(task_ref, "skip", _OPEN, intervening.skip, caller, command_id)

    async def take_over(self, task_ref: str, *, caller: Caller, command_id: str) -> Reply:
        return await self._on_task(task_ref, "take over", _BEGUN, intervening.take_over, caller, command_id)

    async def cancel_task(self, task_ref: str, *, caller: Caller, command_id: str) -> Reply:
        """Cancel one task, and with it every task that can't run without it."""

        def act(case: Case, task: Task, by: Caller) -> str:
            from_it = waiting_for(case, task, whole=False)
            parts = end_parts(case, task, lambda part: cancel_task(case, part, summary=f"Cancelled with {task.ref}"))
            from_it = [other for other in from_it if other.ref not in parts]
            for other in from_it:
                cancel_task(case, other, summary=f"Cancelled: it needs {task.ref}")
            cancel_task(case, task, summary=f"Cancelled by {by.name}")
            _forget_proposals_with(case, [task, *from_it, *(case.tasks[ref] for ref in parts)])
            also = f" So are its parts {', '.join(parts)}." if parts else ""
            also += f" So are {', '.join(o.ref for o in from_it)}, which need it." if from_it else ""
            return f"{task.ref} is cancelled.{also}"

        return await self._on_task(task_ref, "cancel", _OPEN, act, caller, command_id)

    async def _on_task(
        self,
        task_ref: str,
        verb: str,
        allowed: Collection[TaskState],
        act: Callable[[Case, Task, Caller], str],
        caller: Caller,
        command_id: str,
    ) -> Reply:
        def checked(case: Case) -> Reply:
            task = case.tasks.get(task_ref)
            if task is None:
                return Refused(code="no_such_task", sentence=f"There is no task {task_ref}. /status shows them.")
            if case.goal.state not in GOAL_RUNNING | {GoalState.PAUSED} or task.state not in allowed:
                return Refused(
                    code="wrong_state", sentence=f"Can't {verb} {task_ref}: it is {task.state.replace('_', ' ')}."
                )
            case.withdraw(task_ref, note=f"{caller.name} used /{verb.replace(' ', '')}")
            sentence = act(case, task, caller)
            advance(case)
            return Accepted(sentence=sentence, goal_number=case.goal.number, task_ref=task_ref)

        return await self._on_goal(goal_of(task_ref), checked, caller=caller, command_id=command_id)
