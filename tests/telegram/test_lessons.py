"""/lessons and approvals, as a person on a phone meets them."""

from dataclasses import replace

import pytest

from bot.telegram.access import Role
from bot.telegram.commands.lessons import lessons_message
from bot.telegram.html import plain
from executor.domain.lesson import Calibration
from tests.engine.test_lessons import failure, installs, lesson
from tests.telegram.talk import Talk, words

COPY = "Copy it {n}\n1. Make it: `echo a > a.txt`\n2. Copy it: `cp a.txt out/a.txt` after 1"


async def copied(talk: Talk, number: int) -> None:
    card = await talk.say(COPY.format(n=number), f"#{number} · 2 tasks")
    await talk.press(card, "Start")
    await talk.hear("Goal Complete")


async def test_what_was_learned_is_listed_and_revoked_by_button_and_by_text(talk: Talk) -> None:
    assert words(await talk.say("/lessons")).startswith("Nothing was learned yet.")
    await copied(talk, 1)
    once = await talk.say("/lessons", "🎓")
    await copied(talk, 2)
    twice = await talk.say("/lessons", "🎓")

    assert words(once).splitlines() == [
        "🎓 What was learned",
        "",
        "1. The folder out is missing: making it",
        "   worked once, tried first after one more success",
        "   against: A file or folder is missing: out/a.txt (shell)",
        "",
        "or /lessons revoke 1",
    ]
    assert "worked 2 of 2 times, tried first" in words(twice)
    await copied(talk, 3)
    assert "(lesson 1: worked 2 of 2 times)" in words(await talk.hear("lesson 1"))
    toast = await talk.press(twice, "Revoke 1")
    assert toast["text"] == "Lesson 1 is revoked: The folder out is missing: making it."
    assert words(await talk.say("/lessons revoke 1", "no lesson")) == "There is no lesson 1. /lessons lists them."
    assert words(await talk.say("/lessons revoke", "Please")) == (
        "Please write it like this: /lessons, or /lessons revoke 3"
    )


@pytest.mark.parametrize("data", ["v:", "v:x", "v:-1", "v:1.2", "v:9999999999"])
async def test_data_that_nobody_issued_is_refused(talk: Talk, data: str) -> None:
    message = await talk.say("/help")

    answer = await talk.press_data(message, data)

    assert answer["text"] == "This button is not one of mine."


async def test_only_who_may_let_things_run_may_revoke(talk: Talk) -> None:
    await copied(talk, 1)
    listed = await talk.say("/lessons", "🎓")
    talk.people.owners, talk.people.requesters = (), [talk.chat.operator_id]

    answer = await talk.press(listed, "Revoke 1")
    text = await talk.say("/lessons revoke 1", "role")

    assert answer["text"] == words(text) == "Revoking a lesson needs the role approver or higher."
    assert "reply_markup" not in await talk.say("/lessons", "🎓")


def test_what_is_only_told_and_what_lost_its_standing_say_so_and_sureness_stands_below() -> None:
    told = replace(failure("No module named 'zonk'"), person="Retry by hand", text="Retry by hand")
    found = [lesson(7, told, 1), lesson(3, installs("zonk"), 2, 2)]
    sure = [Calibration(action="shell", role="", count=4, expected=0.9, succeeded=0.5)]
    sure.append(Calibration(action="http", role="scout", count=1, expected=0.4, succeeded=1.0))

    message = lessons_message(found, sure, Role.OWNER)

    assert plain(message.html).splitlines() == [
        "🎓 What was learned",
        "",
        "7. Retry by hand",
        "   worked once, told to whoever is asked",
        "   against: A Python module is missing: zonk (shell)",
        "",
        "3. Install zonk",
        "   worked 2 of 4 times, not tried first any more",
        "   against: A Python module is missing: zonk (shell)",
        "",
        "How sure plans were, and how it went",
        "shell: 90 % sure, 50 % of 4 tasks succeeded",
        "http as scout: 40 % sure, 100 % of 1 task succeeded",
        "",
        "or /lessons revoke 7",
    ]
    assert [[button.label for button in row] for row in message.buttons] == [["Revoke 7", "Revoke 3"]]
