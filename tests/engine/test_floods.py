"""A goal that says too much is paused and says so once; nothing that it wanted to say is lost."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from executor.domain.flood import IN_A_CHAT, OF_A_GOAL, Said, room
from executor.domain.goal import GoalState
from executor.domain.notice import Notice, NoticeKind
from executor.domain.outcome import Result
from executor.domain.plan import TaskSpec
from executor.domain.task import TaskState
from executor.engine.replies import Accepted
from executor.ports import Ask, Context
from tests.builders import ANN, chain, draft
from tests.fakes import ScriptedAction
from tests.world import World, world


def says(count: int) -> ScriptedAction:
    """Each run says so much."""

    def say(parameters: object, context: Context) -> Result:
        for n in range(1, count + 1):
            context.tell(f"Text {n} of {context.task_ref}")
        return Result(success=True, result="Said")

    return ScriptedAction(behaviour=say)


async def told(w: World, kind: NoticeKind) -> list[Notice]:
    return [notice for notice in await w.notices() if notice.kind is kind]


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (Said(), OF_A_GOAL.minute),
        (Said(minute=29, hour=29), 1),
        (Said(minute=0, hour=199), 1),
        (Said(minute=31, hour=31), 0),
    ],
)
def test_how_much_more_may_be_said(said: Said, left: int) -> None:
    assert room(OF_A_GOAL, said) == left


async def test_what_a_goal_says_within_its_limit_is_said(tmp_path: Path) -> None:
    async with world(tmp_path, says(10)) as w:
        number = await w.start_goal(draft(*chain(3)))
        await w.settle()
        texts, view = await told(w, NoticeKind.TEXT), await w.view(number)

    assert len(texts) == OF_A_GOAL.minute
    assert view.goal.state is GoalState.COMPLETED


async def test_a_goal_that_says_more_is_paused_and_its_owner_hears_it_once(tmp_path: Path) -> None:
    action = says(13)
    async with world(tmp_path, action) as w:
        number = await w.start_goal(draft(*chain(40)))
        await w.settle()
        view = await w.view(number)
        texts, [flood] = await told(w, NoticeKind.TEXT), await told(w, NoticeKind.FAILURE)

    assert (view.goal.state, action.runs) == (GoalState.PAUSED, ["1.1", "1.2", "1.3"])
    assert view.goal.reason == "Paused: it said too much within a short time"
    assert len(texts) == OF_A_GOAL.minute
    held = flood.facts["texts"]
    assert isinstance(held, list)
    assert sorted([*(f"1.{n} Text {m} of 1.{n}" for n in (1, 2, 3) for m in range(1, 14))]) == sorted(
        [*held, *(f"{one.facts['ref']} {one.facts['text']}" for one in texts)]
    )


async def test_resumed_it_may_say_as_much_again(tmp_path: Path) -> None:
    async with world(tmp_path, says(13)) as w:
        number = await w.start_goal(draft(*chain(5)))
        await w.settle()
        reply = await w.executor.resume(number, caller=ANN, command_id="resume")
        await w.settle()
        view, floods = await w.view(number), await told(w, NoticeKind.FAILURE)

    assert isinstance(reply, Accepted)
    assert (view.goal.state, len(floods)) == (GoalState.COMPLETED, 1)


async def test_slow_but_endless_talk_meets_the_limit_of_an_hour(tmp_path: Path) -> None:
    action = says(10)
    async with world(tmp_path, action) as w:
        number = await w.start_goal(draft(*chain(30)))
        for _ in range(30):
            await w.executor.tick()
            while w.workers.held():
                await asyncio.sleep(0)
            w.clock.advance(61)
        view, floods = await w.view(number), await told(w, NoticeKind.FAILURE)

    assert (view.goal.state, len(action.runs), len(floods)) == (GoalState.PAUSED, OF_A_GOAL.hour // 10 + 1, 1)


async def test_questions_count_and_none_is_lost(tmp_path: Path) -> None:
    action = ScriptedAction(asks=Ask(question="Really?", choices=("yes",), manual=False))
    tasks = [TaskSpec(key=str(n), title=f"Ask {n}", action="work") for n in range(60)]
    async with world(tmp_path, action) as w:
        number = await w.start_goal(draft(*tasks))
        await w.settle()
        view, asked = await w.view(number), await told(w, NoticeKind.DECISION)
        waiting = [task for task in view.tasks if task.state is TaskState.AWAITING_APPROVAL]
        floods = await told(w, NoticeKind.FAILURE)

    assert view.goal.state is GoalState.PAUSED
    assert len(asked) == len(waiting) == len(view.decisions)
    assert OF_A_GOAL.minute < len(asked) <= OF_A_GOAL.minute + 4
    assert len(floods) == 1


def text(n: int, at: datetime) -> Notice:
    """What another goal has said in the same chat."""
    number = 1_000 + n
    return Notice(
        key=f"{number}.1#1/text/1", kind=NoticeKind.TEXT, chat_id=1, goal_number=number, due_at=at, created_at=at
    )


@pytest.mark.parametrize(("others", "state"), [(IN_A_CHAT.minute - 3, "completed"), (IN_A_CHAT.minute - 1, "paused")])
async def test_what_all_goals_say_in_a_chat_has_a_limit_too(tmp_path: Path, others: int, state: str) -> None:
    async with world(tmp_path, says(1)) as w:
        await w.database.outbox.put([text(n, w.clock.now()) for n in range(others)])
        number = await w.start_goal(draft(*chain(3)))
        await w.settle()
        view, texts = await w.view(number), await told(w, NoticeKind.TEXT)

    assert view.goal.state == state
    assert len(texts) <= IN_A_CHAT.minute


async def test_what_was_said_long_ago_counts_no_more(tmp_path: Path) -> None:
    async with world(tmp_path, says(1)) as w:
        before = w.clock.now() - timedelta(hours=1, seconds=1)
        await w.database.outbox.put([text(n, before) for n in range(IN_A_CHAT.hour + 1)])
        number = await w.start_goal(draft(*chain(2)))
        await w.settle()
        view = await w.view(number)

    assert view.goal.state is GoalState.COMPLETED
