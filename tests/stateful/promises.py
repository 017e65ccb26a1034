"""What holds at every moment, whatever was done in whatever order: named by sentences, none is what a test asserts."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from executor.domain.decision import DecisionKind
from executor.domain.event import Event
from executor.domain.goal import GOAL_RUNNING
from executor.domain.task import Task, TaskKind, TaskState
from executor.engine.why import HOLDS_NOTHING_UP, Code, Why
from executor.ports import GoalView

_WAITS = frozenset({TaskState.AWAITING_APPROVAL, TaskState.BLOCKED})


@dataclass(slots=True)
class Past:
    """What earlier moments showed of a goal."""

    completed: dict[str, str] = field(default_factory=dict)  # finished work, with what proved it
    percentage: int = 0
    version: int = 0


def never_silent(view: GoalView) -> Iterator[str]:
    """A running goal has something that runs, is due, waits in time, or a question that is open."""
    if view.goal.state not in GOAL_RUNNING or any(_goes_on(task) for task in view.tasks):
        return
    if not any(decision.kind not in HOLDS_NOTHING_UP for decision in view.decisions):
        yield f"goal {view.goal.number} is {view.goal.state}; nothing moves, and nobody is asked"


def _goes_on(task: Task) -> bool:
    match task.state:
        case TaskState.IN_PROGRESS:
            return True
        case TaskState.QUEUED | TaskState.RETRYING:
            return task.due_at is not None or bool(task.waits_on)
        case TaskState.PAUSED:
            return bool(task.waits_on)
        case _:
            return False


def always_explained(view: GoalView, why: Why) -> Iterator[str]:
    refs = {task.ref for task in view.tasks}
    for ref in sorted(refs ^ {reason.ref for reason in why.tasks}):
        yield f"/why and the goal do not agree about {ref}"
    for reason in (why.goal, *why.tasks):
        name = reason.ref or f"goal {view.goal.number}"
        if not reason.sentence.strip():
            yield f"{name} has no sentence"
        if reason.code is Code.STUCK:
            yield f"{name} {reason.sentence}"
    if not why.lines or not all(line.strip(" .") for line in why.lines):
        yield f"/why has nothing to say about goal {view.goal.number}: {why.lines}"


def questions_are_about_what_waits(view: GoalView, trials: Collection[str]) -> Iterator[str]:
    """`trials`: tasks that show whether a service is back; the question about them stays until that is known."""
    tasks = {task.ref: task for task in view.tasks}
    for decision in view.decisions:
        if decision.task_ref is None:
            continue
        task = tasks.get(decision.task_ref)
        if task is None or not (task.state in _WAITS or task.waits_on or task.ref in trials):
            yield f"question {decision.number} ({decision.kind}) is open; {decision.task_ref} is {task and task.state}"
    asked = [decision.task_ref for decision in view.decisions if decision.task_ref is not None]
    for ref in {ref for ref in asked if asked.count(ref) > 1}:
        yield f"{ref} is asked about {asked.count(ref)} times"
    starts = [decision for decision in view.decisions if decision.kind is DecisionKind.START]
    if bool(starts) != (view.goal.state == "awaiting_start"):
        yield f"goal {view.goal.number} is {view.goal.state} with {len(starts)} questions for its start"


def finished_work_stays(view: GoalView, past: Past) -> Iterator[str]:
    now = {task.ref: task for task in view.tasks if task.kind is TaskKind.WORK}
    for ref, proof in past.completed.items():
        task = now.get(ref)
        if task is None or task.state is not TaskState.COMPLETED:
            yield f"{ref} was completed and is {task.state if task else 'gone'}"
        elif task.summary != proof:
            yield f"{ref} was proved by {proof!r} and now says {task.summary!r}"
    past.completed |= {ref: task.summary for ref, task in now.items() if task.state is TaskState.COMPLETED}


def progress_stays(view: GoalView, past: Past) -> Iterator[str]:
    goal = view.goal
    if goal.plan_version == past.version and goal.percentage < past.percentage:
        yield f"goal {goal.number} fell from {past.percentage} % to {goal.percentage} % within plan v{past.version}"
    past.version, past.percentage = goal.plan_version, goal.percentage


def never_stood_still(events: Sequence[Event]) -> Iterator[str]:
    """The look-out for stalls never had to help: it is there for what should be impossible."""
    for event in events:
        if event.name == "goal.stalled":
            yield f"goal {event.goal_number} stood still: {event.result}"


def broken(view: GoalView, why: Why, past: Past, trials: Collection[str], events: Sequence[Event]) -> list[str]:
    """Every promise about one goal that does not hold now."""
    return [
        *never_silent(view),
        *always_explained(view, why),
        *never_stood_still(events),
        *questions_are_about_what_waits(view, trials),
        *finished_work_stays(view, past),
        *progress_stays(view, past),
    ]
