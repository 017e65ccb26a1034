"""What a person does with a task out of its turn: try it again, skip it, take it over, hand it back, say it is done."""

from dataclasses import replace

from executor.domain.blockage import BlockageType
from executor.domain.goal import GOAL_RUNNING, GoalState
from executor.domain.task import Answer, Task, TaskState
from executor.engine.asking.doubting import ask_about_effect
from executor.engine.blockages.blocking import block_task
from executor.engine.blockages.lessons import person_tries
from executor.engine.blockages.prerequisites import dead_parents
from executor.engine.casework.case import Case
from executor.engine.casework.subtasks import end_parts
from executor.engine.flow import close_parked_attempt, fresh
from executor.engine.planning.steering import after_skip
from executor.engine.replies import Caller


def retry(case: Case, task: Task, caller: Caller, *, how: str = "Retry by hand") -> str:
    """Queue the task as if it had never failed; one that never ran because others failed comes after those. `how` is
    what the person did about it, for later."""
    if task.state is TaskState.IN_PROGRESS:  # it tries whether what was gone is back: never twice at once
        return f"{task.ref} is being tried right now."
    case.unblock(task.ref, f"{caller.name}: retry")
    asked = f"{caller.name} asked to retry"
    parents = [one for one in dead_parents(case, task) if one.state is TaskState.FAILED] if not task.attempts else []
    if parents:
        for parent in parents:
            case.set_task(fresh(case.move_task(parent.ref, TaskState.QUEUED, summary=asked)))
        case.set_task(fresh(case.move_task(task.ref, TaskState.PENDING, summary=asked)))
        return f"Trying {', '.join(parent.ref for parent in parents)} again first, then {task.ref}."
    case.set_task(person_tries(case.tasks[task.ref], how))
    task = fresh(case.move_task(task.ref, TaskState.QUEUED, summary=asked))
    case.set_task(replace(task, waits_on=""))  # now, whatever is known to be gone
    return f"Trying {task.ref} again."


def skip(case: Case, task: Task, caller: Caller) -> str:
    """Go on without it and its parts: what waited for it is released, and its weight leaves the percentage."""
    end_parts(case, task, lambda part: _skip_one(case, part, caller))
    _skip_one(case, task, caller)
    after_skip(case, task)
    return f"Skipped {task.ref}."


def _skip_one(case: Case, task: Task, caller: Caller) -> None:
    if task.state is TaskState.IN_PROGRESS:
        case.stop_tasks.add(task.ref)
    case.unblock(task.ref, f"{caller.name}: skip")
    case.withdraw(task.ref, note=f"{caller.name} skipped the task")
    case.move_task(task.ref, TaskState.SKIPPED, summary=f"Skipped by {caller.name}")
    close_parked_attempt(case, task.ref)


def take_over(case: Case, task: Task, caller: Caller) -> str:
    """A person does it by hand; Done is then checked like any other task."""
    if task.state is TaskState.IN_PROGRESS:
        case.stop_tasks.add(task.ref)
    case.unblock(task.ref, f"{caller.name}: take over")
    case.withdraw(task.ref, note=f"{caller.name} took the task over")
    close_parked_attempt(case, task.ref)
    task = case.move_task(task.ref, TaskState.QUEUED, summary=f"Taken over by {caller.name}")
    case.set_task(replace(fresh(task), taken_over=True, remedy=None))
    return f"{task.ref} is yours. Press Done when it is done, or Hand back."


def done(case: Case, task: Task, caller: Caller, text: str | None = None) -> str:
    """A person says that it is done; its check is looked at next."""
    say(case, task, caller, text or "Done")
    return f"Checking {task.ref}." if task.spec.check else f"{task.ref} is done."


def can_be_done_early(case: Case, task: Task) -> bool:
    """Whether Done makes sense before the question stands in the chat: only for what a person does by hand."""
    by_hand = task.taken_over or task.spec.action == MANUAL
    going_on = case.goal.state in GOAL_RUNNING | {GoalState.PAUSED}
    return by_hand and going_on and task.state in _NOT_ASKED_YET and task.answer is None


def done_early(case: Case, task: Task, caller: Caller) -> str:
    """As `done`, before anybody was asked: it holds when the task's turn comes."""
    case.set_task(replace(task, answer=Answer(text="Done", by=caller.name, at=case.now)))
    case.event("task.done_early", task.ref, by=caller.name)
    if task.state is TaskState.PENDING:
        return f"Noted: {task.ref} counts as done when its turn comes."
    return f"Checking {task.ref}." if task.spec.check else f"{task.ref} is done."


MANUAL = "manual"  # the action
_NOT_ASKED_YET = frozenset({TaskState.PENDING, TaskState.QUEUED, TaskState.RETRYING, TaskState.IN_PROGRESS})


def hand_back(case: Case, task: Task, caller: Caller) -> str:
    """Back to Milepost if it can do it; a task made for a person becomes a blockage."""
    close_parked_attempt(case, task.ref)
    if task.taken_over:
        case.set_task(replace(fresh(task), taken_over=False))
        if case.in_doubt(task.ref):  # from before it was taken over
            ask_about_effect(case, case.tasks[task.ref], f"{caller.name} handed it back")
            return f"{task.ref} is mine again; please say first whether it has happened."
        case.move_task(task.ref, TaskState.QUEUED, summary=f"Handed back by {caller.name}")
        return f"{task.ref} is mine again."
    block_task(case, task, BlockageType.EXTERNAL, cause=f"{caller.name} handed it back")
    return f"{task.ref} is handed back; it waits until someone decides about it."


def say(case: Case, task: Task, caller: Caller, text: str) -> None:
    """What a person said about it; the task goes on with that."""
    task = case.move_task(task.ref, TaskState.QUEUED, summary=f"{caller.name}: {text}"[:200])
    case.set_task(replace(task, answer=Answer(text=text, by=caller.name, at=case.now)))
