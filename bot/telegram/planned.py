"""A plan as people read it before Start: each task with what it will run, each criterion with its check."""

import re
from collections.abc import Mapping, Sequence

from bot.telegram.html import bold, clip, code, escape, italic, parted, unquoted
from bot.telegram.scene import Scene
from bot.telegram.words import BRIEF_CHARACTERS, check_words, count, criterion_words
from executor.domain.gate import Gate, command_in, gate_in, gate_words
from executor.domain.plan import Plan, TaskSpec
from executor.domain.subtasks import nested, part_keys, refs_of
from executor.domain.task import TaskKind
from executor.ports import GoalView

OUTCOME_CHARACTERS = 100
BY_HAND = frozenset({"manual", "ask"})  # for a person anyway


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
    work = _work(spec, scene, brief=brief)
    indented = work if work.startswith("<pre>") else f"   {work}"  # a block stands on lines of its own
    lines = [f"{bold(labels[spec.key])} {escape(spec.title)}", indented]
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
    what, reach = parted(scene.describe(spec))
    described = unquoted(what)
    beyond = f"\n   🔓 <i>{escape(reach)}</i>" if reach else ""
    if spec.action in BY_HAND:
        said = described.removeprefix("a person: ")
        return "👤 for a person" if said == spec.title else f"👤 {escape(_brief(described) if brief else described)}"
    if not brief:
        return code(described) + beyond
    lines = described.strip().count("\n") + 1
    if lines == 1 or spec.action not in ("shell", "python"):
        return code(_brief(described)) + beyond
    aim = clip(spec.expected_outcome, OUTCOME_CHARACTERS)
    return escape(f"📜 a script of {lines} lines" + (f": {aim}" if aim else "")) + beyond


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def _brief(text: str) -> str:
    return clip(" ".join(text.split()), BRIEF_CHARACTERS)


def _names(keys: Sequence[str], labels: Mapping[str, str]) -> str:
    return ", ".join(escape(labels.get(key, key)) for key in keys)
