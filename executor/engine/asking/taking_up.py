"""Taking up again what had ended: a failed or cancelled goal goes on where it was, and finished work is kept."""

from executor.domain.goal import GOAL_TAKEN_UP, GoalState
from executor.domain.task import Task, TaskKind, TaskState
from executor.engine.asking.doubting import ask_about_effect
from executor.engine.casework.case import Case
from executor.engine.flow import SKIPPED_BECAUSE, WITH_THE_GOAL, advance, asks_person, fresh
from executor.engine.planning.adaptation import adapt, current_plan
from executor.engine.replies import Accepted, Caller, Refused, Reply


def take_up(case: Case, caller: Caller) -> Reply:
    """Reset what failed, what was skipped because of it and what was cancelled with the goal, as a new version of the
    plan. What a person cancelled or skipped by name stays as it is."""
    number = case.goal.number
    if (refused := _refused(case)) is not None:
        return refused
    left = left_over(case)
    if not left:
        return Refused(code="nothing_left", sentence=f"Nothing is left to do in goal {number}. Set a new one: /goal …")
    case.set_goal(case.goal.taken_up(case.now))
    case.event("goal.taken_up", None, tasks=[task.ref for task in left])
    for task in left:
        case.set_task(fresh(task.taken_up()))
    adapt(case, current_plan(case).tasks, reason=f"{caller.name} took it up again")
    for task in left:
        if case.in_doubt(task.ref):  # it may have happened: never a second time without a word
            ask_about_effect(case, case.tasks[task.ref], "The goal ended meanwhile")
    advance(case)
    count = sum(task.kind is TaskKind.WORK for task in left)
    what = f"{count} task(s) begin again" if count else "its criteria are checked again"
    return Accepted(sentence=f"Goal {number} goes on: {what}; what was done stays done.", goal_number=number)


def _refused(case: Case) -> Refused | None:
    number, state = case.goal.number, case.goal.state.replace("_", " ")
    if case.goal.state not in GOAL_TAKEN_UP:
        hint = "It is complete." if case.goal.state is GoalState.COMPLETED else f"It is {state}."
        return Refused(code="wrong_state", sentence=f"Goal {number} can't be taken up again. {hint}")
    if case.goal.started_at is None:
        return Refused(code="never_started", sentence=f"Goal {number} never started. Send it again as a new goal.")
    if any(case.still_runs(ref) for ref in case.tasks):
        return Refused(
            code="still_runs", sentence=f"Something of goal {number} is just being stopped. Try again in a moment."
        )
    return None


def left_over(case: Case) -> list[Task]:
    """What the end left undone, by position, and the criteria and gates that are to be looked at again after it."""
    left = {task.ref: task for task in case.tasks.values() if _undone(task)}
    keys = {task.spec.key for task in left.values() if task.kind is TaskKind.WORK}
    while more := [t for t in case.work if t.ref not in left and _skipped_because(t) and keys & set(t.spec.only_if)]:
        left |= {task.ref: task for task in more}
        keys |= {task.spec.key for task in more}
    looked_at = [t for t in (*case.criteria, *case.gates) if t.state is TaskState.COMPLETED and not asks_person(t)]
    seen_before = looked_at if keys else []
    return sorted([*left.values(), *seen_before], key=lambda task: task.position)


def _undone(task: Task) -> bool:
    with_the_goal = task.state is TaskState.CANCELLED and task.summary == WITH_THE_GOAL
    return task.state is TaskState.FAILED or with_the_goal


def _skipped_because(task: Task) -> bool:
    return task.state is TaskState.SKIPPED and task.summary.startswith(SKIPPED_BECAUSE)
