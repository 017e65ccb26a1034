"""The mender without a model: it never claims to understand code, so what is wrong becomes a task for a person, with
what was really printed; and feedback is read as a goal's own numbered lines are."""

import re
from collections.abc import Sequence
from dataclasses import replace

from executor.domain.gate import Gate
from executor.domain.goal import Goal
from executor.domain.limits import TASKS_MAX, TITLE_CHARACTERS_MAX
from executor.domain.plan import ExecutionType, TaskSpec
from executor.planner.characters import one_line, shortened
from executor.planner.goal_text import checked
from executor.planner.lines import split
from executor.planner.steps import read_steps
from executor.ports import GateFailure

NAMES_MAX = 5
NAME_CHARACTERS_MAX = 40
_ORDER = re.compile(r"(?P<words>[^`\n]*\w[^`\n]*):\s*`(?P<command>[^`\n]*\S[^`\n]*)`[.\s]*")


class OfflineMender:
    """The port Mender."""

    async def debug(self, failure: GateFailure) -> Sequence[TaskSpec]:
        said = f"`{failure.command}` ended with:\n{failure.said}" if failure.said else f"`{failure.command}` failed."
        names = "\n".join(failure.failing)
        parts = [part for part in (names, said, "After Done it runs again.") if part]
        return (by_hand("fix", _title(failure), "\n\n".join(parts)),)

    async def rework(self, feedback: str, goal: Goal) -> Sequence[TaskSpec]:
        """Numbered lines are tasks, as in a goal's text (contract section 4): with backticks a command, without them
        for a person, who also reads what stands around the numbers. A text without numbers is one task."""
        text = checked(feedback).strip()
        lines = split(text)
        if not lines.steps:
            return (_one_task(text),)
        around = "\n".join(line for line in (lines.first, *lines.bullets, *lines.other) if line.strip())
        return tuple(_with_note(step, around) for step in read_steps(lines.steps, TASKS_MAX).tasks)


def by_hand(key: str, title: str, instructions: str) -> TaskSpec:
    return TaskSpec(
        key=key,
        title=shortened(one_line(title), TITLE_CHARACTERS_MAX),
        action="manual",
        parameters={"instructions": instructions},
        execution_type=ExecutionType.MANUAL,
    )


def _title(failure: GateFailure) -> str:
    if failure.gate is Gate.SECURITY:
        return "Mend what the security audit found"
    if not failure.failing:
        return "Make the tests pass"
    names = [shortened(name.rpartition("::")[2], NAME_CHARACTERS_MAX) for name in failure.failing[:NAMES_MAX]]
    more = len(failure.failing) - len(names)
    tests = "test" if len(failure.failing) == 1 else "tests"
    return f"Fix the failing {tests}: {', '.join(names)}" + (f" and {more} more" if more else "")


def _one_task(text: str) -> TaskSpec:
    """A command only where nothing else can be meant: at the end of the line, after a colon."""
    found = _ORDER.fullmatch(text)
    if found is None:
        return by_hand("1", text, text)
    return TaskSpec(
        key="1",
        title=shortened(one_line(found["words"]), TITLE_CHARACTERS_MAX),
        action="shell",
        parameters={"command": found["command"].strip()},
    )


def _with_note(step: TaskSpec, note: str) -> TaskSpec:
    """What stands around the numbers belongs to the tasks that a person reads."""
    if step.action != "manual" or not note:
        return step
    return replace(step, parameters={"instructions": f"{step.parameters['instructions']}\n\n{note}"})
