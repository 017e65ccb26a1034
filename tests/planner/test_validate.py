from collections.abc import Mapping
from typing import Any

import pytest

from executor.domain.errors import WrongInput
from executor.domain.plan import Check, CheckKind, Criterion, Plan
from executor.planner.validate import faults
from tests.builders import chain, command, spec
from tests.fakes import ScriptedAction, ScriptedActions


class OnlyCommands(ScriptedAction):
    def check(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        if set(parameters) != {"command"}:
            raise WrongInput("shell takes a command.")
        return parameters


def test_a_sound_plan_has_no_faults() -> None:
    plan = Plan(
        tasks=(
            spec("a", parameters={"command": "ls"}),
            spec("b", parameters={"command": "echo ${a.output}"}, depends_on=("a",), check=command("true")),
            spec("c", parameters={"command": "echo ${a.output} ${HOME}"}, only_if=("b",)),
        ),
        criteria=(Criterion(text="asked"), Criterion(text="covered", covered_by="b")),
    )

    assert faults(plan, ScriptedActions(OnlyCommands("work"))) == []


@pytest.mark.parametrize(
    ("plan", "line"),
    [
        (Plan(), "The plan has no task. Add at least one."),
        (Plan(tasks=chain(201)), "The plan has 201 tasks; 200 are allowed. Join some, or split the goal."),
        (
            Plan(tasks=chain(1), criteria=(Criterion(text="x"),) * 51),
            "The plan has 51 criteria; 50 are allowed. Keep those that matter.",
        ),
        (Plan(tasks=(spec("a", "t" * 257),)), "Task a: its title needs 1 to 256 characters."),
        (Plan(tasks=(spec("a"), spec("b"), spec("a"), spec("a"))), "Two tasks have the key a. Give each its own."),
        (
            Plan(tasks=(spec("a", depends_on=("x",)),)),
            "Task a depends on x, which does not exist. Name one of the plan's keys.",
        ),
        (
            Plan(tasks=(spec("a", only_if=("x",)),)),
            "Task a depends on x, which does not exist. Name one of the plan's keys.",
        ),
        (
            Plan(tasks=(spec("a", depends_on=("b",)), spec("b", only_if=("a",)))),
            "The tasks a → b → a wait for each other in a circle. Take one of these dependencies out.",
        ),
        (
            Plan(tasks=(spec("a", depends_on=("a",)),)),
            "The tasks a → a wait for each other in a circle. Take one of these dependencies out.",
        ),
        (
            Plan(tasks=(spec("a", parameters={"deep": [{"x": "${z.output}"}]}),)),
            "Task a uses ${z.output}, but there is no such task. Use a key of the plan.",
        ),
        (
            Plan(tasks=(spec("a"), spec("b", parameters={"x": "${a.output}"}))),
            "Task b uses ${a.output}, but does not wait for a. Add it to depends_on.",
        ),
        (
            Plan(tasks=(spec("a"), spec("b", depends_on=("a",), check=command("test ${a.output}")))),
            "Task b: a check can't use the output of a task. Let a task write it to a file.",
        ),
        (
            Plan(tasks=(spec("a", when=Check(kind=CheckKind.FILE)),)),
            "Task a: its file check is empty. Say what is to be looked at.",
        ),
        (
            Plan(tasks=(spec("a"),), criteria=(Criterion(text="Good", check=Check(kind=CheckKind.HUMAN)),)),
            "Criterion “Good”: its human check is empty. Say what is to be looked at.",
        ),
        (
            Plan(tasks=(spec("a"),), criteria=(Criterion(text="Good", covered_by="z"),)),
            "Criterion “Good” is covered by z, which does not exist.",
        ),
    ],
)
def test_each_fault_is_one_line_that_says_what_to_change(plan: Plan, line: str) -> None:
    assert faults(plan) == [line]


def test_actions_and_their_parameters_are_looked_at_where_they_are_known() -> None:
    plan = Plan(tasks=(spec("a", action="magic"), spec("b", action="shell", parameters={"comand": "ls"})))

    assert faults(plan, ScriptedActions(OnlyCommands("shell"))) == [
        "Task a: There is no action magic.",
        "Task b: shell takes a command.",
    ]
