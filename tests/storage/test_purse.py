"""What a goal's chat is told about its money."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from executor.domain.notice import NoticeKind
from executor.domain.outcome import Result
from executor.domain.plan import GoalDraft, TaskSpec
from executor.ports import Call, Purpose, Receipt
from storage.purse import Caps
from tests.fakes import CountingIds, ManualClock, ScriptedAction
from tests.world import World, world

CAPS = Caps(goal_usd=Decimal(1), day_usd=Decimal(5), cycles_max=50)
IDS = CountingIds()


@pytest.fixture
async def w(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as opened:
        yield opened


async def spend(w: World, goal: int | None, *costs: str) -> None:
    purse = w.database.purse(CAPS)
    for cost in costs:
        call = Call(
            id=IDS.new(),
            goal_number=goal,
            task_ref=None,
            purpose=Purpose.JUDGE,
            provider="gemini",
            model="m",
            worst=Decimal(cost),
            at=w.clock.now(),
        )
        await purse.reserve(call)
        for _ in range(2):
            await purse.settle(call.id, Receipt(cost=Decimal(cost)))


async def told(w: World) -> list[tuple[str, str]]:
    return [(n.key, str(n.facts["text"])) for n in await w.notices() if n.kind is NoticeKind.TEXT]


async def test_half_and_most_of_a_goals_money_are_noted_once_each(w: World) -> None:
    goal = await w.set_goal(GoalDraft(title="Pack"))

    await spend(w, goal, "0.49")
    before = await told(w)
    await spend(w, goal, "0.02", "0.2", "0.1", "0.05")

    assert before == []
    rest = "At the limit it asks before it goes on. /cost 1 says for what."
    assert await told(w) == [
        ("1/budget/50", f"Models have used $0.51 of the $1.00 of goal 1 (51 %). {rest}"),
        ("1/budget/80", f"Models have used $0.81 of the $1.00 of goal 1 (81 %). {rest}"),
    ]


async def test_after_a_restart_nothing_is_noted_again(tmp_path: Path) -> None:
    async with world(tmp_path) as first:
        goal = await first.set_goal(GoalDraft(title="Pack"))
        await spend(first, goal, "0.5")
        before = await told(first)
    async with world(tmp_path) as second:
        await spend(second, goal, "0.1")
        after = await told(second)

    assert (len(before), after) == (1, before)


async def test_a_goals_own_budget_is_what_counts_and_what_is_out_does_not(w: World) -> None:
    goal = await w.set_goal(GoalDraft(title="Pack", budget_usd=Decimal(4)))
    out = Call(
        id="out",
        goal_number=goal,
        task_ref=None,
        purpose=Purpose.JUDGE,
        provider="gemini",
        model="m",
        worst=Decimal(2),
        at=ManualClock().now(),
    )
    await w.database.purse(CAPS).reserve(out)

    await spend(w, goal, "1")

    assert await told(w) == []


async def test_where_only_tokens_are_counted_nothing_is_noted(w: World) -> None:
    goal = await w.set_goal(GoalDraft(title="Pack", budget_usd=Decimal(0)))

    await spend(w, goal, "0", "0")
    await spend(w, None, "3")

    assert await told(w) == []


def call_of(goal: int | None, task_ref: str | None = None, digest: str = "d") -> Call:
    return Call(
        id=IDS.new(),
        goal_number=goal,
        task_ref=task_ref,
        purpose=Purpose.DRAFT,
        provider="gemini",
        model="m",
        worst=Decimal("0.1"),
        at=ManualClock().now(),
        digest=digest,
    )


async def pay(w: World, call: Call, **receipt: str) -> str | None:
    purse = w.database.purse(CAPS)
    known = await purse.reserve(call)
    if known is None:
        await purse.settle(call.id, Receipt(cost=Decimal("0.1"), **receipt))
    return known


async def test_a_reply_that_is_paid_for_is_given_again_to_its_goal_alone(w: World) -> None:
    goal = await w.set_goal(GoalDraft(title="Pack"))
    other = await w.set_goal(GoalDraft(title="Send"), command_id="other")

    first = [await pay(w, call_of(number), reply="yes") for number in (goal, goal, other, None, None)]

    assert first == [None, "yes", None, None, None]
    assert [one.calls for one in await w.executor.spending(goal)] == [1]


async def test_failures_and_what_was_forgotten_are_not_given_again(w: World) -> None:
    goal = await w.set_goal(GoalDraft(title="Pack"))
    await pay(w, call_of(goal, digest="failed"), reply="half", error="truncated")
    await pay(w, call_of(goal, digest="useless"), reply="no plan")
    await w.database.purse(CAPS).forget(goal, ["useless"])

    assert [await pay(w, call_of(goal, digest=one)) for one in ("failed", "useless")] == [None, None]


async def test_the_next_attempt_of_a_task_asks_anew_and_the_same_one_does_not(tmp_path: Path) -> None:
    work = ScriptedAction(behaviour=lambda parameters, context: Result(success=False, error="no"))
    spec = TaskSpec(key="1", title="Work", action="work")
    async with world(tmp_path, work) as w:
        goal = await w.start_goal(GoalDraft(title="Pack", tasks=(spec,)))
        before = [await pay(w, call_of(goal, f"{goal}.1"), reply="yes") for _ in range(2)]
        await w.settle()
        after = await pay(w, call_of(goal, f"{goal}.1"), reply="yes")

    assert (before, after, len(work.runs)) == ([None, "yes"], None, 1)
