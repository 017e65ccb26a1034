"""A goal's card: before Start the plan with everything that will run, afterwards the live state. Pure functions."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from bot.telegram.assignees import named
from bot.telegram.decisions import decision_buttons
from bot.telegram.html import bold, clip, code, escape, italic, plain, unquoted
from bot.telegram.message import Button, Document, Message, fit
from bot.telegram.subtasks import indent, parts_done
from bot.telegram.urgent import PRESS_RESUME, PRESS_STOP
from bot.telegram.words import (
    GOAL_SIGNS,
    GOAL_WORDS,
    STANDING_WORDS,
    TASK_SIGNS,
    WAITS_FOR_PERSON,
    bar,
    check_words,
    clock_time,
    count,
    criterion_words,
    deadline,
    duration,
)
from executor.domain.attempt import Attempt
from executor.domain.decision import DecisionKind, DecisionState
from executor.domain.envelope import Envelope, envelope_of
from executor.domain.gate import Gate, command_in, gate_in, gate_words
from executor.domain.goal import GOAL_RUNNING, Goal, GoalState
from executor.domain.limits import Limits
from executor.domain.milestone import progress_of
from executor.domain.outlook import Standing
from executor.domain.plan import Plan, TaskSpec
from executor.domain.stop import Stop
from executor.domain.subtasks import nested, part_keys, refs_of
from executor.domain.task import Task, TaskKind, TaskState
from executor.engine.capacity import kept_back
from executor.engine.turns import works_in_turns
from executor.ports import GoalView

NOTHING_RUNS = "Nothing runs before you press Start."
ACCEPTED = "Start accepts exactly these actions, within budget and deadline."
REPAIRS = "I may repair: missing packages, folders and imports in the goal's folder, another port, more time"
ELSE_ASKS = "Anything else asks you first."
BRIEF_CHARACTERS = 60
OUTCOME_CHARACTERS = 100
FINDINGS_MAX = 8
BY_HAND = frozenset({"manual", "ask"})  # for a person anyway
LINES_MAX = 16  # tasks on a live card: about one phone screen
_STANDING_OUT = frozenset(
    {TaskState.IN_PROGRESS, TaskState.RETRYING, TaskState.AWAITING_APPROVAL, TaskState.BLOCKED, TaskState.FAILED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What rendering needs to know of the world. `describe` says what a task will really run."""

    now: datetime
    timezone: tzinfo
    describe: Callable[[TaskSpec], str]
    limits: Limits = field(default_factory=Limits)
    uses: Callable[[TaskSpec], Sequence[str]] = lambda spec: ()  # the configured secrets that it is given
    confidence_min: float = 0.0  # below it, a task is approved before it runs
    stop: Stop | None = None  # everything is stopped
    has_changes: Callable[[int], bool] = lambda number: False  # whether anything is kept that a goal changed


def goal_card(view: GoalView, scene: Scene) -> Message:
    """The card as it is now: the proposal with its buttons, or the live card."""
    if view.goal.state is GoalState.AWAITING_START and view.plan is not None:
        return _proposal(view, view.plan, scene)
    return Message(html=live_card(view, scene), buttons=_stop_buttons(view, scene))


def _stop_buttons(view: GoalView, scene: Scene) -> tuple[tuple[Button, ...], ...]:
    if view.goal.state not in GOAL_RUNNING:
        return ()
    return ((Button("▶️ Resume", PRESS_RESUME, "success") if scene.stop else Button("⛔ Stop", PRESS_STOP),),)


def stop_words(stop: Stop, scene: Scene) -> str:
    return f"{stop.note}, {clock_time(stop.at, scene.now, scene.timezone)}"


# ------------------------------------------------------------------------------------------------------ before Start


def _proposal(view: GoalView, plan: Plan, scene: Scene) -> Message:
    start = next((d for d in view.decisions if d.kind is DecisionKind.START and d.state is DecisionState.OPEN), None)
    buttons = decision_buttons(start) if start else ()
    accepted = envelope_lines(envelope_of(plan, scene.limits))
    whole = Message(
        html=_proposed([*plan_lines(view, plan, scene), *look_first(view.goal, scene)], accepted), buttons=buttons
    )
    if whole.fits:
        return whole
    name = f"plan-{view.goal.number}-v{plan.version}.md"
    brief = plan_lines(view, plan, scene, brief=True)
    short = Message(
        html=_proposed(
            [*brief, *look_first(view.goal, scene), "", f"📄 Every command in full: {escape(name)}"], accepted
        ),
        buttons=buttons,
        document=Document(name, plain(whole.html) + "\n"),
    )
    return short if short.fits else fit(whole, name, last_line=NOTHING_RUNS)


def _proposed(lines: Sequence[str], accepted: Sequence[str]) -> str:
    return "\n".join([*lines, "", *(italic(line) for line in (*accepted, NOTHING_RUNS))])


def look_first(goal: Goal, scene: Scene) -> list[str]:
    """What later tasks will miss, and a deadline that the plan may not meet; nothing where all is well."""
    outlook = goal.outlook
    if outlook is None:
        return []
    found = [
        f"• {escape(one.sentence)}{f' ({escape(one.remedy)})' if one.remedy else ''}{_refs(one.refs)}"
        for one in outlook.findings[:FINDINGS_MAX]
    ]
    more = len(outlook.findings) - len(found)
    found += [f"• and {more} more"] if more > 0 else []
    if outlook.standing not in (None, Standing.ON_TRACK):
        found.append(f"• the deadline{forecast_words(goal, scene).replace(' ·', ':', 1)}")
    return ["", f"⚠️ {bold('Look first')}", *found] if found else []


def _refs(refs: Sequence[str]) -> str:
    return f": {', '.join(refs)}" if refs else ""


def envelope_lines(envelope: Envelope) -> list[str]:
    """What Start accepts: the envelope of the plan. Its budget and deadline stand above, as they were understood."""
    extra = count(envelope.extra_tasks, "more task") if envelope.extra_tasks else "no more tasks"
    repairs = f"{REPAIRS} (up to {duration(envelope.timeout_s_max)}), {extra} at most."
    return [ACCEPTED, repairs, ELSE_ASKS]


def plan_lines(view: GoalView, plan: Plan, scene: Scene, *, brief: bool = False) -> list[str]:
    """The whole plan: title, what was understood, every task with what it will run, every criterion with its check.
    `brief`: what runs on one line, or what a script is for, where the whole text goes beside it as a document."""
    goal = view.goal
    labels = task_labels(view, plan)
    lines = [f"📋 {bold(goal.title)}", f"#{goal.number} · {count(len(plan.tasks), 'task')}"]
    lines += [italic(sentence) for sentence in plan.reading]
    if plan.summary and not _words(plan.summary) <= _words(f"{goal.title} {' '.join(plan.reading)}"):
        lines += ["", escape(plan.summary)]
    for index, spec in enumerate(plan.tasks):
        before = plan.tasks[index - 1].key if index else None
        lines += ["", *_planned_task(spec, labels, before, scene, brief=brief)]
    if plan.criteria:
        lines += ["", bold("Done when")]
        lines += [
            f"• {escape(c.text)}" + ("" if brief else f"\n   {criterion_words(c, labels)}") for c in plan.criteria
        ]
    if plan.gates:
        lines += ["", bold("Checks before the end")]
        lines += [line for gate in plan.gates for line in _gate_lines(gate, scene, brief=brief)]
    return lines


def _gate_lines(gate: TaskSpec, scene: Scene, *, brief: bool) -> list[str]:
    """What is looked at, and what the plan holds ready for when it is not so."""
    lines = [f"• {escape(gate.title)}", f"   {_gate(gate)}"]
    if gate.rework:
        lines.append("   if not, and then again:")
    return lines + [f"   – {escape(one.title)}: {_work(one, scene, brief=brief)}" for one in gate.rework]


def _gate(spec: TaskSpec) -> str:
    words = gate_words(spec)
    return code(words) if command_in(spec) else ("👤 " if gate_in(spec) is Gate.REVIEW else "") + escape(words)


def task_labels(view: GoalView, plan: Plan) -> Mapping[str, str]:
    """What people call each task, by its key: its ref where it has one, else its place in the plan."""
    places = refs_of(view.goal.number, nested(plan.tasks), {}, ())
    return places | {task.spec.key: task.ref for task in view.tasks if task.kind is TaskKind.WORK}


def _planned_task(
    spec: TaskSpec, labels: Mapping[str, str], before: str | None, scene: Scene, *, brief: bool
) -> list[str]:
    lines = [f"{bold(labels[spec.key])} {escape(spec.title)}", f"   {_work(spec, scene, brief=brief)}"]
    if used := scene.uses(spec):
        lines.append(f"   🔑 uses {escape(', '.join(used))}")
    if spec.only_if:
        lines.append(f"   only if {_names(spec.only_if, labels)} succeeded")
    own = part_keys(spec)
    waits_for = [key for key in spec.depends_on if key not in spec.only_if and key not in own]
    if waits_for and waits_for != [before]:  # the usual order, one after the other, goes without saying
        lines.append(f"   after {_names(waits_for, labels)}")
    if not waits_for and not spec.only_if and before is not None:
        lines.append("   at once")
    if spec.when is not None:
        lines.append(f"   only when: {check_words(spec.when, brief=brief)}")
    if spec.check is not None and not brief:
        lines.append(f"   then checked: {check_words(spec.check)}")
    if spec.optional:
        lines.append("   optional")
    if spec.confidence < scene.confidence_min and spec.action not in BY_HAND:
        lines.append(f"   ✋ asks you first: the plan is only {round(spec.confidence * 100)} % sure of it")
    return lines


def _work(spec: TaskSpec, scene: Scene, *, brief: bool) -> str:
    described = unquoted(scene.describe(spec))
    if spec.action in BY_HAND:
        said = described.removeprefix("a person: ")
        return "👤 for a person" if said == spec.title else f"👤 {escape(_brief(described) if brief else described)}"
    if not brief:
        return code(described)
    lines = described.strip().count("\n") + 1
    if lines == 1 or spec.action not in ("shell", "python"):
        return code(_brief(described))
    aim = clip(spec.expected_outcome, OUTCOME_CHARACTERS)
    return escape(f"📜 a script of {lines} lines" + (f": {aim}" if aim else ""))


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def _brief(text: str) -> str:
    return clip(" ".join(text.split()), BRIEF_CHARACTERS)


def _names(keys: Sequence[str], labels: Mapping[str, str]) -> str:
    return ", ".join(escape(labels.get(key, key)) for key in keys)


# -------------------------------------------------------------------------------------------------------------- live


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
        lines += ["", bar(goal.percentage), f"{progress.completed} of {count(progress.total, 'task')} done"]
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


def forecast_words(goal: Goal, scene: Scene) -> str:
    """`` · at risk: ready by 18:20``; the moment by which it is ready four times in five."""
    outlook = goal.outlook
    if outlook is None or outlook.standing is None or goal.state is GoalState.PAUSED:
        return ""
    by = f", ready by {clock_time(outlook.sure_at, scene.now, scene.timezone)}" if outlook.sure_at else ""
    return f" · {STANDING_WORDS[outlook.standing]}{by}"


def _took(goal: Goal, finished_at: datetime) -> str:
    return duration((finished_at - (goal.started_at or goal.created_at)).total_seconds())
