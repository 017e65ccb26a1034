"""A workflow: a plan with blanks, written once and run by its name or by a phrase in a goal's title.

::

    name = "greet"
    title = "Greet {who}"
    match = ["say hello", "greet {who}"]      # a blank in a phrase takes one word, or several in quotes

    [parameters]
    who = { description = "whom to greet", pattern = "[A-Za-z ]+", example = "Ann" }
    times = "2"                               # a default alone

    [[criteria]]
    text = "There is a greeting for {who}"
    check = { kind = "command", command = "grep -q \\"$who\\" greeting.txt" }

    [[tasks]]                                 # the shape of contract section 5
    key = "write"
    title = "Write the greeting"
    action = "shell"
    parameters = { command = "echo \\"Hello $who\\" >> greeting.txt" }

    [[gates]]                                 # what must hold at the very end: tests, security or review
    gate = "tests"
    command = "sh test.sh"                    # else the project's own
    rework = [{ key = "again", title = "Greet again", action = "shell", parameters = { command = "sh greet.sh" } }]

How the blanks are filled is told in placeholders.py. A task with ``repeat = "{times}"`` (or a number) is made once per
round, with ``{round}`` 1, 2 … and ``{before}``, the round before; tasks in a row with the same ``repeat`` belong to one
round. A parameter without a default must be given.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from executor.domain.errors import WrongInput
from executor.domain.plan import Criterion, Plan, TaskSpec
from executor.planner.characters import cleaned, one_line, shortened
from executor.planner.placeholders import filled, replaced
from executor.planner.references import keys_used
from executor.planner.shapes import read_criterion, read_gate, read_task

ROUNDS_MAX = 50
VALUE_CHARACTERS_MAX = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """`default` None: it must be given. `pattern` must fit the whole value."""

    name: str
    description: str = ""
    default: str | None = None
    pattern: str | None = None
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """`criteria`, `tasks` and `gates` are as the file has them, with their blanks. `source`: the file, for people."""

    name: str
    title: str
    source: str
    match: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    criteria: tuple[Mapping[str, Any], ...] = ()
    tasks: tuple[Mapping[str, Any], ...] = ()
    gates: tuple[Mapping[str, Any], ...] = ()

    @property
    def listed_title(self) -> str:
        """The title for lists, an ellipsis in each blank."""
        return replaced(self.title, {parameter.name: "…" for parameter in self.parameters})

    @property
    def run_command(self) -> str:
        """How to run it, with an example for each value that must be given."""
        given = (f"{one.name}={one.example or '…'}" for one in self.parameters if one.default is None)
        return " ".join(["/run", self.name, *given])

    @property
    def names(self) -> list[str]:
        return [parameter.name for parameter in self.parameters]

    @property
    def needed(self) -> list[str]:
        return [parameter.name for parameter in self.parameters if parameter.default is None]


def values_of(workflow: Workflow, given: Mapping[str, str]) -> dict[str, str]:
    """A value for every parameter. Raises WrongInput for an unknown name, a missing or a wrong value."""
    if unknown := [name for name in given if name not in workflow.names]:
        known = f"It takes {', '.join(workflow.names)}." if workflow.names else "It takes none."
        raise WrongInput(f"{workflow.name} has no parameter {shortened(unknown[0], 40)}. {known}")
    return {parameter.name: _value(workflow, parameter, given) for parameter in workflow.parameters}


def _value(workflow: Workflow, parameter: Parameter, given: Mapping[str, str]) -> str:
    value = cleaned(given.get(parameter.name, ""))
    if not value.strip():
        if parameter.default is None:
            about = f" ({parameter.description})" if parameter.description else ""
            raise WrongInput(f"{workflow.name} needs {parameter.name}{about}: {workflow.run_command}")
        value = parameter.default
    if complaint := wrong(parameter, value):
        raise WrongInput(complaint)
    return value


def wrong(parameter: Parameter, value: str) -> str | None:
    """Why this can't be the parameter's value; None: it can."""
    shown = f"“{shortened(one_line(value), 60)}”"
    if len(value) > VALUE_CHARACTERS_MAX:
        return f"{parameter.name} may have {VALUE_CHARACTERS_MAX} characters at most. Shorten it."
    if keys_used(value):  # it would be replaced when the task runs, inside the quotes of a command
        return f"{parameter.name} can't be {shown}: a value can't use the output of a task. Write it out."
    if parameter.pattern is not None and not re.fullmatch(parameter.pattern, value):
        about = parameter.description or f"something that fits {parameter.pattern}"
        example = f", such as {parameter.example}" if parameter.example else ""
        return f"{parameter.name} can't be {shown}: it is {about}{example}."
    return None


def title_for(workflow: Workflow, values: Mapping[str, str]) -> str:
    return one_line(replaced(workflow.title, values))


def plan_for(workflow: Workflow, values: Mapping[str, str], goal_number: int = 0) -> tuple[Plan, list[str]]:
    """The workflow with all its blanks filled, and notes on unknown fields. Raises WrongInput, naming the task, where
    the result is no task."""
    notes: list[str] = []
    tasks = tuple(_task(raw, index, notes) for index, raw in _unrolled(workflow.tasks, values))
    criteria = tuple(
        _criterion(filled(raw, values), index, notes) for index, raw in enumerate(workflow.criteria, start=1)
    )
    plan = Plan(
        goal_number=goal_number,
        summary=title_for(workflow, values),
        criteria=criteria,
        tasks=tasks,
        gates=tuple(_gate(filled(raw, values), index, notes) for index, raw in enumerate(workflow.gates, start=1)),
        made_by=f"workflow:{workflow.name}",
    )
    return plan, list(dict.fromkeys(notes))


def _task(raw: Mapping[str, Any], index: int, notes: list[str]) -> TaskSpec:
    where = f"task {index}" + (f" ({raw['key']})" if isinstance(raw.get("key"), str) else "")
    try:
        task, dropped = read_task(raw)
    except WrongInput as error:
        raise WrongInput(f"{where}: {error.public}") from None
    notes += [f"{where}: {note}" for note in dropped]
    return task


def _criterion(raw: Mapping[str, Any], index: int, notes: list[str]) -> Criterion:
    try:
        criterion, dropped = read_criterion(raw)
    except WrongInput as error:
        raise WrongInput(f"criterion {index}: {error.public}") from None
    notes += [f"criterion {index}: {note}" for note in dropped]
    return criterion


def _gate(raw: Mapping[str, Any], index: int, notes: list[str]) -> TaskSpec:
    try:
        gate, dropped = read_gate(raw)
    except WrongInput as error:
        raise WrongInput(f"gate {index}: {error.public}") from None
    notes += [f"gate {index}: {note}" for note in dropped]
    return gate


def _unrolled(tasks: Iterable[Mapping[str, Any]], values: Mapping[str, str]) -> Iterable[tuple[int, Mapping[str, Any]]]:
    """Each task with its blanks filled and the number it has in the file, from 1."""
    for repeat, group in groupby(enumerate(tasks, start=1), key=lambda one: one[1].get("repeat")):
        members = list(group)
        if repeat is None:
            yield from ((index, filled(raw, values)) for index, raw in members)
            continue
        for number in range(1, _rounds(repeat, values) + 1):
            of_round = {**values, "round": str(number), "before": str(number - 1)}
            yield from ((index, filled(_once(raw), of_round)) for index, raw in members)


def _once(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in raw.items() if name != "repeat"}


def _rounds(repeat: object, values: Mapping[str, str]) -> int:
    said = replaced(str(repeat), values)
    if not re.fullmatch("[0-9]{1,4}", said) or not 1 <= int(said) <= ROUNDS_MAX:
        raise WrongInput(f"repeat must be a whole number from 1 to {ROUNDS_MAX}, not “{shortened(said, 40)}”.")
    return int(said)
