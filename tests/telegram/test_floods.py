"""A goal that says too much, as a person on a phone meets it."""

from bot.telegram.html import plain
from bot.telegram.message import Button, Document
from bot.telegram.messages import notice_message
from executor.domain.flood import OF_A_GOAL
from executor.domain.notice import NoticeKind
from tests.telegram.talk import Talk, words
from tests.telegram.values import notice

CHATTY = """
name = "chatty"
title = "Chatty"
match = ["chatty"]
"""
STEP = """
[[tasks]]
key = "k{n}"
title = "Say {n}"
action = "notify"
parameters = {{ text = "Text {n}" }}
"""


def test_the_message_says_what_happened_and_holds_what_was_held_back() -> None:
    facts = {"flood": 12, "title": "Chatty", "paused": True, "texts": ["12.31 Text 31", "12.32 <b>Text</b> 32"]}

    message = notice_message(notice("12/flood/1", NoticeKind.FAILURE, facts=facts))

    assert plain(message.html).splitlines() == [
        "🌊 Chatty #12",
        "It sends one message after the other, so I have paused it. What runs now finishes first.",
        "📄 2 more messages from it: messages-12.md",
        "",
        "or /resume 12 · /cancel 12 · /why 12",
    ]
    assert message.document == Document("messages-12.md", "12.31 Text 31\n\n---\n\n12.32 <b>Text</b> 32\n")
    assert message.buttons == ((Button("▶️ Resume", "r:12"),),)


async def test_it_is_paused_once_and_goes_on_when_resume_is_pressed(talk: Talk) -> None:
    folder = talk.house.settings.data_dir / "workflows"
    folder.mkdir(exist_ok=True)
    most = OF_A_GOAL.minute
    (folder / "chatty.toml").write_text("\n".join([CHATTY, *(STEP.format(n=n) for n in range(1, most + 9))]))
    await talk.press(await talk.say("/run chatty", "Chatty"), "Start")

    flood = await talk.hear("🌊 Chatty #1", patience_s=60)
    answer = await talk.press(flood, "▶️ Resume")
    await talk.hear("Goal Complete", patience_s=60)
    again = await talk.press(flood, "▶️ Resume")

    said = [message for message in talk.chat.messages() if words(message).startswith("🌊")]
    assert answer["text"] == "Goal 1 goes on."
    assert again["show_alert"] is True
    assert len(said) == 1
