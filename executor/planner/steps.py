"""The numbered lines of a goal as tasks.

``after 1,2`` (also ``after 1 and 2``) and ``if 1`` stand at the end of a line. Where no line has one, each step waits
for the one before; where any has, the others wait for nothing. ``if 1`` waits for step 1, and the step is skipped where
that one did not succeed.
"""

import re
from dataclasses import dataclass, field

from executor.domain.errors import WrongInput
from executor.domain.limits import TITLE_CHARACTERS_MAX
from executor.domain.plan import ExecutionType, TaskSpec
from executor.planner.characters import one_line, shortened, visible
from executor.planner.code import read_code
from executor.planner.graph import all_before, cycle
from executor.planner.references import keys_used

_CLAUSES_MAX = 10
_NUMBERS = r"[0-9]{1,4}(?:(?:\s*,\s*and\s+|\s*,\s*|\s*&\s*|\s+and\s+)[0-9]{1,4})*"
_CLAUSE = re.compile(
    rf"(?:^|[\s,;(])(?P<word>after|if)\s+(?:(?:step|task)s?\s+)?(?P<numbers>{_NUMBERS})\s?\)?[\s.,;]*$", re.IGNORECASE
)
_NEARLY_CLAUSE = re.compile(r"\s((?:after|if)\s+(?:(?:step|task)s?\s+)?[0-9][^`]*)$", re.IGNORECASE)


@dataclass(slots=True)
class Step:
    """One numbered line as written. `clauses`: it says itself what it waits for."""

    key: str
    words: str
    command: str | None
    after: list[str] = field(default_factory=list)
    only_if: list[str] = field(default_factory=list)
    clauses: bool = False


@dataclass(slots=True)
class Steps:
    """The tasks in the order of their lines; `reading` has what is worth saying about them."""

    tasks: tuple[TaskSpec, ...]
    reading: list[str]


def read_steps(lines: list[tuple[int, str]], tasks_max: int) -> Steps:
    """Raises WrongInput with one line for too many, doubled or empty steps, and for waits that can never end."""
    if len(lines) > tasks_max:
        raise WrongInput(
            f"A goal may have {tasks_max} steps at most; this one has {len(lines)}. Split it into several."
        )
    reading: list[str] = []
    steps = [_read_step(number, text, reading) for number, text in lines]
    keys = [step.key for step in steps]
    if doubled := [key for index, key in enumerate(keys) if key in keys[:index]]:
        raise WrongInput(f"There are two steps with the number {doubled[0]}. Give each step its own number.")
    if not any(step.clauses for step in steps):
        for before, step in zip(steps, steps[1:], strict=False):
            step.after.append(before.key)
    _check_waits(steps)
    _wait_for_outputs(steps, reading)
    return Steps(tuple(_task(step) for step in steps), reading)


def _read_step(number: int, text: str, reading: list[str]) -> Step:
    where = f"Step {number}"
    step = Step(str(number), "", None)
    text = _without_clauses(text, step)
    read = read_code(text, where)
    step.words, step.command = read.words, read.command
    if step.command is not None:
        step.words = _without_clauses(step.words, step).rstrip(" :")
    if not visible(step.words) and step.command is None:
        raise WrongInput(f"{where} is empty. Write what is to be done, or leave the number out.")
    if step.command is not None and len(step.words) > TITLE_CHARACTERS_MAX:
        raise WrongInput(f"The words of step {number} are longer than {TITLE_CHARACTERS_MAX} characters. Shorten them.")
    if read.lone_backtick:
        reading.append(f"{where} has a single backtick, so I see no command in it; it is a task for a person")
    if nearly := _NEARLY_CLAUSE.search(step.words):
        reading.append(f"{where}: I read “{shortened(nearly[1], 40)}” as words; steps are named like “after 1,2”")
    return step


def _without_clauses(text: str, step: Step) -> str:
    for _ in range(_CLAUSES_MAX):
        if (found := _CLAUSE.search(text)) is None:
            return text
        numbers = [str(int(number)) for number in re.findall(r"[0-9]+", found["numbers"])]
        waits = step.after if found["word"].lower() == "after" else step.only_if
        waits[:0] = numbers
        step.clauses = True
        text = text[: found.start()].rstrip(" \t\n,;(")
    raise WrongInput(f"Step {step.key} says “after” or “if” too often. Name all its steps at once, like “after 1,2”.")


def _waits(step: Step) -> list[str]:
    return list(dict.fromkeys([*step.after, *step.only_if]))


def _check_waits(steps: list[Step]) -> None:
    keys = [step.key for step in steps]
    for step in steps:
        if step.key in _waits(step):
            raise WrongInput(f"Step {step.key} waits for itself. Name another step in its “after” or “if”.")
        if missing := [key for key in _waits(step) if key not in keys]:
            raise WrongInput(f"Step {step.key} waits for step {missing[0]}, which does not exist. {_known(keys)}")
    if found := cycle({step.key: _waits(step) for step in steps}):
        raise WrongInput(
            f"Steps {' → '.join(found)} wait for each other in a circle. Change the “after” of one of them."
        )


def _known(keys: list[str]) -> str:
    return "It is the only step." if len(keys) == 1 else f"The steps are {shortened(', '.join(keys), 60)}."


def _wait_for_outputs(steps: list[Step], reading: list[str]) -> None:
    """A step that uses ``${1.output}`` waits for step 1, whether its line says so or not."""
    waits = {step.key: _waits(step) for step in steps}
    for step in steps:
        for key in keys_used(step.command or step.words):
            if key not in waits or key == step.key:
                raise WrongInput(
                    f"Step {step.key} uses ${{{shortened(key, 40)}.output}}, but there is no such other step. "
                    f"{_known(list(waits))}"
                )
            if key not in all_before(step.key, waits):
                step.after.append(key)
                waits[step.key].append(key)
                reading.append(f"Step {step.key} uses the output of step {key}, so it waits for it")
    if found := cycle(waits):
        raise WrongInput(f"Steps {' → '.join(found)} need each other's output or end. Change one of them.")


def _task(step: Step) -> TaskSpec:
    words = one_line(step.words)
    depends_on, only_if = tuple(_waits(step)), tuple(dict.fromkeys(step.only_if))
    if step.command is not None:
        return TaskSpec(
            key=step.key,
            title=words if visible(words) else shortened(one_line(step.command), TITLE_CHARACTERS_MAX),
            action="shell",
            parameters={"command": step.command},
            depends_on=depends_on,
            only_if=only_if,
        )
    return TaskSpec(
        key=step.key,
        title=shortened(words, TITLE_CHARACTERS_MAX),
        action="manual",
        parameters={"instructions": words},
        depends_on=depends_on,
        only_if=only_if,
        execution_type=ExecutionType.MANUAL,
    )
