"""A task that runs a workflow: its tasks stand in the plan, under the task that names it."""

from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from executor.actions.launcher import PlainLauncher
from executor.actions.registry import Registry
from executor.actions.standard import standard_actions
from executor.domain.errors import WrongInput
from executor.domain.plan import Plan, TaskSpec
from executor.planner.nesting import check_unfolded, unfolded
from executor.planner.validate import faults
from executor.planner.workflows import Library

GREET = """
name = "greet"
title = "Greet {who}"
[parameters]
who = { description = "whom to greet", pattern = "[A-Za-z ]+", example = "Ann" }
[[criteria]]
text = "There is a greeting"
check = { kind = "file", path = "greeting.txt" }
[[criteria]]
text = "It was read"
covered_by = "read"
[[tasks]]
key = "write"
title = "Write it"
action = "shell"
parameters = { command = 'echo "Hello $who" > greeting.txt' }
[[tasks]]
key = "read"
title = "Read it"
action = "shell"
depends_on = ["write"]
parameters = { command = "cat greeting.txt; echo ${write.output}" }
"""
TWICE = """
name = "twice"
title = "Twice"
[[tasks]]
key = "one"
title = "One"
action = "workflow"
parameters = { name = "greet", parameters = { who = "Bob" } }
"""
ENDLESS = """
name = "endless"
title = "Endless"
[[tasks]]
key = "again"
title = "Again"
action = "workflow"
parameters = { name = "endless" }
"""


@pytest.fixture
def library(tmp_path: Path) -> Library:
    for text in (GREET, TWICE, ENDLESS):
        (tmp_path / f"{text.split(chr(34))[1]}.toml").write_text(text)
    return Library(tmp_path)


def plan(*tasks: TaskSpec) -> Plan:
    return Plan(goal_number=1, tasks=tasks)


def runs(name: str, key: str = "3", **parameters: Any) -> TaskSpec:
    return TaskSpec(
        key=key,
        title="Greet her",
        action="workflow",
        parameters={"name": name, "parameters": parameters},
        depends_on=("1",),
    )


FIRST = TaskSpec(key="1", title="First", action="shell", parameters={"command": "true"})


def test_its_tasks_are_parts_of_the_task_that_names_it(library: Library) -> None:
    made = unfolded(plan(FIRST, runs("greet", who="Ann")), library)

    assert [(t.key, t.parent, t.action, t.depends_on) for t in made.tasks] == [
        ("1", None, "shell", ()),
        ("3.1", "3", "shell", ("1",)),
        ("3.2", "3", "shell", ("3.1",)),
        ("3", None, "subtasks", ("1", "3.1", "3.2")),
    ]
    assert made.task("3.1").parameters["command"] == 'who=Ann\necho "Hello $who" > greeting.txt'
    assert made.task("3.2").parameters["command"] == "cat greeting.txt; echo ${3.1.output}"
    assert faults(made, Registry(standard_actions(PlainLauncher(), UTC, ()))) == []
    assert [(one.text, one.covered_by) for one in made.criteria] == [
        ("There is a greeting", None),
        ("It was read", "3.2"),
    ]


def test_a_workflow_in_a_workflow_is_unfolded_too(library: Library) -> None:
    made = unfolded(plan(FIRST, runs("twice")), library)

    assert [(t.key, t.parent) for t in made.tasks if t.action == "shell"] == [
        ("1", None),
        ("3.1.1", "3.1"),
        ("3.1.2", "3.1"),
    ]


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (runs("nothing"), "Task 3: There is no workflow “nothing”"),
        (runs("greet"), "Task 3: greet needs who (whom to greet): /run greet who=Ann"),
        (runs("greet", who="1; rm -rf ."), "Task 3: who can't be “1; rm -rf .”"),
        (runs("greet", who="${1.output}"), "Task 3: who can't be “${1.output}”"),
        (runs("greet", who="Ann", when="now"), "Task 3: greet has no parameter when"),
        (runs("endless"), "workflows stand in workflows, 3 levels deep at most"),
    ],
)
def test_what_is_wrong_with_it_is_told_before_anything_runs(library: Library, task: TaskSpec, said: str) -> None:
    with pytest.raises(WrongInput) as caught:
        unfolded(plan(FIRST, task), library)

    assert said in caught.value.public


def test_a_plan_without_one_stays_the_very_same(library: Library) -> None:
    before = plan(FIRST)

    assert unfolded(before, library) is before


def test_a_change_of_a_plan_names_its_tasks_one_by_one() -> None:
    with pytest.raises(WrongInput, match="write its tasks out"):
        check_unfolded([FIRST, runs("greet")])
