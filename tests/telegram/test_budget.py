"""/budget, as a person on a phone meets it."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.telegram.access import Role
from executor.ports import Call, Purpose, Receipt
from storage.purse import Caps
from tests.telegram.talk import Talk, words

GOAL = "Say hello\n1. Ask Ann"


async def spend(talk: Talk, usd: str, goal: int = 1) -> None:
    purse = talk.house.database.purse(Caps(goal_usd=Decimal(9), day_usd=Decimal(9), cycles_max=9))
    call = Call(
        id=f"call {usd}",
        goal_number=goal,
        task_ref=None,
        purpose=Purpose.PLAN,
        provider="p",
        model="m",
        worst=Decimal(usd),
        at=datetime(2026, 3, 2, tzinfo=UTC),
    )
    await purse.reserve(call)
    await purse.settle(call.id, Receipt(tokens_in=1, tokens_out=1, cost=Decimal(usd), duration_s=1.0))


async def test_it_says_what_is_spent_and_takes_another_limit(talk: Talk) -> None:
    await talk.say(GOAL, "#1")

    shown = words(await talk.say("/budget", "is spent"))
    changed = words(await talk.say("/budget 1 $2", "may cost"))
    after = words(await talk.say("/budget 1", "is spent"))

    assert shown.splitlines() == [
        "Say hello #1",
        "$0.00 of $1.00 is spent on models",
        "the usual limit of a goal, from the configuration",
        "/budget 1 $2 sets another limit · /cost 1 says for what",
    ]
    assert changed == "Models may cost goal 1 $2.00; $0.00 is spent."
    assert after.splitlines()[1:2] == ["$0.00 of $2.00 is spent on models"]


async def test_below_what_is_spent_it_asks_and_more_money_answers_that(talk: Talk) -> None:
    await talk.say(GOAL, "#1")
    await spend(talk, "0.5")

    lowered = words(await talk.say("/budget $0.25", "may cost"))
    asked = words(await talk.hear("of $0.25 is used"))
    raised = words(await talk.say("/budget 1 3", "may cost"))

    assert lowered == "Models may cost goal 1 $0.25; $0.50 is spent. It asks before a model is used again."
    assert "$0.50 of $0.25 is used." in asked
    assert raised == "Models may cost goal 1 $3.00; $0.50 is spent."
    kinds = [str(d.kind) for d in await talk.house.executor.open_decisions()]
    assert "budget" not in kinds


async def test_what_was_allowed_on_the_way_is_part_of_the_new_limit(talk: Talk) -> None:
    await talk.say(GOAL, "#1")
    await spend(talk, "0.5")
    await talk.say("/budget $0.25", "may cost")
    question = await talk.hear("of $0.25 is used")
    await talk.press(question, "+$1")

    assert "$0.50 of $1.25 is spent" in words(await talk.say("/budget", "is spent"))
    await talk.say("/budget $1", "may cost")
    assert "$0.50 of $1.00 is spent" in words(await talk.say("/budget", "is spent"))


async def test_a_requester_may_lower_the_own_budget_and_not_raise_it(talk: Talk) -> None:
    talk.people.owners, talk.people.requesters = [], [talk.chat.operator_id]
    assert talk.people.role(talk.chat.operator_id) is Role.REQUESTER
    await talk.say(GOAL, "#1")

    assert words(await talk.say("/budget $5", "Only")) == "Only an approver or an owner may raise it; it is $1.00."
    assert words(await talk.say("/budget $0.5", "may cost")) == "Models may cost goal 1 $0.50; $0.00 is spent."


@pytest.mark.parametrize("words_", ["/budget 1 much", "/budget $-2", "/budget 1 $2 please", "/budget x"])
async def test_a_wrong_form_gets_the_right_one(talk: Talk, words_: str) -> None:
    await talk.say(GOAL, "#1")

    assert words(await talk.say(words_, "Please")) == "Please write it like this: /budget 12, or /budget 12 $2"
