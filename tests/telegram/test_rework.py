"""Taking up a finished goal again, from the chat."""

from bot.telegram.access import Access
from tests.telegram.talk import Talk, words

GOAL = "Say hello\n1. Say it: `echo hello`"


async def test_a_reply_to_the_final_message_says_what_should_be_different(talk: Talk) -> None:
    await talk.press(await talk.say(GOAL), "Start")
    end = await talk.hear("Goal Complete")

    told = await talk.say("Say it louder", "Goal 1 goes on", reply_to=end["message_id"])
    task = await talk.hear("👤 1.2 Say it louder")

    assert words(end).endswith("or /answer 2 looks-good | rework")
    assert words(told) == "Goal 1 goes on. Plan v1 → v2: +1 −0 ~0."
    await talk.press(task, "Done")
    assert "2 of 2 tasks done" in words(await talk.hear("Goal Complete"))


async def test_the_command_means_the_newest_completed_goal_and_shows_its_form(talk: Talk) -> None:
    nothing = await talk.say("/rework")
    none_yet = await talk.say("/rework Say it louder")
    await talk.press(await talk.say(GOAL), "Start")
    await talk.hear("Goal Complete")

    told = await talk.say("/rework Say it louder: `echo HELLO`", "Goal 1 goes on")
    again = await talk.hear("Goal Complete")

    assert words(nothing) == "Please write it like this: /rework 12 what should be different"
    assert words(none_yet) == "No goal is completed here yet, so there is nothing to rework."
    assert words(told) == "Goal 1 goes on. Plan v1 → v2: +1 −0 ~0."
    assert "✅ 1.2 Say it louder" in words(again)


async def test_only_whoever_may_accept_a_command_may_add_one(talk: Talk) -> None:
    await talk.press(await talk.say(GOAL), "Start")
    end = await talk.hear("Goal Complete")
    operator = talk.chat.operator_id
    talk.people.owners, talk.people.requesters = [], [operator]

    refused = await talk.say("/rework 1 Again: `rm -rf x`", "Only an approver")
    by_reply = await talk.say("Again: `rm -rf x`", "Only an approver", reply_to=end["message_id"])
    taken = await talk.say("/rework 1 Again, please", "Goal 1 goes on")

    assert isinstance(talk.people, Access)
    assert words(refused) == "Only an approver or an owner may add a command. Without backticks it becomes a task."
    assert words(by_reply) == words(refused)
    assert words(taken)
