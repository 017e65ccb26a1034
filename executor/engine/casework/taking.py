"""Whether one named task may be taken now, out of its turn, by somebody who asks for it by its name."""

from datetime import UTC

from executor.domain.attempt import OUTSIDE
from executor.domain.decision import DecisionKind
from executor.domain.goal import GOAL_RUNNING
from executor.domain.task import TASK_DUE, Task, TaskKind, TaskState
from executor.engine.casework.case import Case
from executor.engine.replies import Refused


def why_not(case: Case, task_ref: str, executor_type: str) -> Refused | None:
    """None: it may be taken. A task that waits for a person's Done may be: whoever takes it does it instead."""
    task = case.tasks.get(task_ref)
    if task is None:
        return Refused(code="no_such_task", sentence=f"There is no task {task_ref}.")
    if case.goal.state not in GOAL_RUNNING:
        goal = f"goal {case.goal.number} is {case.goal.state.replace('_', ' ')}"
        return Refused(code="not_running", sentence=f"{task_ref} can't be taken: {goal}.")
    if executor_type == OUTSIDE and (task.kind is not TaskKind.WORK or task.verify_only):
        return Refused(code="to_be_looked_at", sentence=f"{task_ref} is only looked at; there is no work in it.")
    return _not_ready(case, task)


def _not_ready(case: Case, task: Task) -> Refused | None:
    if task.state in TASK_DUE:
        if task.due_at is None or task.due_at <= case.now:
            return None
        due = f"{task.due_at.astimezone(UTC):%H:%M:%S} UTC"
        return Refused(code="not_due", sentence=f"{task.ref} is tried again at {due}, not before.")
    if task.state is TaskState.AWAITING_APPROVAL and _waits_for_done(case, task):
        return None
    if task.state is TaskState.PENDING:
        others = [other for key in {*task.spec.depends_on, *task.spec.only_if} if (other := case.by_key(key))]
        names = ", ".join(sorted(other.ref for other in others if not other.frees(task)))
        return Refused(code="not_ready", sentence=f"{task.ref} waits for {names or 'its turn'}.")
    state = task.state.replace("_", " ")
    return Refused(code="wrong_state", sentence=f"{task.ref} can't be taken: it is {state}.")


def _waits_for_done(case: Case, task: Task) -> bool:
    return all(decision.kind is DecisionKind.MANUAL for decision in case.open_decisions(task.ref))
