"""A task that is a goal of its own: it is made once, waited for without a timer, and goes the way of its parent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from executor.actions.launcher import PlainLauncher
from executor.actions.registry import Registry
from executor.actions.standard import standard_actions
from executor.domain.errors import WrongInput
from executor.domain.family import SUBGOALS_MAX
from executor.domain.goal import GoalState
from executor.domain.outcome import Result
from executor.domain.plan import Check, CheckKind, TaskSpec
from executor.engine.attempts.handing import folder_of
from executor.engine.replies import Accepted
from executor.planner.goal_text import read_goal
from executor.ports import Action, BrainFailed, Call, Purpose
from storage.purse import Caps
from tests.builders import ANN, CHAT, draft
from tests.fakes import START, CrashAt, Crashed, ManualClock, ScriptedAction
from tests.world import World, world

ASK = "Ask Ann\n1. Call Ann"
LOOK = {"instructions": "Look at it"}
WORK = "Work\n1. Do it: `true`"


def registry(shell: Action | None = None) -> Registry:
    actions = standard_actions(
        PlainLauncher(), UTC, (), read_goal=lambda text: read_goal(text, now=START, timezone=ZoneInfo("UTC"))
    )
    return Registry([*(one for one in actions if one.name != "shell"), shell or ScriptedAction("shell")])


@asynccontextmanager
async def place(folder: Path, shell: Action | None = None, **more: Any) -> AsyncIterator[World]:
    async with world(folder, registry=registry(shell), **more) as here:
        yield here


def part(text: str, key: str = "1", **more: Any) -> TaskSpec:
    return TaskSpec(key=key, title=f"Part {key}", action="goal", parameters={"text": text}, **more)


def step(key: str, command: str = "true", **more: Any) -> TaskSpec:
    return TaskSpec(key=key, title=f"Step {key}", action="shell", parameters={"command": command}, **more)


async def test_the_task_waits_for_its_goal_and_goes_on_with_its_end(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        number = await here.start_goal(draft(part(ASK), step("2", depends_on=("1",))))
        await here.settle()
        waiting = await here.view(number)
        child = await here.view(2)
        done = await here.executor.done("2.1", caller=ANN, command_id="done")
        await here.settle()
        over = await here.view(number)

        assert [(t.ref, str(t.state), t.waits_on) for t in waiting.tasks] == [
            ("1.1", "paused", "goal:2"),
            ("1.2", "pending", None),
        ]
        assert waiting.goal.state is GoalState.IN_PROGRESS
        assert waiting.tasks[0].summary == "Goal 2: 10 %, waits for a person"
        assert (child.goal.title, child.goal.parent_task, child.goal.lineage) == ("Ask Ann", "1.1", (1,))
        assert child.goal.state is GoalState.BLOCKED  # nobody had to press Start: all of it stood on the plan
        assert isinstance(done, Accepted)
        assert (over.goal.state, [str(t.state) for t in over.tasks]) == (GoalState.COMPLETED, ["completed"] * 2)
        assert (await here.database.outputs(1, ["1"]))["1"].splitlines()[0] == "Ask Ann: completed"
        assert here.failures == []


async def test_why_says_what_it_waits_for_and_nothing_counts_as_a_stall(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        number = await here.start_goal(draft(part(ASK)))
        await here.settle()
        here.clock.advance(3600)
        await here.settle()
        why = await here.executor.why(number)

        assert why is not None
        assert [(one.ref, str(one.code)) for one in why.tasks] == [("1.1", "waits_for_goal")]
        assert why.tasks[0].sentence == "waits for a goal of its own; goal 2: 10 %, waits for a person"
        assert (await here.view(number)).blockages == ()


async def test_a_goal_that_fails_is_a_blockage_and_a_retry_makes_another_one(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        number = await here.start_goal(draft(part(ASK)))
        await here.settle()
        await here.executor.fail(2, reason="Ann is away", caller=ANN, command_id="fail")
        await here.settle()
        blocked = await here.view(number)
        await here.press("retry")
        await here.settle()

        assert [(str(b.type), b.cause) for b in blocked.blockages] == [
            ("external", "Goal 2 is failed: Declared failed by Ann: Ann is away")
        ]
        assert (await here.view(3)).goal.parent_attempt == 2
        assert (await here.states(number)) == {"1.1": "paused"}


async def test_cancelling_flows_down_to_the_last_generation(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        number = await here.start_goal(draft(part(ASK), part("Other\n1. Call Bob", key="2")))
        await here.settle()
        await here.executor.cancel_task("1.2", caller=ANN, command_id="one")
        await here.settle()
        one = [str((await here.view(n)).goal.state) for n in (1, 2, 3)]
        await here.executor.cancel(number, caller=ANN, command_id="all")
        await here.settle()
        both = [str((await here.view(n)).goal.state) for n in (1, 2, 3)]

        assert one == ["in_progress", "blocked", "cancelled"]
        assert both == ["cancelled"] * 3
        assert (await here.view(3)).goal.reason == "Cancelled with 1.2, which it was part of."
        assert await here.executor.open_decisions() == []


async def test_a_pause_flows_down_and_so_does_its_end(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        number = await here.start_goal(draft(part(ASK)))
        await here.settle()
        await here.executor.pause(number, caller=ANN, command_id="pause")
        await here.settle()
        paused = (await here.view(2)).goal
        await here.executor.resume(number, caller=ANN, command_id="resume")
        await here.settle()

        assert (paused.state, paused.reason) == (GoalState.PAUSED, "Paused with goal 1")
        assert (await here.view(2)).goal.state is GoalState.BLOCKED


async def test_skipping_or_taking_over_the_task_ends_its_goal(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        await here.start_goal(draft(part(ASK), part("Other\n1. Call Bob", key="2")))
        await here.settle()
        await here.executor.skip("1.1", caller=ANN, command_id="skip")
        await here.executor.take_over("1.2", caller=ANN, command_id="take over")
        await here.settle()

        assert [str((await here.view(n)).goal.state) for n in (2, 3)] == ["cancelled", "cancelled"]
        assert await here.states(1) == {"1.1": "skipped", "1.2": "awaiting_approval"}


async def test_deadline_and_budget_lie_within_those_of_the_parent(tmp_path: Path) -> None:
    soon = START + timedelta(hours=2)
    texts = ["Ask by 2026-03-02 10:00 $0.25\n1. Call", "Ask by 2026-03-09 $9\n1. Call", "Ask\n1. Call"]
    async with place(tmp_path) as here:
        tasks = [part(text, key=str(place)) for place, text in enumerate(texts, start=1)]
        await here.start_goal(draft(*tasks, deadline_at=soon, budget_usd=Decimal("0.5")))
        await here.settle()
        goals = [(await here.view(n)).goal for n in (2, 3, 4)]

        assert [(one.deadline_at, one.budget_usd) for one in goals] == [
            (START + timedelta(hours=1), Decimal("0.25")),
            (soon, Decimal("0.5")),
            (soon, Decimal("0.5")),
        ]


async def test_its_own_check_decides_after_the_goal_has_ended(tmp_path: Path) -> None:
    check = Check(kind=CheckKind.COMMAND, command="looks right")
    async with place(tmp_path) as here:
        await here.start_goal(draft(part(WORK, check=check)))
        view = await here.run_until_over(1)

        assert (view.goal.state, view.tasks[0].summary) == (GoalState.COMPLETED, "`looks right` → exit 0")


async def test_what_uses_an_output_is_shown_before_it_starts_and_can_add_no_command(tmp_path: Path) -> None:
    shell = ScriptedAction("shell")
    async with place(tmp_path) as here:
        await here.start_goal(
            draft(
                TaskSpec(key="1", title="Ask", action="ask", parameters={"question": "What?"}),
                part("Do ${1.output}\n1. Call Ann about ${1.output}", key="2", depends_on=("1",)),
            )
        )
        await here.settle()
        [question] = await here.executor.open_decisions()
        await here.executor.answer(
            question.number, option=None, text="a\n2. Evil: `rm -rf .`", revision=None, caller=ANN, command_id="say"
        )
        await here.settle()
        child = await here.view(2)

        assert child.goal.state is GoalState.AWAITING_START
        assert child.goal.title == "Do a 2. Evil: 'rm -rf .'"
        assert [task.spec.action for task in child.tasks] == ["manual"]
        assert shell.runs == []


def test_a_command_of_a_sub_goal_can_not_use_an_output() -> None:
    with pytest.raises(WrongInput, match="it may stand in the rest"):
        registry().get("goal").check({"text": "Do\n1. Say: `echo ${1.output}`"})
    with pytest.raises(WrongInput):
        registry().get("goal").check({"text": "  "})


async def test_goals_that_make_goals_end_somewhere(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        parts = [part(f"Ask\n1. Call {n}", key=str(n)) for n in range(1, SUBGOALS_MAX + 2)]
        await here.start_goal(draft(*parts))
        await here.settle()
        view = await here.view(1)

        assert [task.waits_on for task in view.tasks].count(None) == 1
        assert [blockage.cause for blockage in view.blockages] == [
            f"Goal 1 has had {SUBGOALS_MAX} goals of its own, and may have no more"
        ]


@pytest.mark.parametrize("label", ["tick", "family", "plan"])
@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
async def test_a_crash_anywhere_makes_one_goal_and_ends_both(tmp_path: Path, label: str, moment: str) -> None:
    """The program dies at each passing of the point in turn, and goes on each time."""
    clock, crashes = ManualClock(), 0
    for nth in range(1, 30):
        points = CrashAt(f"storage.{label}.{moment}", nth)
        crashed = await _life(tmp_path / str(nth), clock, points)
        await _life(tmp_path / str(nth), clock, CrashAt())
        async with place(tmp_path / str(nth), clock=clock) as here:
            await here.settle()
            goals = await here.executor.goals()
            assert sorted((one.number, str(one.state)) for one in goals) == [(1, "completed"), (2, "completed")]
        crashes += crashed
        if not crashed:
            break
    assert crashes > 0


async def _life(folder: Path, clock: ManualClock, points: CrashAt) -> bool:
    """Start the goal where it has not started, and go on until all is over; True: it crashed on the way."""
    try:
        async with place(folder, clock=clock, crash_points=points) as here:
            await here.executor.recover()
            await here.set_goal(draft(part(WORK)))
            await here.executor.start(1, caller=ANN, command_id="start")
            await here.run_until_over(1, seconds=200)
    except (Crashed, RuntimeError):  # the world raises what crashed in the background
        if not points.crashed:
            raise
    return points.crashed


async def test_a_goal_and_its_parts_share_one_budget(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        await here.start_goal(draft(part(ASK), budget_usd=Decimal("0.5")))
        await here.settle()
        purse = here.database.purse(Caps(goal_usd=Decimal(1), day_usd=Decimal(9), cycles_max=2))
        await purse.reserve(call("a", 1, "0.3"))
        with pytest.raises(BrainFailed, match=r"Of goal 1, which this is part of: \$0\.30 of \$0\.50 is used"):
            await purse.reserve(call("b", 2, "0.3"))
        await purse.reserve(call("c", 2, "0.1"))
        with pytest.raises(BrainFailed, match="Of goal 1, which this is part of: The 2 reasoning cycles"):
            await purse.reserve(call("d", 2, "0.01"))
        budget = await here.executor.budget(1)

        assert budget is not None
        assert budget.spent_usd == Decimal("0.4")


def call(name: str, goal: int, worst: str) -> Call:
    return Call(
        id=name,
        goal_number=goal,
        task_ref=None,
        purpose=Purpose.PLAN,
        provider="p",
        model="m",
        worst=Decimal(worst),
        at=START,
    )


async def test_a_goal_that_is_taken_up_again_makes_its_part_anew(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        await here.start_goal(draft(part(ASK)))
        await here.settle()
        await here.executor.cancel(1, caller=ANN, command_id="cancel")
        await here.settle()
        await here.executor.take_up(1, caller=ANN, command_id="take up")
        await here.settle()

        assert [str((await here.view(n)).goal.state) for n in (1, 2, 3)] == ["in_progress", "cancelled", "blocked"]
        assert await here.executor.newest(CHAT.chat_id) == 1


# --------------------------------------------------------------------------------------------- taken up by itself


async def test_a_goal_that_failed_and_is_taken_up_again_is_waited_for_again(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        await here.start_goal(draft(part(ASK), step("2", depends_on=("1",))))
        await here.settle()
        await here.executor.fail(2, reason="Ann is away", caller=ANN, command_id="fail")
        await here.settle()
        before = await here.executor.open_decisions()
        await here.executor.take_up(2, caller=ANN, command_id="again")
        await here.settle()
        waiting = await here.view(1)
        asked = [one.task_ref for one in await here.executor.open_decisions()]
        await here.executor.done("2.1", caller=ANN, command_id="done")
        await here.settle()
        over = await here.view(1)

        assert [one.task_ref for one in before] == ["1.1"]
        assert asked == ["2.1"]
        assert waiting.goal.state is GoalState.IN_PROGRESS
        assert (str(waiting.tasks[0].state), waiting.tasks[0].waits_on) == ("paused", "goal:2")
        assert [one.resolution for one in (await here.executor.record(1)).blockages] == ["Goal 2 goes on"]
        assert over.goal.state is GoalState.COMPLETED
        assert sorted(one.number for one in await here.executor.goals()) == [1, 2]


async def test_a_part_is_not_taken_up_where_nobody_waits_for_it(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        await here.start_goal(draft(part(ASK), part("Other\n1. Call Bob", key="2")))
        await here.settle()
        await here.executor.fail(2, reason="Ann is away", caller=ANN, command_id="fail")
        await here.settle()
        await here.press("retry")
        await here.settle()
        another = await here.executor.take_up(2, caller=ANN, command_id="a")
        await here.executor.skip("1.1", caller=ANN, command_id="skip")
        await here.settle()
        skipped = await here.executor.take_up(2, caller=ANN, command_id="b")
        await here.executor.cancel(1, caller=ANN, command_id="cancel")
        await here.settle()
        over = await here.executor.take_up(3, caller=ANN, command_id="c")

        assert [reply.sentence for reply in (another, skipped, over)] == [
            "Goal 2 is part of 1.1, which waits for goal 4 by now.",
            "Goal 2 is part of 1.1, which is done without it by now.",
            "Goal 3 is part of 1.2, and goal 1 is over. /retry 1 takes that up again.",
        ]


async def test_a_part_can_be_reworked_after_the_whole_went_on(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        await here.start_goal(draft(part(WORK), TaskSpec(key="2", title="Look", action="manual", parameters=LOOK)))
        await here.settle()
        said = await here.executor.rework(2, feedback="Once more: `true`", caller=ANN, command_id="rework")
        await here.settle()

        part_ = (await here.view(2)).goal
        assert said.sentence.endswith("Task 1.1, which it was part of, keeps the result that it had.")
        assert (part_.state, part_.reason, part_.reworks) == (GoalState.COMPLETED, "", 1)
        assert (await here.view(1)).goal.state is GoalState.BLOCKED  # as it was: Look at it


# ------------------------------------------------------------------------------------------- what it leaves behind


def files_of(root: Path) -> dict[str, str]:
    return {str(one.relative_to(root)): one.read_text() for one in sorted(root.rglob("*")) if one.is_file()}


def leaving(root: Path, **files: str) -> ScriptedAction:
    """A command that leaves these files in the folder of the goal that it runs for."""

    def leave(parameters: Any, context: Any) -> Result:
        for name, content in files.items():
            place = root / "workspaces" / context.task_ref.partition(".")[0] / name.replace("_", "/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content)
        return Result(success=True, result="left")

    return ScriptedAction("shell", leave)


async def test_the_files_of_a_part_come_into_the_folder_of_the_whole(tmp_path: Path) -> None:
    async with place(tmp_path, shell=leaving(tmp_path, a="1", sub_b="2")) as here:
        await here.start_goal(draft(part(WORK, key="roof")))
        view = await here.run_until_over(1)

        assert files_of(tmp_path / "workspaces" / "1") == {"roof/a": "1", "roof/sub/b": "2"}
        assert view.tasks[0].summary == "Goal 2: Work: completed, 2 files in roof/"
        assert "Its files are in roof/ (2 files)." in (await here.database.outputs(1, ["roof"]))["roof"]


async def test_a_part_begins_with_the_files_of_the_whole_and_hands_back_what_is_not_as_it_came(tmp_path: Path) -> None:
    whole, part_ = (tmp_path / "workspaces" / number for number in ("1", "2"))
    async with place(tmp_path, shell=leaving(tmp_path, changed="new", made="1")) as here:
        (whole / "sub").mkdir(parents=True)
        for name in ("changed", "sub/input"):
            (whole / name).write_text("from the whole")
        await here.start_goal(draft(part(WORK, key="roof")))
        view = await here.run_until_over(1)

        assert files_of(part_) == {"changed": "new", "made": "1", "sub/input": "from the whole"}
        assert files_of(whole) == {
            "changed": "from the whole",
            "sub/input": "from the whole",
            "roof/changed": "new",
            "roof/made": "1",
        }
        assert view.tasks[0].summary == "Goal 2: Work: completed, 2 files in roof/"


async def test_what_a_part_deletes_does_not_come_back_with_its_next_attempt(tmp_path: Path) -> None:
    whole, part_ = (tmp_path / "workspaces" / number for number in ("1", "2"))

    def remove_once(parameters: Any, context: Any) -> Result:
        (part_ / "input").unlink()
        return Result(success=True)

    shell = ScriptedAction("shell", remove_once)
    async with place(tmp_path, shell=shell) as here:
        whole.mkdir(parents=True)
        (whole / "input").write_text("from the whole")
        await here.start_goal(draft(part("Work\n1. Remove: `true`\n2. Look for it", key="roof")))
        await here.settle()
        await here.executor.done("2.2", caller=ANN, command_id="done")
        view = await here.run_until_over(1)

        assert (str(view.tasks[0].state), files_of(part_)) == ("completed", {})
        assert files_of(whole) == {"input": "from the whole"}


async def test_a_part_that_can_not_get_the_files_of_the_whole_does_not_begin_without_them(tmp_path: Path) -> None:
    shell = leaving(tmp_path, a="1")
    async with place(tmp_path, shell=shell) as here:
        (tmp_path / "workspaces" / "1").mkdir(parents=True)
        (tmp_path / "workspaces" / "1" / "input").write_text("from the whole")
        (tmp_path / "histories").mkdir()
        (tmp_path / "histories" / "2").write_text("a file where a folder should be")
        await here.start_goal(draft(part(WORK, key="roof")))
        await here.settle()
        error = (await here.view(2)).tasks[0].summary
        (tmp_path / "histories" / "2").unlink()
        await here.run_until_over(1)

        assert "The files of goal 1 can't be copied for this one: Not a directory." in error
        assert shell.runs == ["2.1"]


async def test_what_is_in_the_way_of_the_files_is_told_and_the_goal_is_not_done_again(tmp_path: Path) -> None:
    shell = leaving(tmp_path, a="1")
    async with place(tmp_path, shell=shell) as here:
        (tmp_path / "workspaces" / "1").mkdir(parents=True)
        (tmp_path / "workspaces" / "1" / "roof").write_text("a file")
        await here.start_goal(draft(part(WORK, key="roof")))
        await here.settle()
        waiting = await here.view(1)
        (tmp_path / "workspaces" / "1" / "roof").unlink()
        over = await here.run_until_over(1)

        assert waiting.tasks[0].summary == (
            "Goal 2 is done, but its files can't be put into roof/: Not a directory. I try again."
        )
        assert over.goal.state is GoalState.COMPLETED
        assert shell.runs == ["2.1"]
        assert files_of(tmp_path / "workspaces" / "1") == {"roof/a": "1"}


@pytest.mark.parametrize(
    ("key", "name"),
    [("1", "1"), ("../up", "task-up"), (".git", "task-git"), ("a/b", "a-b"), ("..", "task-"), ("venv", "task-venv")],
)
def test_a_key_becomes_the_name_of_one_folder(key: str, name: str) -> None:
    assert folder_of(key) == name
