"""The loop: what does not fit goes back with the reasons, everything is counted, and the cap holds."""

from decimal import Decimal
from typing import Any

import pytest

from executor.domain.errors import WrongInput
from executor.planner.models.talk import Talk, json_in
from executor.ports import About, BrainFailed, Failure
from tests.modelserver import ModelServer, Turn, refuses, says
from tests.planner.models.conftest import OpenPurse
from tests.planner.models.test_providers import PROMPT


def _number(raw: Any) -> int:
    if not isinstance(raw, dict) or not isinstance(raw.get("a"), int):
        raise WrongInput("a must be a whole number")
    return int(raw["a"])


async def test_a_reply_that_does_not_fit_goes_back_with_the_reasons(
    talk: Talk, server: ModelServer, purse: OpenPurse
) -> None:
    server.on("judge", says("I think it is 1."), says({"a": "one"}), says({"a": 1}))

    assert await talk.ask(PROMPT, About(goal_number=1), _number) == 1

    assert len(purse.receipts) == 3
    assert "not JSON" in server.asked[1].text
    assert "a must be a whole number" in server.asked[2].text
    assert "I think it is 1." in server.asked[2].text


async def test_after_two_corrections_it_is_over(talk: Talk, server: ModelServer, purse: OpenPurse) -> None:
    server.on("judge", says({"a": "one"}))

    with pytest.raises(BrainFailed) as caught:
        await talk.ask(PROMPT, About(), _number)

    assert (caught.value.kind, len(server.asked)) == (Failure.INVALID, 3)
    assert purse.forgotten == [call.digest for call in purse.calls.values()]


async def test_a_truncated_answer_gets_more_room(talk: Talk, server: ModelServer) -> None:
    server.on("judge", Turn(text='{"a"', finish="length"), says({"a": 2}))

    assert await talk.ask(PROMPT, About(), _number) == 2
    assert ("100" in server.asked[1].text, "cut off after 50" in server.asked[1].text) == (True, True)


async def test_the_worst_is_reserved_and_the_real_cost_settled(
    talk: Talk, server: ModelServer, purse: OpenPurse
) -> None:
    server.on("judge", says({"a": 1}, tokens=(1000, 50, 400)))

    await talk.ask(PROMPT, About(goal_number=1), _number)

    [(call, receipt)] = zip(purse.calls.values(), purse.receipts.values(), strict=True)
    assert receipt.cost == Decimal("0.001140")  # 600 fresh, 400 cached at a tenth, 50 out at ten
    assert call.worst > 50 * Decimal(10) / 1_000_000


async def test_beyond_the_cap_nothing_is_sent(talk: Talk, server: ModelServer, purse: OpenPurse) -> None:
    purse.cap = Decimal("0.0001")

    with pytest.raises(BrainFailed) as caught:
        await talk.ask(PROMPT, About(goal_number=1), _number)

    assert (caught.value.kind, server.asked, purse.used) == (Failure.BUDGET, [], 0)


async def test_a_refused_request_costs_nothing(talk: Talk, server: ModelServer, purse: OpenPurse) -> None:
    server.on("judge", refuses(503, "busy"))

    with pytest.raises(BrainFailed):
        await talk.ask(PROMPT, About(), _number)

    assert purse.used == 0


@pytest.mark.parametrize(
    "text", ['{"a": 1}', '```json\n{"a": 1}\n```', 'Here it is: {"a": 1} Enjoy!', '\n {"a": 1}\n', '{broken} {"a": 1}']
)
def test_json_is_found_in_what_a_model_says(text: str) -> None:
    assert json_in(text) == {"a": 1}


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 100_000, '{"a": ' + "9" * 5_000 + "}", '{"a": NaN}', '{"a": -Infinity}', '{"a": 1e999}'],
    ids=["lists", "objects", "digits", "nan", "infinity", "too large"],
)
def test_what_no_reader_can_take_goes_back_as_any_other_mistake(text: str) -> None:
    with pytest.raises(WrongInput, match="not JSON"):
        json_in(text)
