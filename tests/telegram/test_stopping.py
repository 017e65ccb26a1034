"""STOP as a person on a phone meets it."""

import pytest

from bot.telegram.access import Access
from bot.telegram.urgent import is_stop_word
from tests.telegram.talk import Talk, words

SLEEPS = "/goal Wait\n1. Sleep: `echo on >> begun; test -e go || exec sleep 600`"


def labels(message: dict) -> list[str]:  # type: ignore[type-arg]
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button["text"] for row in rows for button in row]


async def started(talk: Talk) -> dict:  # type: ignore[type-arg]
    card = await talk.say(SLEEPS, "Wait")
    await talk.press(card, "Start")
    return await talk.message(card["message_id"], "1 · in progress")


async def test_one_word_stops_and_resume_goes_on(talk: Talk) -> None:
    card = await started(talk)

    said = await talk.say("/stop", "Everything is stopped")
    assert words(said).splitlines()[0] == "⛔ Everything is stopped"
    assert labels(said) == ["▶️ Resume"]
    stopped = await talk.message(card["message_id"], "⛔ Stopped by")
    assert labels(stopped) == ["▶️ Resume"]
    assert "stopped by" in words(await talk.say("/why", "lifts the STOP"))
    assert words(await talk.say("/system", "Everything has been stopped")).startswith("Everything has been stopped by")

    (talk.house.settings.data_dir / "workspaces/1/go").touch()
    await talk.say("/resume", "is lifted. Everything goes on.")
    await talk.hear("Goal Complete")


async def test_the_cards_button_stops_and_its_other_button_goes_on(talk: Talk) -> None:
    card = await started(talk)
    assert labels(card) == ["⛔ Stop"]

    await talk.press(card, "⛔ Stop")
    stopped = await talk.message(card["message_id"], "⛔ Stopped by")
    (talk.house.settings.data_dir / "workspaces/1/go").touch()
    await talk.press(stopped, "▶️ Resume")

    await talk.hear("Goal Complete")


@pytest.mark.parametrize("word", ["stop", "STOP!", "Стоп", "👎", "🛑"])
async def test_a_bare_word_is_enough(talk: Talk, word: str) -> None:
    await talk.say(word, "Everything is stopped")

    assert talk.house.brake.held() is not None


async def test_a_goal_that_begins_with_the_word_is_a_goal(talk: Talk) -> None:
    await talk.say("Stop the server\n1. Stop it: `true`", "Stop the server")

    assert talk.house.brake.held() is None


@pytest.mark.parametrize(("text", "is_one"), [("stop", True), (" Stop. ", True), ("stop it", False), ("", False)])
def test_only_the_whole_message_counts(text: str, is_one: bool) -> None:
    assert is_stop_word(text) is is_one


async def test_who_may_only_look_stops_nothing(talk: Talk) -> None:
    operator = talk.chat.operator_id
    talk.people.owners, talk.people.viewers = [], [operator]

    await talk.say("/stop", "needs the role requester")

    assert talk.house.brake.held() is None


async def test_a_requester_may_stop_and_not_lift(talk: Talk) -> None:
    talk.people.owners, talk.people.requesters = [], [talk.chat.operator_id]

    await talk.say("/stop", "Everything is stopped")
    await talk.say("/resume", "Only an approver or an owner can lift a STOP.")

    assert talk.house.brake.held() is not None


async def test_it_is_carried_out_before_anything_that_waits_in_its_chat(talk: Talk) -> None:
    """A lane that is busy holds nothing up: the file is there as soon as the update is."""
    assert isinstance(talk.people, Access)
    await talk.say("/stop", "Everything is stopped")
    first = talk.house.brake.held()

    again = await talk.say("/stop", "Everything is stopped")

    assert talk.house.brake.held() == first
    assert first is not None
    assert f"Stopped by {first.by}" in words(again)
