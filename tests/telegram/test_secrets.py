"""A missing value is given in the chat, works, and is seen nowhere afterwards."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.localchat import LocalChat
from tests.telegram.talk import Json, Talk, talking, words

CANARY = "ghp_c4n4ry/9f2K+x=="
PUSH = 'Push\n1. Push it: `echo "pushed as ${GITHUB_TOKEN:?}"; printf "x:%s" "$GITHUB_TOKEN" | base64`'


async def asked(talk: Talk, goal: str = PUSH, *, in_advance: bool = True) -> Json:
    """The question for the value, after Start; before it, the same value was asked for in advance."""
    plan = await talk.say(goal, "Nothing runs before you press Start")
    if in_advance:
        await talk.hear("Nothing waits for it yet")
    await talk.press(plan, "Start")
    return await talk.hear("⛔")


def labels(message: Json) -> list[str]:
    return [button["text"] for row in message["reply_markup"]["inline_keyboard"] for button in row]


def holding(folder: Path, secret: str) -> list[str]:
    """The files in which it stands."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [str(path.relative_to(folder)) for path in files if secret.encode() in path.read_bytes()]


def rows(folder: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "milepost.db")) as connection:
        return connection.execute(statement).fetchall()


async def test_the_question_names_the_variable_and_offers_to_take_its_value(talk: Talk) -> None:
    question = await asked(talk)

    assert labels(question) == ["Retry", "Provide value", "Skip", "Take over", "Pause"]
    assert [one.get("style") for row in question["reply_markup"]["inline_keyboard"] for one in row][:2] == [
        None,
        "success",
    ]
    assert words(question).splitlines() == [
        "⛔ 1.1 Push it",
        "Blocked (external): A credential is missing or was refused: GITHUB_TOKEN",
        "",
        "/usr/bin/bash: line 1: GITHUB_TOKEN: parameter null or not set",
        "",
        "🔑 You can reply with the value of GITHUB_TOKEN, for this goal's commands only. I take it out of the chat and "
        "keep it encrypted until this goal ends.",
        "",
        "Tried",
        "• Ran it once",
        "",
        "or /answer 3 retry | provide-value | skip | take-over | pause",
    ]


async def test_the_button_asks_for_a_reply_and_the_reply_is_the_value(talk: Talk, tmp_path: Path) -> None:
    question = await asked(talk)
    toast = await talk.press(question, "Provide value")
    prompt = await talk.hear("Send the value of GITHUB_TOKEN")

    update = talk.chat.say(CANARY, reply_to=prompt["message_id"])
    told = await talk.hear("is set for this goal")
    end = await talk.hear("Goal Complete")
    await talk.quiet()

    assert toast["text"].startswith("Send the value of GITHUB_TOKEN.")
    assert update["message"]["text"] == CANARY
    assert words(told) == "GITHUB_TOKEN is set for this goal. Trying 1.1 again."
    assert "pushed as •••" in (await talk.house.executor.attempts(1))[-1].result["output"]  # type: ignore[index]
    assert update["message"]["message_id"] not in [one["message_id"] for one in talk.chat.messages()]
    assert (
        words(await talk.message(question["message_id"], "✅"))
        .splitlines()[-1]
        .startswith("✅ Provide value: GITHUB_TOKEN=••• — ")
    )
    assert CANARY not in words(end)
    assert holding(tmp_path, CANARY) == []
    assert rows(tmp_path / "data", "SELECT * FROM secrets") == []


@pytest.mark.parametrize(
    "said",
    [
        f"/answer 3 {CANARY}",
        f"/answer 3 provide-value {CANARY}",
        f"/answer {CANARY}",
        f"/answr 3 {CANARY}",
        f'/answer 3 export GITHUB_TOKEN="{CANARY}"',
    ],
)
async def test_a_command_gives_the_value_too(talk: Talk, tmp_path: Path, said: str) -> None:
    await asked(talk)

    told = await talk.say(said, "is set for this goal")
    await talk.hear("Goal Complete")
    await talk.quiet()

    assert words(told) == "GITHUB_TOKEN is set for this goal. Trying 1.1 again."
    assert [words(one) for one in talk.chat.messages() if "answ" in words(one) and not one["from"]["is_bot"]] == []
    assert holding(tmp_path, CANARY) == []


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("GITHUB_TOKEN=", "That is empty."),
        ("retyr", "Did you mean retry?"),
        ("LD_PRELOAD=/tmp/x.so", "LD_PRELOAD steers how programs run"),
        ("•••", "The value was lost on its way to me."),
    ],
)
async def test_nonsense_gets_one_line_and_the_question_stays_open(talk: Talk, said: str, line: str) -> None:
    question = await asked(talk)

    told = await talk.say(said, "open" if "Did" not in line else "Did", reply_to=question["message_id"])

    assert words(told).startswith(line)
    assert "\n" not in words(told)
    assert len(await talk.house.executor.open_decisions(None)) == 1


async def test_after_nonsense_the_next_reply_counts(talk: Talk, tmp_path: Path) -> None:
    question = await asked(talk)

    await talk.say("TOKEN=", "still open", reply_to=question["message_id"])
    await talk.say(CANARY, "is set for this goal", reply_to=question["message_id"])
    await talk.hear("Goal Complete")
    await talk.quiet()

    assert holding(tmp_path, CANARY) == []


async def test_where_nobody_knows_the_name_the_person_gives_it(talk: Talk, tmp_path: Path) -> None:
    fetch = 'test -n "$MY_LOGIN" || { echo "HTTP 401 Unauthorized" >&2; exit 22; }'
    question = await asked(talk, f"Fetch\n1. Fetch it: `{fetch}`", in_advance=False)

    which = await talk.say(CANARY, "Please write it as NAME=value", reply_to=question["message_id"])
    await talk.say(f"MY_LOGIN={CANARY}", "MY_LOGIN is set", reply_to=question["message_id"])
    await talk.hear("Goal Complete")
    await talk.quiet()

    assert words(which).endswith("Question 2 is still open.")
    assert "🔑 If you know which value is missing, reply with NAME=value." in words(question)
    assert holding(tmp_path, CANARY) == []


async def test_an_edit_and_a_late_reply_are_hidden_as_well(talk: Talk, tmp_path: Path) -> None:
    question = await asked(talk)
    talk.chat.faults.fail_next("deleteMessage", "500", 2)

    given = talk.chat.say(CANARY, reply_to=question["message_id"])
    await talk.hear("is set for this goal")
    please = await talk.hear("Please delete it yourself")
    await talk.hear("Goal Complete")
    talk.chat.edit(given["message"]["message_id"], CANARY + "2")
    edited = await talk.hear("already decided")
    await talk.say(CANARY + "3", "already decided", reply_to=question["message_id"])
    await talk.quiet()

    assert words(please) == "I could not delete your message with the value. Please delete it yourself."
    assert words(edited).startswith("Question 3 was already decided by Ann")
    assert holding(tmp_path, CANARY) == []


async def test_what_is_no_reply_is_a_goal_as_ever(talk: Talk) -> None:
    await asked(talk)

    proposal = await talk.say("Water the plants", "Nothing runs before you press Start")

    assert "Water the plants" in words(proposal)


async def test_an_option_said_in_a_reply_is_that_option(talk: Talk) -> None:
    question = await asked(talk)

    told = await talk.say("skip", "Skipped 1.1", reply_to=question["message_id"])

    assert words(told) == "Skipped 1.1."


async def test_a_message_that_the_chat_s_server_lost_is_asked_for_again(
    tmp_path: Path, chat: LocalChat, talk: Talk
) -> None:
    """Its text was in memory alone; after the crash only dots are left."""
    question = await asked(talk)
    await talk.bot.front._poller.stop()
    chat.say(CANARY, reply_to=question["message_id"])
    chat.room.whispers.clear()  # as a crash does
    await talk.bot.front._poller.start()

    told = await talk.hear("lost")

    assert words(told) == "The value was lost on its way to me. Please send it once more. Question 3 is still open."


async def test_with_a_lost_key_the_value_is_asked_for_again(tmp_path: Path, chat: LocalChat) -> None:
    twice = 'Push\n1. Push: `test -n "${GITHUB_TOKEN:?}"`\n2. Wait for Ann\n3. Again: `test -n "$GITHUB_TOKEN"`'
    async with talking(tmp_path / "data", chat) as talk:
        question = await asked(talk, twice, in_advance=False)
        await talk.say(CANARY, "is set", reply_to=question["message_id"])
        await talk.hear("Wait for Ann")
    (tmp_path / "data" / "secrets.key").unlink()

    async with talking(tmp_path / "data", chat) as talk:
        await talk.say("/done 1.2")
        again = await talk.hear("can't be read any more")
        await talk.say(CANARY, "is set", reply_to=again["message_id"])
        await talk.hear("Goal Complete")

    assert "Blocked (external): The value of GITHUB_TOKEN can't be read any more" in words(again)
    assert holding(tmp_path, CANARY) == []


async def test_a_command_that_fails_without_a_word_is_asked_about_at_once(talk: Talk) -> None:
    question = await asked(talk, 'Push\n1. Push it: `test -n "$DEPLOY_TOKEN"`', in_advance=False)

    assert "A credential is missing or was refused: DEPLOY_TOKEN" in words(question)
    assert "Ran it once" in words(question)
