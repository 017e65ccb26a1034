"""Somebody is taken off the lists while their goal runs: nothing runs on their word any more, and another has it."""

from bot.telegram.html import plain
from bot.telegram.message import Button
from bot.telegram.messages import notice_message
from executor.domain.goal import GoalState
from executor.domain.notice import NoticeKind
from tests.builders import ANN
from tests.telegram.talk import Json, Talk, words
from tests.telegram.values import notice

UNSURE = """
name = "tidy"
title = "Tidy up"
match = ["tidy up"]

[[tasks]]
key = "clear"
title = "Clear away"
action = "shell"
parameters = { command = "echo gone" }
confidence = 0.3
"""


async def robs_goal_asks(talk: Talk) -> tuple[int, Json]:
    """Rob, an approver, has set a goal in his own chat; it waits for an approval. (Rob, the question)"""
    folder = talk.house.settings.data_dir / "workflows"
    folder.mkdir(exist_ok=True)
    (folder / "tidy.toml").write_text(UNSURE)
    rob = talk.chat.add_user("Rob")["id"]
    talk.people.approvers = [rob]
    card = await talk.say("/run tidy", "Tidy up", user=rob, chat=rob)
    await talk.press(card, "Start", user=rob, chat=rob)
    return rob, await talk.hear("🔐 1.1", chat=rob)


async def test_their_press_is_refused_and_the_question_goes_to_the_owner(talk: Talk) -> None:
    rob, asked = await robs_goal_asks(talk)
    talk.people.approvers = ()

    answer = await talk.press(asked, "Approve (this time)", user=rob, chat=rob)
    told = await talk.hear("👋 Tidy up #1", chat=talk.chat.operator_id)
    again = await talk.hear("🔐 1.1", chat=talk.chat.operator_id)
    view = await talk.house.executor.view(1)

    assert "This bot is private" in answer["text"]
    assert "Rob is no longer on the lists." in words(told)
    assert view is not None
    assert (view.goal.state, view.goal.reason) == (GoalState.PAUSED, "Paused: Rob is no longer on the lists")
    await talk.press(again, "Approve (this time)")
    await talk.press(told, "▶️ Resume")
    assert "1 of 1 tasks done" in words(await talk.hear("Goal Complete", chat=talk.chat.operator_id))


async def test_they_hear_nothing_more(talk: Talk) -> None:
    rob, _ = await robs_goal_asks(talk)
    before = [message["message_id"] for message in talk.chat.messages(rob)]
    talk.people.approvers = ()

    await talk.house.executor.note(1, text="Rob is gone", caller=ANN, command_id="note")
    talk.chat.say("hello?", user=rob, chat=rob)
    told = await talk.hear("👋 Tidy up #1", chat=talk.chat.operator_id)
    await talk.press(told, "▶️ Resume")
    await talk.say("/approve 2", "Running 1.1", chat=talk.chat.operator_id)
    await talk.hear("Goal Complete", chat=talk.chat.operator_id)
    since = [message for message in talk.chat.messages(rob) if message["message_id"] not in before]

    assert [words(message)[:20] for message in since if message["from"]["is_bot"]] in ([], ["This bot is private."])


async def test_a_goal_of_somebody_who_is_still_there_is_left_alone(talk: Talk) -> None:
    await robs_goal_asks(talk)
    stranger = talk.chat.add_user("Eve")["id"]

    await talk.say("hello", "This bot is private", user=stranger, chat=stranger)
    view = await talk.house.executor.view(1)

    assert view is not None
    assert (view.goal.state, view.goal.origin.person_name) == (GoalState.BLOCKED, "Rob")


def test_the_message_says_who_left_and_what_waits() -> None:
    facts = {"left": "Rob", "heir": "the owner", "title": "Tidy up", "number": 12, "paused": True, "questions": [17]}

    message = notice_message(notice("12/left/1", NoticeKind.FAILURE, facts=facts))

    assert plain(message.html).splitlines() == [
        "👋 Tidy up #12",
        "Rob is no longer on the lists.",
        "I have paused their goal, and it is yours now.",
        "1 open question: 17",
        "",
        "or /resume 12 · /cancel 12 · /status 12",
    ]
    assert message.buttons == ((Button("▶️ Resume", "r:12"),),)
