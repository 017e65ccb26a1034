"""Document 000 as an agent task: from a sentence in the chat to the receipt, with scripted replies, real commands and
the real results of each in the next request."""

import json
from pathlib import Path
from typing import Any

from bot.localchat import LocalChat
from tests.modelserver import Asked, ModelServer, Turn, says
from tests.telegram.talk import Json, Talk, talking, words

PATIENCE_S = 60.0


def chosen(server: ModelServer, **rules: list[str]) -> Json:
    brain = {"provider": "openai", "model": "m-1", "base_url": f"{server.url}/v1", "price_in": 1.0, "price_out": 10.0}
    return {
        "brain": brain,
        "executor": {"retry_first_s": 0.01},
        "rules": {"unasked": ["shell:bash *", "shell:python3 *"]} | rules,
    }


def plan(criterion: str, command: str, instructions: str) -> Json:
    check = {"kind": "command", "command": command}
    task = {
        "key": "build",
        "title": "Build it",
        "action": "agent",
        "parameters": {"instructions": instructions, "tools": ["read", "write", "shell"], "turns_max": 12},
        "check": check,
    }
    way = {"name": "in turns", "rationale": "The steps show as it goes", "probability": 0.9, "tasks": [task]}
    return {
        "summary": criterion,
        "criteria": [{"text": criterion, "check": check}],
        "alternatives": [way],
        "chosen": "in turns",
    }


def call(thought: str, action: str, **parameters: Any) -> Turn:
    return says({"thought": thought, "call": {"action": action, "parameters": parameters}})


def write(path: str, content: str) -> Turn:
    return call(f"{path} comes next", "write", path=path, content=content)


def shell(command: str) -> Turn:
    return call("Let me see", "shell", command=command)


def finish(summary: str, *insights: str) -> Turn:
    return says({"thought": "", "finish": {"success": True, "summary": summary, "insights": insights}})


async def start(talk: Talk, text: str) -> str:
    talk.chat.say(text)
    card = await talk.hear("Nothing runs before you press Start", patience_s=PATIENCE_S)
    await talk.press(card, "Start")
    return words(card)


def seen(asked: Asked) -> str:
    """The last thing that the model was told."""
    return str(asked.body["messages"][-1]["content"])


WRONG = "def add(a, b):\n    return a - b\n"
RIGHT = "def add(a, b):\n    return a + b\n"
TEST = "from calculator import add\nassert add(2, 3) == 5, add(2, 3)\nprint('all good')\n"


async def test_a_calculator_is_written_tested_and_corrected(
    tmp_path: Path, room: LocalChat, server: ModelServer
) -> None:
    server.on("plan", says(plan("It adds", "python3 test_calculator.py", "Write a calculator and a test of it.")))
    server.on(
        "act",
        write("calculator.py", WRONG),
        write("test_calculator.py", TEST),
        shell("python3 test_calculator.py"),
        write("calculator.py", RIGHT),
        shell("python3 test_calculator.py"),
        finish("The calculator adds; its test passes", "The test is test_calculator.py"),
    )
    async with talking(tmp_path / "data", room, chosen=chosen(server)) as talk:
        card = await start(talk, "/goal Create a Python calculator script")
        receipt = words(await talk.hear("Goal Complete", patience_s=PATIENCE_S))
        talk.chat.say("/log 1")
        log = words(await talk.hear("attempt 1", patience_s=PATIENCE_S))
        talk.chat.say("/cost 1")
        cost = words(await talk.hear("act", patience_s=PATIENCE_S))

    assert "an agent works in up to 12 turns with read, write, shell: Write a calculator" in card
    assert "✅ It adds\n" in receipt
    acts = [asked for asked in server.asked if asked.purpose == "act"]
    assert "AssertionError: -1" in seen(acts[3])
    assert "all good" in seen(acts[5])
    assert "Turn 4 of 12" in seen(acts[3])
    assert "❌ 3. runs python3 test_calculator.py" in log
    assert "✅ 6. says that it is done" in log
    assert "act" in cost
    assert server.purposes() == ["plan", *["act"] * 6]


PYTHON = "mkdir -p bin\nprintf '#!/bin/sh\\necho \"$@\"\\n' > bin/python3\nchmod +x bin/python3\n"
DENIED = "case $at in /srv/*) echo \"mkdir: cannot create directory '$at': Permission denied\" >&2; exit 1;; esac\n"
PAGE = "mkdir -p $at/templates && echo '<h1>Books</h1>' > $at/templates/index.html\n"


async def test_a_bookstore_meets_two_failures_and_an_approval_over_a_restart(
    tmp_path: Path, room: LocalChat, server: ModelServer
) -> None:
    """Without the command pip, and where writing is denied."""
    server.on("plan", says(plan("It has its page", "grep -q Books bookstore/templates/index.html", "Build it.")))
    before = [
        write("setup.sh", PYTHON),
        shell("bash setup.sh"),
        write("install.sh", "PATH=$PWD/bin\npip install flask\n"),
        shell("bash install.sh"),
        write("install.sh", "PATH=$PWD/bin\npython3 -m pip install flask\n"),
        shell("bash install.sh"),
        write("page.sh", f"at=/srv/bookstore\n{DENIED}{PAGE}"),
        shell("bash page.sh"),
        write("page.sh", f"at=bookstore\n{DENIED}{PAGE}"),
        shell("bash page.sh"),
    ]
    server.on("act", *before, finish("The bookstore has its page"))
    settings = chosen(server, unasked=["shell:bash setup.sh", "shell:bash install.sh"], always_ask=["shell:*page.sh"])
    async with talking(tmp_path / "data", room, chosen=settings) as talk:
        await start(talk, "/goal Build a Flask bookstore app with templates")
        asked = await talk.hear("An agent chose this", patience_s=PATIENCE_S)
    async with talking(tmp_path / "data", room, chosen=settings) as talk:
        await talk.press(asked, "Approve (this time)")
        again = await talk.hear("An agent chose this", patience_s=PATIENCE_S)
        await talk.press(again, "Approve (this time)")
        receipt = words(await talk.hear("Goal Complete", patience_s=PATIENCE_S))

    acts = [asked for asked in server.asked if asked.purpose == "act"]
    assert "pip: command not found" in seen(acts[4])
    assert "Permission denied" in seen(acts[8])
    assert "bash page.sh" in words(asked)
    assert "An agent chose this by itself (turn 8)" in words(asked)
    assert "✅ It has its page\n" in receipt
    assert len(acts) == len(before) + 1
    assert json.loads(acts[0].text)["messages"][0]["content"] == json.loads(acts[-1].text)["messages"][0]["content"]
