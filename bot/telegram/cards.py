"""A goal's card: before Start the proposal, afterwards the live state. Pure functions."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.telegram.assignees import named
from bot.telegram.forecast import forecast_words
from bot.telegram.html import bold, clip, escape, italic
from bot.telegram.message import Button, Message
from bot.telegram.proposal import proposal
from bot.telegram.scene import Scene, stop_words
from bot.telegram.subtasks import indent, parts_done
from bot.telegram.urgent import PRESS_RESUME, PRESS_STOP
from bot.telegram.words import (
    BRIEF_CHARACTERS,
    GOAL_SIGNS,
    GOAL_WORDS,
    TASK_SIGNS,
    WAITS_FOR_PERSON,
    bar,
    clock_time,
    count,
    deadline,
    duration,
)
from executor.domain.attempt import Attempt
from executor.domain.decision import DecisionKind, DecisionState
from executor.domain.goal import GOAL_RUNNING, Goal, GoalState
from executor.domain.milestone import progress_of
from executor.domain.task import Task, TaskKind, TaskState
from executor.engine.capacity import kept_back
from executor.engine.turns import works_in_turns
from executor.ports import GoalView

LINES_MAX = 16  # tasks on a live card: about one phone screen
_STANDING_OUT = frozenset(
    {TaskState.IN_PROGRESS, TaskState.RETRYING, TaskState.AWAITING_APPROVAL, TaskState.BLOCKED, TaskState.FAILED}
)


def goal_card(view: GoalView, scene: Scene) -> Message:
    """The card as it is now: the proposal with its buttons, or the live card."""
    if view.goal.state is GoalState.AWAITING_START and view.plan is not None:
        return proposal(view, view.plan, scene)
    return Message(html=live_card(view, scene), buttons=_stop_buttons(view, scene))


def _stop_buttons(view: GoalView, scene: Scene) -> tuple[tuple[Button, ...], ...]:
    if view.goal.state not in GOAL_RUNNING:
        return ()
    return ((Button("▶️ Resume", PRESS_RESUME, "success") if scene.stop else Button("⛔ Stop", PRESS_STOP),),)


def live_card(view: GoalView, scene: Scene) -> str:
    goal = view.goal
    progress = progress_of(view.tasks)
    sign, words = GOAL_SIGNS[goal.state], GOAL_WORDS[goal.state]
    if goal.state is GoalState.BLOCKED and not any(task.state is TaskState.BLOCKED for task in view.tasks):
        sign, words = WAITS_FOR_PERSON
    part = f" · part of {goal.parent_task}" if goal.parent_task else ""
    lines = [f"{sign} {bold(goal.title)}", f"#{goal.number} · {words}{part}"]
    if scene.stop is not None and not goal.final:
        lines.append(f"⛔ {escape(stop_words(scene.stop, scene))}; /resume goes on")
    if view.tasks:
        lines += ["", bar(goal.percentage)]
    if progress.total:  # else all were skipped or cancelled, as the list says
        lines.append(f"{progress.completed} of {count(progress.total, 'task')} done")
    work = [task for task in view.tasks if task.kind is TaskKind.WORK]
    checks = [task for task in view.tasks if task.kind is TaskKind.CRITERION]
    gates = [task for task in view.tasks if task.kind is TaskKind.GATE]
    if work:
        lines += ["", *_task_lines(work, view, scene)]
    if checks and (goal.state is GoalState.VALIDATING or any(task.final for task in checks)):
        lines += ["", bold("Done when"), *_task_lines(checks, view, scene, named=False)]
    if gates and (goal.state is GoalState.VALIDATING or any(task.attempts for task in gates)):
        lines += ["", bold("Checks before the end"), *_task_lines(gates, view, scene, named=False)]
    if below := _below(view, scene):
        lines += ["", *below]
    return "\n".join(lines)


def _task_lines(tasks: Sequence[Task], view: GoalView, scene: Scene, *, named: bool = True) -> list[str]:
    """One line a task; where there are too many, finished ones are counted, then waiting ones."""
    refs = {task.spec.key: task.ref for task in view.tasks}
    parts = parts_done(view.tasks)
    states = {task.spec.key: task.state for task in view.tasks}
    attempts = {attempt.task_ref: attempt for attempt in view.attempts}

    kept = kept_back(view, scene.limits.resources, scene.now)

    def line(task: Task) -> str:
        name = f"{task.ref} " if named else ""
        note = escape(kept.get(task.ref, "")) or parts.get(task.ref, "")
        note = note or _note(task, attempts.get(task.ref), refs, states, scene)
        return f"{indent(task)}{TASK_SIGNS[task.state]} {name}{escape(task.spec.title)}{f' · {note}' if note else ''}"

    if len(tasks) <= LINES_MAX:
        return [line(task) for task in tasks]
    done = [task for task in tasks if task.final and task.state is not TaskState.FAILED]
    now = [task for task in tasks if task.state in _STANDING_OUT]
    ahead = [task for task in tasks if task not in done and task not in now]
    shown, hidden = now[:LINES_MAX], now[LINES_MAX:]
    room = max(LINES_MAX - len(shown), 3)
    lines = _counted(done)
    lines += [line(task) for task in shown] + [line(task) for task in ahead[:room]]
    rest = len(hidden) + len(ahead[room:])
    return lines + ([f"… and {count(rest, 'more task')}: /plan {view.goal.number}"] if rest else [])


def _counted(over: Sequence[Task]) -> list[str]:
    """``✅ 12 tasks done``, and apart from them what was left out: nobody did that."""
    did = sum(task.state is TaskState.COMPLETED for task in over)
    left = len(over) - did
    return [
        *([f"{TASK_SIGNS[TaskState.COMPLETED]} {count(did, 'task')} done"] if did else []),
        *([f"{TASK_SIGNS[TaskState.SKIPPED]} {count(left, 'task')} skipped or cancelled"] if left else []),
    ]


def _note(
    task: Task, attempt: Attempt | None, refs: Mapping[str, str], states: Mapping[str, TaskState], scene: Scene
) -> str:
    """What a task is doing. Times of day instead of spans: nothing edits the card while it only grows older."""
    if task.waits_on:
        at = f", next look {clock_time(task.due_at, scene.now, scene.timezone)}" if task.due_at else ""
        words = task.summary[:1].lower() + task.summary[1:]
        return f"{escape(clip(words, BRIEF_CHARACTERS))}{at}"
    match task.state:
        case TaskState.IN_PROGRESS if works_in_turns(task) and task.summary:
            return escape(clip(f"{task.summary[:1].lower()}{task.summary[1:]}", BRIEF_CHARACTERS))
        case TaskState.IN_PROGRESS:
            since = attempt.started_at if attempt else task.started_at
            return f"since {clock_time(since, scene.now, scene.timezone)}" if since else "runs"
        case TaskState.RETRYING:
            return f"next try {clock_time(task.due_at, scene.now, scene.timezone)}" if task.due_at else "tries again"
        case TaskState.QUEUED if task.due_at is not None and task.due_at > scene.now:
            return f"goes on {clock_time(task.due_at, scene.now, scene.timezone)}"
        case TaskState.PENDING:
            open_ones = [key for key in task.spec.depends_on if states.get(key) not in (None, TaskState.COMPLETED)]
            return f"after {', '.join(refs[key] for key in open_ones)}" if open_ones else ""
        case TaskState.AWAITING_APPROVAL:
            return f"waits for {escape(named(task.spec.assignee))}" if task.spec.assignee else "waits for you"
        case TaskState.BLOCKED:
            return "blocked"
        case TaskState.SKIPPED:
            return "skipped"
        case _:
            return ""


def _below(view: GoalView, scene: Scene) -> list[str]:
    goal = view.goal
    lines = []
    if goal.deadline_at is not None and not goal.final:
        lines.append(deadline(goal.deadline_at, scene.now, scene.timezone) + forecast_words(goal, scene))
    if waiting := [d for d in view.decisions if d.state is DecisionState.OPEN and d.kind is not DecisionKind.RESULT]:
        numbers = ", ".join(str(decision.number) for decision in waiting)
        lines.append(f"❓ {count(len(waiting), 'open question')}: {numbers}")
    if goal.reason and goal.state in (GoalState.PAUSED, GoalState.FAILED, GoalState.CANCELLED):
        lines.append(italic(goal.reason))
    if goal.finished_at is not None:
        lines.append(f"⏱ {_took(goal, goal.finished_at)}")
    return lines


def _took(goal: Goal, finished_at: datetime) -> str:
    return duration((finished_at - (goal.started_at or goal.created_at)).total_seconds())
