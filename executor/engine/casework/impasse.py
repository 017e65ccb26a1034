"""When nothing of a goal can move: one question about the whole of it, and the end of questions that are settled.

A goal never fails by itself. Where a single task holds it up, that task's own question is enough.
"""

from executor.domain.decision import IMPASSE, Decision, DecisionKind
from executor.domain.goal import GoalState
from executor.domain.task import Task, TaskState
from executor.engine.casework.case import Case

_TROUBLED = frozenset({TaskState.BLOCKED, TaskState.FAILED})
_WAITS_FOR_ITS_TURN = frozenset({TaskState.PENDING, TaskState.BLOCKED})


def look_at_impasse(case: Case) -> None:
    """Ask about the goal where every way is blocked, and close what has been overtaken. Safe to call again."""
    blocked = [task for task in case.work if task.state is TaskState.BLOCKED]
    asked = open_impasse(case)
    if asked is not None and len(blocked) < 2:
        case.close(asked, "The goal can go on")
    elif asked is None and len(blocked) > 1 and _all_blocked(case):
        _ask(case, blocked)
    for decision in case.open_decisions():
        if _overtaken(case, decision):
            case.close(decision, "What it would have tried again goes on already")


def open_impasse(case: Case) -> Decision | None:
    kind = DecisionKind.BLOCKAGE
    return next((one for one in case.open_decisions() if one.kind is kind and one.task_ref is None), None)


def _all_blocked(case: Case) -> bool:
    """Nothing runs, nothing waits for anybody but the blocked ones, and no other plan is proposed."""
    proposed = any(decision.kind is DecisionKind.ADAPTATION for decision in case.open_decisions())
    unfinished = [task for task in case.work if not task.final]
    stuck = all(task.state in _WAITS_FOR_ITS_TURN for task in unfinished)
    return case.goal.state is GoalState.BLOCKED and stuck and not proposed


def _ask(case: Case, blocked: list[Task]) -> None:
    done = sum(task.state is TaskState.COMPLETED for task in case.work)
    waiting = sum(task.state is TaskState.PENDING for task in case.work)
    case.ask(
        DecisionKind.BLOCKAGE,
        task_ref=None,
        question=f"Nothing of “{case.goal.title}” can go on: {len(blocked)} tasks are blocked",
        facts={
            "title": case.goal.title,
            "number": case.goal.number,
            "blocked": [f"{task.ref} {task.spec.title}: {task.summary}" for task in blocked],
            "critical": [task.ref for task in blocked if task.spec.critical],
            "done": done,
            "waiting": waiting,
        },
        options=IMPASSE,
    )


def _overtaken(case: Case, decision: Decision) -> bool:
    """Everything that a proposed plan would try again is over its trouble."""
    if decision.kind is not DecisionKind.ADAPTATION or decision.amendment is None or not decision.amendment.again:
        return False
    tasks = [case.by_key(key) for key in decision.amendment.again]
    return not any(task is not None and task.state in _TROUBLED for task in tasks)
