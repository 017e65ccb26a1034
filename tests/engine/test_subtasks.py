"""A task that is done in parts, in place."""

from pathlib import Path

import pytest

from executor.actions.subtasks import Subtasks
from executor.domain.limits import Limits
from executor.domain.outcome import Result
from executor.domain.task import TaskState
from executor.engine.replies import Accepted, Refused
from tests.builders import ANN, command, draft, spec
from tests.fakes import ScriptedAction, ScriptedChecks
from tests.world import World, world

PARTS = "1. Fetch it: `fetch`\n2. Sort it: `sort`"


def broken() -> ScriptedAction:
    return ScriptedAction(
        "shell",
        lambda parameters, context: Result(success=parameters["command"] != "big", output=parameters["command"]),
    )


def big(**more: object) -> object:
    return spec("1", "Make the report", "shell", parameters={"command": "big"}, attempts_max=1, **more)


async def split(one: World, text: str = PARTS, ref: str = "1.1") -> Accepted:
    reply = await one.executor.split_task(ref, text, caller=ANN, command_id=f"split/{ref}/{text}")
    assert isinstance(reply, Accepted), reply
    return reply


async def test_a_blocked_task_is_done_in_its_parts_and_then_its_own_check_decides(tmp_path: Path) -> None:
    shell, checks = broken(), ScriptedChecks()
    async with world(tmp_path, shell, Subtasks(), checks=checks) as one:
        number = await one.start_goal(
            draft(
                big(check=command("test -s report")),
                spec("2", action="shell", parameters={"command": "next"}, depends_on=("1",)),
            )
        )
        await one.settle()
        said = await split(one)
        await one.settle()
        view = await one.view(number)

    assert said.sentence == "1.1 is done in parts now: 1.1.1, 1.1.2. Then its own check decides."
    assert [(task.ref, task.parent_ref, str(task.state)) for task in view.tasks] == [
        ("1.1", None, "completed"),
        ("1.1.1", "1.1", "completed"),
        ("1.1.2", "1.1", "completed"),
        ("1.2", None, "completed"),
    ]
    assert shell.runs == ["1.1", "1.1.1", "1.1.2", "1.2"]
    assert view.goal.state == "completed"


async def test_what_the_parts_put_out_is_the_output_of_the_whole(tmp_path: Path) -> None:
    async with world(tmp_path, broken(), Subtasks()) as one:
        number = await one.start_goal(draft(big()))
        await one.settle()
        await split(one)
        await one.settle()

        outputs = await one.database.outputs(number, ["1"])

    assert outputs == {"1": "fetch\n\nsort"}


async def test_progress_rolls_up_by_weight(tmp_path: Path) -> None:
    """Two tasks of one weight; the first has two parts, and its own end counts as much as one of them."""
    async with world(tmp_path, broken(), ScriptedAction("manual"), Subtasks()) as one:
        number = await one.start_goal(
            draft(big(), spec("2", "Rest", "shell", parameters={"command": "big"}, attempts_max=1))
        )
        await one.settle()
        await split(one, "1. Fetch it: `fetch`\n2. Sort it: `big`")
        await one.settle()
        view = await one.view(number)

    assert [round(task.spec.weight, 3) for task in view.tasks] == [0.333, 0.333, 0.333, 1.0]
    assert view.goal.percentage == 16


@pytest.mark.parametrize(("verb", "state"), [("skip", TaskState.SKIPPED), ("cancel_task", TaskState.CANCELLED)])
async def test_the_end_of_the_whole_is_the_end_of_its_parts(tmp_path: Path, verb: str, state: TaskState) -> None:
    async with world(tmp_path, broken(), Subtasks()) as one:
        number = await one.start_goal(draft(big(), spec("2", action="shell", parameters={"command": "x"})))
        await one.settle()
        await split(one, "1. Fetch it: `big`\n2. Sort it: `sort`")
        await one.settle()

        await getattr(one.executor, verb)("1.1", caller=ANN, command_id="end")
        await one.settle()

        states = await one.states(number)
        goal = (await one.view(number)).goal
    assert states == {"1.1": state, "1.1.1": state, "1.1.2": state, "1.2": TaskState.COMPLETED}
    assert goal.state == "completed"


async def test_a_part_that_is_left_out_leaves_the_whole_to_its_check(tmp_path: Path) -> None:
    async with world(tmp_path, broken(), Subtasks()) as one:
        number = await one.start_goal(draft(big(check=command("true"))))
        await one.settle()
        await split(one, "1. Fetch it: `fetch`\n2. Sort it: `big`")
        await one.settle()

        await one.executor.cancel_task("1.1.2", caller=ANN, command_id="cancel")
        await one.settle()

        states = await one.states(number)
    assert states == {"1.1": "completed", "1.1.1": "completed", "1.1.2": "cancelled"}


async def test_with_all_its_parts_left_out_nothing_was_done(tmp_path: Path) -> None:
    async with world(tmp_path, broken(), Subtasks()) as one:
        number = await one.start_goal(draft(big(), spec("2", action="shell", parameters={"command": "x"})))
        await one.settle()
        await split(one, "1. Fetch it: `big`")
        await one.settle()

        await one.executor.skip("1.1.1", caller=ANN, command_id="skip")
        await one.settle()

        states = await one.states(number)
    assert states == {"1.1": "skipped", "1.1.1": "skipped", "1.2": "completed"}


async def test_a_part_that_fails_is_asked_about_under_its_own_number(tmp_path: Path) -> None:
    async with world(tmp_path, broken(), Subtasks(), limits=Limits(attempts_max=1)) as one:
        await one.start_goal(draft(big()))
        await one.settle()
        await split(one, "1. Fetch it: `big`\n2. Sort it: `sort`")
        await one.settle()

        asked = await one.executor.open_decisions()

    assert [decision.task_ref for decision in asked] == ["1.1.1"]


async def test_more_parts_get_the_next_numbers_and_parts_may_have_parts(tmp_path: Path) -> None:
    async with world(tmp_path, broken(), Subtasks()) as one:
        number = await one.start_goal(draft(big()))
        await one.settle()
        await split(one, "1. Fetch it: `big`")
        await one.settle()
        await split(one, "Sort it: `sort`")
        await split(one, "1. Open: `open`\n2. Close: `close`", "1.1.1")
        await one.settle()

        view = await one.view(number)
    assert {task.ref: task.spec.title for task in view.tasks} == {
        "1.1": "Make the report",
        "1.1.1": "Fetch it",
        "1.1.1.1": "Open",
        "1.1.1.2": "Close",
        "1.1.2": "Sort it",
    }
    assert view.goal.state == "completed"


async def test_what_can_not_be_split_says_why(tmp_path: Path) -> None:
    async with world(tmp_path, broken(), Subtasks(), limits=Limits(tasks_max=2)) as one:
        await one.start_goal(draft(big()))
        await one.settle()

        said = [
            await one.executor.split_task(ref, text, caller=ANN, command_id=f"{ref}/{text}")
            for ref, text in (("1.1", ""), ("1.7", PARTS), ("7.1", PARTS), ("1.1", PARTS))
        ]

    assert [reply.sentence for reply in said if isinstance(reply, Refused)] == [
        "Name the parts, a numbered line each, behind /task 1.1.",
        "There is no task 1.7. /status shows them.",
        "There is no goal 7. /goals lists them.",
        "A plan may have 2 tasks.",
    ]


async def test_a_restart_goes_on_with_the_parts(tmp_path: Path) -> None:
    async with world(tmp_path, broken(), Subtasks()) as one:
        number = await one.start_goal(draft(big()))
        await one.settle()
        await split(one)

    async with world(tmp_path, broken(), Subtasks()) as one:
        await one.settle()
        assert (await one.view(number)).goal.state == "completed"
