"""/assign: who is named when a person is needed."""

import pytest

from tests.telegram.talk import Talk, words

GOAL = "Say hello\n1. Call Ann\n2. Write it down"


async def test_who_it_is_assigned_to_is_named_in_the_question_and_on_the_card(talk: Talk) -> None:
    card = await talk.say(GOAL, "#1")
    assigned = words(await talk.say("/assign 1.1 @ann", "is for"))

    await talk.press(card, "Start")
    question = words(await talk.hear("Press Done"))

    assert assigned == "1.1 Call Ann is for @ann now."
    assert question.splitlines()[:4] == ["👤 1.1 Call Ann", "", "Press Done when it is done.", ""]
    assert "👤 For @ann" in question
    assert "1.1 Call Ann · waits for @ann" in words(await talk.message(card["message_id"], "waits for"))


async def test_an_id_is_named_by_a_link_that_rings(talk: Talk) -> None:
    card = await talk.say(GOAL, "#1")
    assert words(await talk.say("/assign 1.1 me", "is for")) == f"1.1 Call Ann is for id {talk.chat.operator_id} now."

    await talk.press(card, "Start")
    question = await talk.hear("Press Done")

    links = [one["url"] for one in question["entities"] if one["type"] == "text_link"]
    mentions = [one["user"]["id"] for one in question["entities"] if one["type"] == "text_mention"]
    assert links == [f"tg://user?id={talk.chat.operator_id}"] or mentions == [talk.chat.operator_id]


async def test_nobody_takes_it_back_and_what_waits_already_is_told(talk: Talk) -> None:
    card = await talk.say(GOAL, "#1")
    await talk.press(card, "Start")
    question = await talk.hear("This one is for you")

    assert words(await talk.say("/assign 1.1 @ann_lee", "is for")).startswith("1.1 Call Ann is for @ann_lee now. Open")
    await talk.press(question, "Done")
    assert words(await talk.say("/assign 1.2 nobody", "nobody")) == ("1.2 Write it down is nobody's in particular now.")
    assert words(await talk.say("/assign 1.1 @bob_lee", "Can't")) == "Can't assign 1.1: it is completed."


@pytest.mark.parametrize("said", ["/assign", "/assign 1.1", "/assign 1 @ann_lee", "/assign 1.1 Ann Lee", "/assign @a"])
async def test_a_wrong_form_gets_the_right_one(talk: Talk, said: str) -> None:
    await talk.say(GOAL, "#1")

    assert words(await talk.say(said, "Please")) == (
        "Please write it like this: /assign 12.3 @ann, /assign 12.3 me or /assign 12.3 nobody"
    )
