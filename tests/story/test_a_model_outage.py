"""The model is gone: nothing is sent but a request every half minute over all goals, one message says so, and what
waited goes on by itself. Over the real database, with a server that fails."""

from dataclasses import replace
from pathlib import Path

import pytest

from executor.domain.decision import DecisionKind
from executor.domain.goal import GoalState
from executor.domain.limits import Limits
from executor.domain.notice import NoticeKind
from executor.domain.plan import GoalDraft, TaskSpec
from executor.domain.task import TaskState
from executor.engine.asking.unplanned import plan_later
from executor.engine.casework.case import Case
from executor.engine.casework.joint import Numbers
from executor.ports import BrainFailed, CaseRows, Failure
from tests.builders import ANN, CHAT
from tests.builders import goal as waiting
from tests.fakes import START
from tests.modelserver import ModelServer, Turn, refuses, says
from tests.story.test_a_model_changes_course import BETTER, GIVES_UP, TASKS
from tests.story.test_a_models_part import house
from tests.world import World

GONE = refuses(503, "busy")
GOALS = 3


def letters(count: int = 2) -> GoalDraft:
    tasks = tuple(
        TaskSpec(key=str(n), title=f"Letter {n}", action="draft", parameters={"instructions": f"Letter {n}"})
        for n in range(1, count + 1)
    )
    return GoalDraft(title="Letters", tasks=tasks)


async def turns(w: World, seconds: int = 0) -> None:
    """Time passes, second by second, and everything that is due is done."""
    for _ in range(seconds + 1):
        await w.settle()
        w.clock.advance(1)


async def start(w: World, draft: GoalDraft) -> int:
    number = await w.set_goal(draft, f"set/{len(await w.executor.goals())}")
    await w.executor.start(number, caller=ANN, command_id=f"start/{number}")
    return number


async def begun(w: World) -> list[int]:
    numbers = [await start(w, letters()) for _ in range(GOALS)]
    await turns(w)
    return numbers


async def test_an_outage_costs_a_request_every_half_minute_and_ends_by_itself(
    server: ModelServer, tmp_path: Path
) -> None:
    server.on("draft", GONE)
    async with house(tmp_path, server) as w:
        numbers = await begun(w)
        await turns(w, 31)
        opened = len(server.asked)
        await turns(w, 300)
        probes = len(server.asked) - opened
        waiting = [task.waits_on for number in numbers for task in (await w.view(number)).tasks]
        why = await w.executor.why(numbers[0])
        server.on("draft", says("Dear Ann"))
        await turns(w, 40)
        views = [await w.view(number) for number in numbers]
        told = [notice for notice in await w.notices() if notice.kind is NoticeKind.FAILURE]
        decisions = await w.executor.open_decisions()

    assert probes <= 10
    assert waiting == ["brain"] * 2 * GOALS
    assert "Gemini does not work" in why.tasks[0].sentence
    assert [view.goal.state for view in views] == [GoalState.COMPLETED] * GOALS
    assert {task.attempts for view in views for task in view.tasks} == {1}
    assert (len(told), decisions) == (1, [])


async def test_what_cannot_be_reached_is_gone_for_everybody_at_once_and_after_a_restart(
    server: ModelServer, tmp_path: Path
) -> None:
    server.on("draft", refuses(429, "slow", {"retry-after": "50"}))
    async with house(tmp_path, server) as w:
        await start(w, letters(1))
        await turns(w)
    asked = len(server.asked)
    async with house(tmp_path, server) as w:
        other = await start(w, letters(1))
        await turns(w, 20)
        view = await w.view(other)

    assert (asked, len(server.asked)) == (1, 1)
    assert (view.tasks[0].state, view.tasks[0].waits_on) == (TaskState.QUEUED, "brain")
    assert view.tasks[0].summary.startswith("Waits for Gemini")


async def test_one_failure_holds_nobody_else_up(server: ModelServer, tmp_path: Path) -> None:
    server.on("draft", GONE, says("Dear Ann"))
    async with house(tmp_path, server) as w:
        first = await start(w, letters(1))
        await turns(w)
        second = await start(w, letters(1))
        await turns(w)
        states = [(await w.view(number)).goal.state for number in (first, second)]
        await turns(w, 31)
        last = (await w.view(first)).goal.state

    assert (states, last) == ([GoalState.IN_PROGRESS, GoalState.COMPLETED], GoalState.COMPLETED)


async def test_an_outage_that_lasts_is_asked_about_and_goes_on_being_looked_at(
    server: ModelServer, tmp_path: Path
) -> None:
    server.on("draft", refuses(429, "slow"))
    async with house(tmp_path, server) as w:
        number = await start(w, letters(1))
        await turns(w)
        for _ in range(32):
            w.clock.advance(60)
            await turns(w)
        [asked] = await w.executor.open_decisions()
        server.on("draft", says("Dear Ann"))
        await turns(w, 40)
        view = await w.view(number)
        left = await w.executor.open_decisions()

    assert "Gemini does not work (it asks to slow down), for 30 min now" in asked.question
    assert (view.goal.state, left) == (GoalState.COMPLETED, [])


@pytest.mark.parametrize("press", ["retry", "skip", "take-over"])
async def test_a_press_while_the_model_is_gone_is_carried_out(server: ModelServer, tmp_path: Path, press: str) -> None:
    server.on("draft", refuses(429, "slow"))
    async with house(tmp_path, server) as w:
        number = await start(w, letters(1))
        await turns(w)
        for _ in range(32):
            w.clock.advance(60)
            await turns(w)
        await w.press(press)
        await turns(w, 40)
        states = await w.states(number)
        assert w.failures == []

    assert states == {"1.1": {"retry": "queued", "skip": "skipped", "take-over": "awaiting_approval"}[press]}


def test_goals_that_can_not_be_planned_in_the_same_minute_share_one_word_to_the_chat() -> None:
    goals = [replace(waiting(number), origin=CHAT) for number in (1, 2, 3)]
    cases = [Case(CaseRows(goal=goal, tasks=()), START, Limits(), Numbers(1)) for goal in goals]
    for case, since in zip(cases, (None, None, START), strict=True):
        plan_later(case, BrainFailed(Failure.SERVER, "Gemini has trouble of its own.", since=since))
    told = {one.key for case in cases for one in case.changes().notices if one.kind is NoticeKind.TEXT}

    assert len(told) == 1


@pytest.mark.parametrize("turn", [GONE, refuses(429, "slow")])
async def test_a_plan_is_thought_over_once_the_model_is_back(server: ModelServer, tmp_path: Path, turn: Turn) -> None:
    server.on("diagnose", GIVES_UP)
    server.on("adapt", turn)
    async with house(tmp_path, server) as w:
        number = await start(w, GoalDraft(title="Show the state", tasks=TASKS))
        await turns(w, 60)
        before = await kinds(w)
        server.on("adapt", says(BETTER))
        for _ in range(2):
            w.clock.advance(300)
            await turns(w)
        state, after = (await w.view(number)).goal.state, await kinds(w)

    assert (state, before, after) == (GoalState.BLOCKED, [DecisionKind.BLOCKAGE], [DecisionKind.ADAPTATION])
    assert server.purposes().count("adapt") == 2


async def test_a_plan_is_thought_over_once_somebody_has_allowed_more(server: ModelServer, tmp_path: Path) -> None:
    server.on("diagnose", GIVES_UP)
    server.on("adapt", says(BETTER))
    async with house(tmp_path, server, goal_usd="0.01") as w:
        await start(w, GoalDraft(title="Show the state", tasks=TASKS))
        await turns(w, 60)
        w.clock.advance(600)
        await turns(w)
        sent, before = list(server.asked), await w.executor.open_decisions()
        await w.press("+1")
        w.clock.advance(300)
        await turns(w)
        after = await kinds(w)

    assert (sent, after) == ([], [DecisionKind.ADAPTATION])
    assert [one.kind for one in before] == [DecisionKind.BLOCKAGE, DecisionKind.BUDGET]
    assert before[1].question.startswith("A model could look for another plan. $0.00 of $0.01 is used")


async def kinds(w: World) -> list[DecisionKind]:
    return [one.kind for one in await w.executor.open_decisions()]
