from pathlib import Path

import pytest

from executor.domain.errors import WrongInput
from executor.domain.plan import Check, Criterion, ExecutionType, Plan, TaskSpec
from executor.planner.examples import EXAMPLES
from executor.planner.offline import FORM, OfflineBrain
from executor.planner.validate import faults
from executor.planner.workflows import Library
from tests.builders import command, draft, goal
from tests.planner.reading import read

KNOWN = (
    "Workflows that I know: backup-folder, email-draft, machine-health, meeting-summary, python-project, report, "
    "watch-page (/workflows)"
)


async def planned(text: str) -> Plan:
    return await OfflineBrain(Library()).plan(read(text), goal(3))


def yours(key: str, title: str, check: Check | None = None, outcome: str = "") -> TaskSpec:
    return TaskSpec(
        key=key,
        title=title,
        action="manual",
        parameters={"instructions": title},
        execution_type=ExecutionType.MANUAL,
        expected_outcome=outcome or title,
        check=check,
    )


async def test_numbered_steps_are_planned_as_they_are_written() -> None:
    text = "Pack p8\n- It is there: `test -e x`\n- Ann agrees\n1. `touch x`\n2. Tell Ann"

    plan = await planned(text)

    assert plan == Plan(
        goal_number=3,
        summary="2 steps, one after the other",
        criteria=read(text).criteria,
        tasks=read(text).tasks,
        made_by="offline",
        reading=(
            "Priority 8 of 10",
            "2 steps, one after the other",
            "1 criterion without a check: I ask you at the end",
        ),
    )


@pytest.mark.parametrize(
    ("steps", "order"),
    [
        ("1. A", "1 step, as you wrote it"),
        ("1. A\n2. B\n3. C", "3 steps, one after the other"),
        ("1. A\n2. B after 1\n3. C after 1", "3 steps, each as soon as the steps that it waits for are done"),
        ("1. A after 2\n2. B", "2 steps, each as soon as the steps that it waits for are done"),
    ],
)
async def test_the_order_of_steps_is_said(steps: str, order: str) -> None:
    assert (await planned(f"Title\n{steps}")).summary == order


async def test_without_steps_there_is_a_task_per_criterion_and_its_end_is_the_proof() -> None:
    plan = await planned("Launch Trading Strategy\n- Research market conditions\n- Deploy: `test -e deployed`")

    assert plan == Plan(
        goal_number=3,
        summary="2 tasks for a person, one per criterion",
        criteria=(
            Criterion(text="Research market conditions", covered_by="1"),
            Criterion(text="Deploy", check=command("test -e deployed"), covered_by="2"),
        ),
        tasks=(
            yours("1", "Research market conditions"),
            yours("2", "Deploy", command("test -e deployed"), "`test -e deployed` succeeds"),
        ),
        made_by="offline",
        reading=(
            "I work without a model. I made one task per criterion; each is yours to do, in any order, "
            "because no command was given",
            "After Done I run the check of 1 criterion myself",
            KNOWN,
            FORM,
        ),
    )


async def test_without_steps_and_criteria_the_goal_is_one_task_for_a_person_and_says_so() -> None:
    plan = await planned("Learn to juggle\nwith three balls")

    assert plan == Plan(
        goal_number=3,
        summary="One task, for a person",
        tasks=(
            TaskSpec(
                key="1",
                title="Learn to juggle",
                action="manual",
                parameters={"instructions": "Learn to juggle\nwith three balls"},
                execution_type=ExecutionType.MANUAL,
                expected_outcome="Learn to juggle",
            ),
        ),
        reading=(
            "1 more line is kept as the description; steps begin with a number, criteria with a dash",
            "I work without a model, and nothing here says how this is done: the whole goal is one task, "
            "and yours to do",
            KNOWN,
            FORM,
        ),
    )


async def test_a_phrase_in_the_title_picks_a_workflow_and_the_goals_own_criteria_stay() -> None:
    plan = await planned("Please make a HEALTH report of this  machine p2 #folder=/srv\n- Ann has read it")

    assert plan.made_by == "workflow:machine-health"
    assert plan.criteria[0] == Criterion(text="Ann has read it")
    assert [criterion.check is not None for criterion in plan.criteria] == [False, True, True]
    assert plan.reading == (
        "Priority 2 of 10",
        "Labels: folder=/srv",
        "The title says “HEALTH report of this machine”: this is the workflow machine-health with folder=/srv. "
        "I work without a model, so I do what it says and no more",
    )


@pytest.mark.parametrize(
    ("title", "made_by", "summary"),
    [
        ("New Python project called Tea-Time!", "workflow:python-project", "New Python project Tea-Time"),
        ("A new python project #name=tea", "workflow:python-project", "New Python project tea"),
        (
            "Watch https://example.com/a?b=c for changes",
            "workflow:watch-page",
            "Watch https://example.com/a?b=c for changes",
        ),
        ("Back up the folder ~/Notes by tomorrow", "workflow:backup-folder", "Back up ~/Notes"),
        ('Back up "/srv/my notes"', "workflow:backup-folder", "Back up /srv/my notes"),
        ("Back up my notes", "offline", "One task, for a person"),
        ("Watch a film", "offline", "One task, for a person"),
        ("Unmachine healthy", "offline", "One task, for a person"),
    ],
)
async def test_a_phrase_counts_only_word_for_word_and_with_values_that_fit(
    title: str, made_by: str, summary: str
) -> None:
    plan = await planned(title)

    assert (plan.made_by, plan.summary) == (made_by, summary)


async def test_a_workflow_that_fits_but_lacks_a_value_is_named_as_a_hint() -> None:
    plan = await planned("Watch a page")

    assert plan.made_by == "offline"
    assert plan.reading[1] == (
        "The workflow watch-page fits “watch a page”, but needs url: put #url=… behind the title, "
        "or send /run watch-page url=https://example.com/"
    )


async def test_numbered_steps_win_over_a_phrase() -> None:
    assert (await planned("Machine health\n1. `uptime`")).made_by == "offline"


async def test_a_workflow_can_be_named() -> None:
    named = draft(
        title="Mine", workflow="python-project", workflow_parameters={"name": "tea"}, reading=("With name=tea",)
    )

    plan = await OfflineBrain(Library()).plan(named, goal(3))

    assert (plan.goal_number, plan.made_by, plan.summary, plan.reading) == (
        3,
        "workflow:python-project",
        "New Python project tea",
        (
            "With name=tea",
            "As you asked: this is the workflow python-project. "
            "I work without a model, so I do what it says and no more",
        ),
    )


async def test_a_workflow_that_does_not_exist_or_lacks_a_value_is_refused() -> None:
    brain = OfflineBrain(Library())

    with pytest.raises(WrongInput, match="There is no workflow “magic”"):
        await brain.plan(draft(workflow="magic"), goal())
    with pytest.raises(WrongInput, match="python-project needs name"):
        await brain.plan(draft(workflow="python-project"), goal())


async def test_ones_own_workflow_is_found_by_its_phrase(tmp_path: Path) -> None:
    (tmp_path / "tea.toml").write_text(
        'name = "tea"\ntitle = "Tea"\nmatch = ["make (green) tea"]\n'
        '[[tasks]]\nkey = "a"\ntitle = "Boil"\naction = "manual"\nparameters = { instructions = "Boil" }\n'
    )

    plan = await OfflineBrain(Library(tmp_path)).plan(read("Now make (green) tea for two"), goal())

    assert (plan.made_by, [task.execution_type for task in plan.tasks]) == ("workflow:tea", [ExecutionType.MANUAL])


@pytest.mark.parametrize(("label", "text"), EXAMPLES)
async def test_every_example_is_planned_by_a_workflow_without_faults(label: str, text: str) -> None:
    plan = await planned(text)

    assert label
    assert plan.made_by.startswith("workflow:")
    assert faults(plan) == []
