"""A plan that will miss something, in the chat: the card says so before Start, and /why explains a single task."""

from tests.telegram.talk import Talk, words

PLAN = (
    "/goal Publish my notes by in 3h\n1. Ask Ann for the notes\n2. Pick: `no-such-tool notes > $HOME/b` after 1\n"
    "3. Send: `true` after 2\n4. Tell: `true` after 3"
)


async def test_a_plan_says_what_to_look_at_first_and_a_running_goal_why_it_waits(talk: Talk) -> None:
    card = await talk.say(PLAN, "Publish my notes")
    looked = await talk.message(card["message_id"], "Look first")

    assert "• no-such-tool is missing: 1.2" in words(looked)
    before = await talk.say("/why", "• ")
    assert "• Goal 1 waits for Start: question 1, since" in words(before)
    await talk.press(looked, "Start")
    await talk.hear("1.1")
    await talk.message(card["message_id"], "on track, ready by")
    whole = await talk.say("/why 1", "• ")
    assert "• 1.2–1.4 wait for 1.1." in words(whole)
    one = await talk.say("/why 1.3", "• ")
    assert "• 1.3 Send: needs 1.2 (not started).\n• 1.2 Pick: needs 1.1 (waits for you: question 2)." in words(one)
