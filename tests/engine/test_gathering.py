"""Many approvals at once: one card instead of many messages, and each still bound to exactly what it shows."""

from pathlib import Path

import pytest

from executor.domain.decision import Decision
from executor.domain.gathered import (
    ALONE_MAX,
    ASKS_AGAIN_AT,
    PAGE_ITEMS,
    WAITING_MAX,
    is_apart,
    page_of,
    round_of,
)
from executor.domain.goal import GoalState
from executor.domain.notice import NoticeKind
from executor.domain.plan import TaskSpec
from executor.engine.casework.gathering import is_held
from executor.engine.policy.policy import Policy
from executor.engine.replies import Accepted, Refused, Reply
from tests.builders import ANN, draft
from tests.fakes import ScriptedAction
from tests.world import World, world

ASKS = Policy(always_ask=["work"])


def steps(count: int, **parameters: object) -> list[TaskSpec]:
    return [
        TaskSpec(key=str(n), title=f"Step {n}", action="work", parameters={"n": n, **parameters})
        for n in range(1, count + 1)
    ]


async def asked(w: World) -> list[Decision]:
    return await w.executor.open_decisions()


async def messages(w: World) -> list[str]:
    """The keys of what the chat is asked."""
    return [notice.key for notice in await w.notices() if notice.kind is NoticeKind.DECISION]


async def together(w: World, first: int, last: int, *, yes: bool = True, name: str = "together") -> Reply:
    return await w.executor.answer_together(1, first, last, yes=yes, caller=ANN, command_id=f"{name}/{first}/{yes}")


async def test_few_approvals_are_asked_one_by_one(tmp_path: Path) -> None:
    async with world(tmp_path, policy=ASKS) as w:
        await w.start_goal(draft(*steps(ALONE_MAX)))
        await w.settle()
        keys, found = await messages(w), await asked(w)

    assert keys == [f"{decision.number}/decision" for decision in found]
    assert len(found) == ALONE_MAX


async def test_many_share_one_card_beside_the_first_ones(tmp_path: Path) -> None:
    async with world(tmp_path, policy=ASKS) as w:
        await w.start_goal(draft(*steps(12)))
        await w.settle()
        keys, found = await messages(w), await asked(w)

    assert [key for key in keys if "/approvals/" in key] == [f"1/approvals/{found[0].number}"]
    assert len(keys) <= ALONE_MAX + 1
    assert {round_of(decision) for decision in found} == {found[0].number}
    assert len({str(decision.facts["digest"]) for decision in found}) == 12


async def test_one_of_a_card_is_answered_by_itself(tmp_path: Path) -> None:
    action = ScriptedAction()
    async with world(tmp_path, action, policy=ASKS) as w:
        await w.start_goal(draft(*steps(12)))
        await w.settle()
        seventh = (await asked(w))[6]
        reply = await w.executor.answer(seventh.number, option="approve", caller=ANN, command_id="one")
        await w.settle()
        left = await asked(w)

    assert isinstance(reply, Accepted)
    assert action.runs == [seventh.task_ref]
    assert len(left) == 11


async def test_a_press_on_these_covers_what_stood_on_the_card_and_nothing_more(tmp_path: Path) -> None:
    action = ScriptedAction()
    async with world(tmp_path, action, policy=ASKS) as w:
        await w.start_goal(draft(*steps(12)))
        await w.settle()
        found = await asked(w)
        page = page_of(found, found[0].number)
        reply = await together(w, page[0].number, found[-1].number)
        await w.settle()
        left = await asked(w)

    assert isinstance(reply, Accepted), reply
    assert sorted(action.runs) == sorted(str(decision.task_ref) for decision in page)
    assert [decision.number for decision in left] == [decision.number for decision in found[PAGE_ITEMS:]]


async def test_a_late_press_on_these_answers_nothing_that_came_after_it(tmp_path: Path) -> None:
    action = ScriptedAction()
    async with world(tmp_path, action, policy=ASKS) as w:
        await w.start_goal(draft(*steps(12)))
        await w.settle()
        page = (await asked(w))[:PAGE_ITEMS]
        for decision in page:
            await w.executor.answer(decision.number, option="approve", caller=ANN, command_id=f"d{decision.number}")
        late = await together(w, page[0].number, page[-1].number)
        await w.settle()

    assert isinstance(late, Refused)
    assert (late.code, len(action.runs)) == ("gone", PAGE_ITEMS)


@pytest.mark.parametrize("risk", ["SPENDS", "OUTSIDE", "IRREVERSIBLE", "MACHINE", "REACHES", "UNCONFINED", "CHANGED"])
async def test_what_is_risky_is_never_approved_with_others(tmp_path: Path, risk: str) -> None:
    action = ScriptedAction()
    risky = TaskSpec(key="pay", title="Pay", action="work", parameters={"risk": [risk]})
    async with world(tmp_path, action, policy=ASKS) as w:
        await w.start_goal(draft(risky, *steps(5)))
        await w.settle()
        found = await asked(w)
        reply = await together(w, found[0].number, found[-1].number)
        await w.settle()
        [left] = await asked(w)
        alone = await w.executor.answer(left.number, option="approve", caller=ANN, command_id="alone")
        before = list(action.runs)
        await w.settle()

    assert isinstance(reply, Accepted), reply
    assert (is_apart(left), left.task_ref, len(before)) == (True, "1.1", 5)
    assert isinstance(alone, Accepted)
    assert action.runs[-1] == "1.1"


async def test_where_all_are_risky_nothing_is_approved_together(tmp_path: Path) -> None:
    action = ScriptedAction()
    async with world(tmp_path, action, policy=ASKS) as w:
        await w.start_goal(draft(*steps(6, risk=["OUTSIDE"])))
        await w.settle()
        found = await asked(w)
        reply = await together(w, found[0].number, found[-1].number)
        await w.settle()

    assert isinstance(reply, Refused)
    assert (reply.code, action.runs) == ("apart", [])


async def test_these_are_refused_together_and_nobody_is_asked_again(tmp_path: Path) -> None:
    action = ScriptedAction(repeatable=False)
    async with world(tmp_path, action, policy=ASKS) as w:
        await w.start_goal(draft(*steps(6, risk=["OUTSIDE"])))
        await w.settle()
        found = await asked(w)
        reply = await together(w, found[0].number, found[-1].number, yes=False)
        await w.settle()
        view, left = await w.view(1), await asked(w)

    assert isinstance(reply, Accepted), reply
    assert (action.runs, left) == ([], [])
    assert {task.state for task in view.tasks} == {"skipped"}
    assert view.goal.state is GoalState.CANCELLED


async def test_too_many_pause_the_asking_and_it_is_said_once(tmp_path: Path) -> None:
    action = ScriptedAction()
    async with world(tmp_path, action, policy=ASKS) as w:
        await w.start_goal(draft(*steps(50)))
        await w.settle()
        found, view = await asked(w), await w.view(1)
        said = [notice for notice in await w.notices() if notice.key.endswith("/enough")]
        why = await w.executor.why(1, task_ref=view.tasks[-1].ref)
        for decision in found[: WAITING_MAX - ASKS_AGAIN_AT - 1]:
            await w.executor.answer(decision.number, option="approve", caller=ANN, command_id=f"d{decision.number}")
        await w.settle()
        before = await asked(w)
        await w.executor.answer(before[0].number, option="approve", caller=ANN, command_id="half")
        await w.settle()
        after = await asked(w)

    assert (len(found), sum(is_held(task) for task in view.tasks)) == (WAITING_MAX, 50 - WAITING_MAX)
    assert [str(notice.facts["text"]).partition(" wait")[0] for notice in said] == ["⏸ 30 approvals of goal 1"]
    assert why is not None
    reason = why.about(view.tasks[-1].ref)
    assert reason is not None
    assert reason.sentence == "asks once fewer approvals wait; 30 wait for you now"
    assert (len(before), len(after)) == (ASKS_AGAIN_AT + 1, WAITING_MAX)


async def test_more_approvals_than_may_wait_are_all_given_page_by_page(tmp_path: Path) -> None:
    action = ScriptedAction()
    presses = 0
    async with world(tmp_path, action, policy=ASKS) as w:
        await w.start_goal(draft(*steps(50)))
        await w.settle()
        while found := await asked(w):
            page = page_of(found, round_of(found[0]) or 0)
            numbers = (page[0].number, page[-1].number) if page else (found[0].number, found[0].number)
            if page:
                await together(w, *numbers, name=str(presses))
            else:  # the last ones are few enough to be asked one by one
                await w.executor.answer(found[0].number, option="approve", caller=ANN, command_id=f"s{presses}")
            await w.settle()
            presses += 1
        view = await w.view(1)

    assert view.goal.state is GoalState.COMPLETED
    assert sorted(action.runs) == sorted(task.ref for task in view.tasks)
    assert presses <= 50 / PAGE_ITEMS + ALONE_MAX + 1


async def test_a_card_survives_a_restart_and_its_buttons_still_work(tmp_path: Path) -> None:
    action = ScriptedAction()
    async with world(tmp_path, action, policy=ASKS) as w:
        await w.start_goal(draft(*steps(40)))
        await w.settle()
        found = await asked(w)
    async with world(tmp_path, action, policy=ASKS, executor_id="second") as w:
        reply = await together(w, found[0].number, found[-1].number)
        again = await together(w, found[0].number, found[-1].number)
        await w.settle()

    assert reply == again
    assert len(action.runs) == PAGE_ITEMS
