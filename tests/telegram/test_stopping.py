"""STOP as a person on a phone meets it."""

from typing import Any

import pytest

from bot.telegram.access import Access
from bot.telegram.urgent import is_stop_word
from tests.telegram.talk import Talk, words

PATIENCE_S = 60.0  # on a slow machine
SLEEPS = "/goal Wait\n1. Sleep: `echo on >> begun; test -e go || exec sleep 600`"


def labels(message: dict) -> list[str]:  # type: ignore[type-arg]
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button["text"] for row in rows for button in row]


async def shown(talk: Talk, card: dict, text: str) -> dict:  # type: ignore[type-arg]
    """The card once it shows this."""

    def there() -> Any:
        cards = (one for one in talk.chat.messages() if one["message_id"] == card["message_id"])
        return next((one for one in cards if text in words(one)), None)

    found: dict[str, Any] = await talk.chat.until(there, PATIENCE_S)
    return found


async def started(talk: Talk) -> dict:  # type: ignore[type-arg]
    card = await talk.say(SLEEPS, "Wait", patience_s=PATIENCE_S)
    await talk.press(card, "Start")
    return await shown(talk, card, "1 · in progress")


async def test_one_word_stops_and_resume_goes_on(talk: Talk) -> None:
    card = await started(talk)

    said = await talk.say("/stop", "Everything is stopped", patience_s=PATIENCE_S)
    assert words(said).splitlines()[0] == "⛔ Everything is stopped"
    assert labels(said) == ["▶️ Resume"]
    assert "• 1 Wait" in words(said).splitlines()
    stopped = await shown(talk, card, "⛔ Stopped by")
    assert labels(stopped) == ["▶️ Resume"]
    assert "stopped by" in words(await talk.say("/why", "lifts the STOP", patience_s=PATIENCE_S))
    assert words(await talk.say("/system", "Everything has been stopped", patience_s=PATIENCE_S)).startswith(
        "Everything has been stopped by"
    )

    (talk.house.settings.data_dir / "workspaces/1/go").touch()
    await talk.say("/resume", "is lifted. Everything goes on.", patience_s=PATIENCE_S)
    await talk.hear("Goal Complete", patience_s=PATIENCE_S)
    everything = [words(one) for one in talk.chat.messages() if one["from"]["is_bot"]]
    assert not [text for text in everything if "has stopped everything" in text or "has lifted the STOP" in text]


async def test_other_chats_hear_of_it_in_a_line_of_their_own(talk: Talk) -> None:
    await started(talk)
    group = talk.chat.add_group("Team")["id"]

    def answered(text: str) -> bool:  # a group counts its messages by itself, so that hear() may take one for heard
        return any(text in words(one) for one in talk.chat.messages(group))

    talk.chat.say("/stop", chat=group)
    await talk.chat.until(lambda: answered("Everything is stopped"), PATIENCE_S)
    line = await talk.hear("has stopped everything", chat=talk.chat.operator_id, patience_s=PATIENCE_S)
    talk.chat.say("/resume", chat=group)
    await talk.chat.until(lambda: answered("is lifted"), PATIENCE_S)
    over = await talk.hear("has lifted the STOP", chat=talk.chat.operator_id, patience_s=PATIENCE_S)

    in_the_group = [words(one) for one in talk.chat.messages(group) if one["from"]["is_bot"]]
    assert words(line).startswith("⛔ Ann has stopped everything.")
    assert words(over) == "▶️ Ann has lifted the STOP. Everything goes on."
    assert [text.splitlines()[0] for text in in_the_group] == [
        "⛔ Everything is stopped",
        "The STOP by Ann is lifted. Everything goes on.",
    ]


async def test_the_cards_button_stops_and_its_other_button_goes_on(talk: Talk) -> None:
    card = await started(talk)
    assert labels(card) == ["⛔ Stop"]

    await talk.press(card, "⛔ Stop")
    stopped = await shown(talk, card, "⛔ Stopped by")
    (talk.house.settings.data_dir / "workspaces/1/go").touch()
    await talk.press(stopped, "▶️ Resume")

    await talk.hear("Goal Complete", patience_s=PATIENCE_S)


@pytest.mark.parametrize("word", ["stop", "STOP!", "Стоп", "👎", "🛑"])
async def test_a_bare_word_is_enough(talk: Talk, word: str) -> None:
    await talk.say(word, "Everything is stopped", patience_s=PATIENCE_S)

    assert talk.house.brake.held() is not None


async def test_the_word_that_one_would_say_next_lifts_it(talk: Talk) -> None:
    await talk.say("stop", "Everything is stopped", patience_s=PATIENCE_S)

    await talk.say("Resume!", "is lifted. Everything goes on.", patience_s=PATIENCE_S)

    assert talk.house.brake.held() is None


async def test_without_a_stop_it_is_a_goal_like_any_other(talk: Talk) -> None:
    card = await talk.say("resume", "📋 resume", patience_s=PATIENCE_S)

    assert "Start" in labels(card)


async def test_a_goal_that_begins_with_the_word_is_a_goal(talk: Talk) -> None:
    await talk.say("Stop the server\n1. Stop it: `true`", "Stop the server", patience_s=PATIENCE_S)

    assert talk.house.brake.held() is None


@pytest.mark.parametrize(("text", "is_one"), [("stop", True), (" Stop. ", True), ("stop it", False), ("", False)])
def test_only_the_whole_message_counts(text: str, is_one: bool) -> None:
    assert is_stop_word(text) is is_one


async def test_who_may_only_look_stops_nothing(talk: Talk) -> None:
    operator = talk.chat.operator_id
    talk.people.owners, talk.people.viewers = [], [operator]

    await talk.say("/stop", "needs the role requester", patience_s=PATIENCE_S)

    assert talk.house.brake.held() is None


async def test_a_requester_may_stop_and_not_lift(talk: Talk) -> None:
    talk.people.owners, talk.people.requesters = [], [talk.chat.operator_id]

    await talk.say("/stop", "Everything is stopped", patience_s=PATIENCE_S)
    await talk.say("/resume", "Only an approver or an owner can lift a STOP.", patience_s=PATIENCE_S)

    assert talk.house.brake.held() is not None


async def test_it_is_carried_out_before_anything_that_waits_in_its_chat(talk: Talk) -> None:
    """A lane that is busy holds nothing up: the file is there as soon as the update is."""
    assert isinstance(talk.people, Access)
    await talk.say("/stop", "Everything is stopped", patience_s=PATIENCE_S)
    first = talk.house.brake.held()

    again = await talk.say("/stop", "Everything is stopped", patience_s=PATIENCE_S)

    assert talk.house.brake.held() == first
    assert first is not None
    assert f"Stopped by {first.by}" in words(again)


@pytest.mark.parametrize("text", ["/stop", "stop", "/cancel 1", "Back up my notes\n1. Do: `true`"])
async def test_what_was_forwarded_is_never_taken_as_a_word_of_the_person(talk: Talk, text: str) -> None:
    """It may be a stranger's: whoever forwards it wants it read, not obeyed."""
    stranger = {"type": "hidden_user", "sender_user_name": "Eve", "date": 1}

    talk.chat._people._write({"text": text, "forward_origin": stranger}, None, None, None, None)
    await talk.hear("That was forwarded", patience_s=PATIENCE_S)

    assert talk.house.brake.held() is None
    assert await talk.house.executor.goals() == []


async def test_what_another_bot_wrote_is_never_taken_as_a_word_of_the_person(talk: Talk) -> None:
    """Whoever picks a result of an inline bot sees its title, and not what is sent."""
    other = {"id": 99, "is_bot": True, "first_name": "Cats"}

    talk.chat._people._write({"text": "/goal Steal\n1. Do: `true`", "via_bot": other}, None, None, None, None)
    await talk.hear("Another bot wrote that", patience_s=PATIENCE_S)

    assert await talk.house.executor.goals() == []
