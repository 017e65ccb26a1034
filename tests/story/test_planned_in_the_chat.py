"""From a sentence in the chat to the receipt, planned by a model: documents 000, 001 and 004, with real commands."""

from pathlib import Path
from typing import Any

import pytest

from bot.localchat import LocalChat
from tests.modelserver import ModelServer, says
from tests.telegram.talk import Json, Talk, talking, words

PATIENCE_S = 60.0


def chosen(server: ModelServer) -> Json:
    brain = {"provider": "openai", "model": "m-1", "base_url": f"{server.url}/v1", "price_in": 1.0, "price_out": 10.0}
    return {"brain": brain, "executor": {"retry_first_s": 0.01}}


def task(key: str, title: str, action: str, parameters: Json, *after: str, **more: Any) -> Json:
    return {"key": key, "title": title, "action": action, "parameters": parameters, "depends_on": after} | more


def shell(key: str, title: str, command: str, *after: str) -> Json:
    return task(key, title, "shell", {"command": command}, *after)


def draft(path: str, instructions: str, execution_type: str = "fully_automated") -> Json:
    parameters = {"instructions": instructions, "path": path}
    return task("write", "Write it", "draft", parameters, execution_type=execution_type)


def plan(criterion: str, command: str, *tasks: Json) -> Json:
    checked = {"text": criterion, "check": {"kind": "command", "command": command}}
    way = {"name": "plainly", "rationale": "Few steps", "probability": 0.9, "tasks": list(tasks)}
    return {"summary": criterion, "criteria": [checked], "alternatives": [way], "chosen": "plainly"}


async def start(talk: Talk, text: str) -> None:
    talk.chat.say(text)
    card = await talk.hear("Nothing runs before you press Start", patience_s=PATIENCE_S)
    await talk.press(card, "Start")


async def test_a_bookstore_is_finished_in_spite_of_two_failures(
    tmp_path: Path, room: LocalChat, server: ModelServer
) -> None:
    """Document 000: without the command pip, and where writing is denied."""
    python = "mkdir -p bin && printf '#!/bin/sh\\necho \"$@\"\\n' > bin/python3 && chmod +x bin/python3"
    denied = "case $at in /srv/*) echo \"mkdir: cannot create directory '$at': Permission denied\" >&2; exit 1;; esac"
    page = f"at=/srv/bookstore; {denied}; mkdir -p $at/templates; echo '<h1>Books</h1>' > $at/templates/index.html"
    app = {"path": "app.py", "content": "PAGES = ['index.html', 'book.html']\n"}
    server.on(
        "plan",
        says(
            plan(
                "The bookstore has its page",
                "python3 app.py && grep -q Books srv/bookstore/templates/index.html",
                shell("python", "Look for Python", python),
                shell("install", "Install Flask", "PATH=$PWD/bin; pip install flask", "python"),
                task("app", "Create app.py", "write", app),
                shell("page", "Create the page", page, "app"),
            )
        ),
    )
    async with talking(tmp_path / "data", room, chosen=chosen(server)) as talk:
        await start(talk, "/goal Build a Flask bookstore app with templates")
        receipt = words(await talk.hear("Goal Complete", patience_s=PATIENCE_S))

    told = {words(one).split("\n")[0].partition(", ")[2] for one in room.messages() if words(one).startswith("🔧")}
    assert told == {
        "pip is not here: using python3 -m pip instead",
        "/srv/bookstore may not be written: using the same path in the goal's own folder",
    }
    assert "✅ The bookstore has its page\n" in receipt
    assert server.purposes() == ["plan"]


async def test_an_email_is_drafted_reworked_and_found_good(
    tmp_path: Path, room: LocalChat, server: ModelServer
) -> None:
    mail = draft("mail.md", "Thank john@example.com for the meeting.", "semi_automated")
    server.on("plan", says(plan("The e-mail is written", "test -s mail.md", mail)))
    server.on("draft", says("Dear John, thanks."), says("Dear John, thank you for Tuesday."))
    async with talking(tmp_path / "data", room, chosen=chosen(server)) as talk:
        await start(talk, "/goal Draft an e-mail to john@example.com thanking him for the meeting")
        first = await talk.hear("Dear John, thanks.", patience_s=PATIENCE_S)
        room.say("Name the day: Tuesday.", reply_to=first["message_id"])
        second = await talk.hear("thank you for Tuesday", patience_s=PATIENCE_S)
        await talk.press(second, "Looks good")
        receipt = words(await talk.hear("Goal Complete", patience_s=PATIENCE_S))

    assert "✅ The e-mail is written\n" in receipt
    assert (tmp_path / "data/workspaces/1/mail.md").read_text() == "Dear John, thank you for Tuesday."
    assert server.purposes() == ["plan", "draft", "draft"]
    assert "Name the day: Tuesday." in server.asked[2].text


@pytest.mark.parametrize(
    ("sentence", "path", "text"),
    [
        ("Outline the report on the third quarter", "outline.md", "1. Sales\n2. Costs\n3. Outlook"),
        ("Summarise the meeting: Ann ships on Friday, Bo tests", "summary.md", "- Ann ships on Friday\n- Bo tests"),
    ],
)
async def test_a_text_is_written_and_checked_without_a_question(
    sentence: str, path: str, text: str, tmp_path: Path, room: LocalChat, server: ModelServer
) -> None:
    server.on("plan", says(plan("It is written", f"test -s {path}", draft(path, sentence))))
    server.on("draft", says(text))
    async with talking(tmp_path / "data", room, chosen=chosen(server)) as talk:
        await start(talk, f"/goal {sentence}")
        receipt = words(await talk.hear("Goal Complete", patience_s=PATIENCE_S))

    assert "✅ It is written\n" in receipt
    assert (tmp_path / "data/workspaces/1" / path).read_text() == text
    assert server.purposes() == ["plan", "draft"]


EXAMPLES = {
    "Launch Momentum Strategy p3": ["Complete market research", "Develop strategy logic", "Deploy to paper trading"],
    "Launch Analytics Dashboard p3": ["Design UI mockups", "Develop MVP", "Implement feedback"],
    "Master Deep Learning p2": ["Implement CNN from scratch", "Implement RNN/LSTM", "Build production ML system"],
}


@pytest.mark.parametrize("title", EXAMPLES)
async def test_a_persons_criteria_are_planned_as_they_stand_and_a_person_does_a_persons_part(
    title: str, tmp_path: Path, room: LocalChat, server: ModelServer
) -> None:
    """Document 001: the model says which task reaches which criterion, and adds none of its own."""
    criteria = EXAMPLES[title]
    made = [shell(f"t{n}", text, f"echo {n} >> done.txt") for n, text in enumerate(criteria[:-1])]
    by_hand = task("hand", criteria[-1], "manual", {"instructions": criteria[-1]}, "t0", execution_type="manual")
    covered = [{"text": text, "covered_by": key} for text, key in zip(criteria, ("t0", "t1", "hand"), strict=True)]
    way = {"name": "in order", "rationale": "Research first", "tasks": [*made, by_hand]}
    server.on("plan", says({"criteria": covered, "alternatives": [way], "chosen": "in order"}))
    async with talking(tmp_path / "data", room, chosen=chosen(server)) as talk:
        await start(talk, "\n".join([f"/goal {title}", *(f"- {text}" for text in criteria)]))
        asked = await talk.hear("1.3", patience_s=PATIENCE_S)
        while "reply_markup" not in asked:
            asked = await talk.hear("1.3", patience_s=PATIENCE_S)
        await talk.press(asked, "Done")
        receipt = words(await talk.hear("Goal Complete", patience_s=PATIENCE_S))

    assert all(f"✅ {text}\n" in receipt for text in criteria)
    assert server.purposes() == ["plan"]
