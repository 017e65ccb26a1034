"""The story of document 003 in the chat: twelve tasks, two failing tests, a debug and a fix task made by itself, the
audit, the review, and a rework with "Please add 2FA support". The work is scripted; everything else is real."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.localchat import LocalChat
from executor.domain.decision import DecisionKind
from tests.story.looking import events, rows
from tests.telegram.talk import Json, Talk, talking, words

REFRESH = "def refresh(token):\\n    return token\\n"  # the bug: nothing is rotated
TESTS = """import unittest
from auth import jwt

class Auth(unittest.TestCase):
    def test_a_token_is_made(self):
        self.assertTrue(jwt.make("ann"))

    def test_refresh_rotates(self):
        self.assertNotEqual(jwt.refresh("a"), "a")

    def test_the_old_token_is_dead(self):
        self.assertNotEqual(jwt.refresh("b"), "b")
"""
STEPS = (
    ("analyze-requirements", "printf 'tokens, rotation, hashing\\n' > requirements.md"),
    ("design-architecture", "printf 'one module each\\n' > design.md"),
    ("make-package", "mkdir -p auth && touch auth/__init__.py"),
    ("implement-jwt-module", "printf 'def make(user):\\n    return user\\n\\n' > auth/jwt.py"),
    ("implement-refresh", f"printf '{REFRESH}' >> auth/jwt.py"),
    ("implement-hashing", "printf 'import hashlib\\n' > auth/hashing.py"),
    ("implement-login", "touch auth/login.py"),
    ("implement-logout", "touch auth/logout.py"),
    ("implement-roles", "touch auth/roles.py"),
    ("document-api", "printf '# API\\n' > api.md"),
    ("document-setup", "printf '# Setup\\n' > setup.md"),
    ("write-tests", f"cat > test_auth.py <<'END'\n{TESTS}END"),
)


def task(name: str, command: str, after: str = "") -> str:
    depends = f'depends_on = ["{after}"]\n' if after else ""
    title = name.replace("-", " ").capitalize()
    return (
        f'[[tasks]]\nkey = "{name}"\ntitle = "{title}"\naction = "shell"\n{depends}'
        f"parameters.command = '''\n{command}\n'''\n"
    )


WORKFLOW = (
    'name = "auth-system"\ntitle = "Build authentication system"\nmatch = ["authentication system"]\n'
    + "".join(task(name, command, before) for (name, command), before in zip(STEPS, ["", *dict(STEPS)], strict=False))
    + """
[[gates]]
gate = "tests"
command = "python3 -B -m unittest -q"
[[gates.rework]]
key = "debug"
title = "Debug test failures"
action = "shell"
parameters.command = "grep -n 'return token' auth/jwt.py"
[[gates.rework]]
key = "fix"
title = "Fix token refresh"
action = "shell"
depends_on = ["debug"]
parameters.command = "sed -i 's/return token/return token + \\".next\\"/' auth/jwt.py"

[[gates]]
gate = "security"
command = "! grep -rn md5 auth"
"""
)
PATIENCE_S = 60.0
SAID_FIRST = """🎯 Milestone Achieved

Goal Complete

Goal: Build authentication system with JWT
Progress: 100%
14 of 14 tasks done

Checks before the end
✅ The tests pass
"""


@pytest.fixture
async def talk(tmp_path: Path) -> AsyncIterator[Talk]:
    (tmp_path / "data" / "workflows").mkdir(parents=True)
    (tmp_path / "data" / "workflows" / "auth-system.toml").write_text(WORKFLOW)
    chat = LocalChat(tmp_path / "chat", port=0, operator_name="Ann")
    await chat.start()
    async with talking(tmp_path / "data", chat, chosen={"gates": {"review": True}}) as running:
        yield running
    await chat.stop()


async def in_time(talk: Talk, text: str) -> Json:
    """As `hear`, after real commands that take as long as they take."""
    await talk.chat.until(lambda: any(text in words(m) for m in talk.chat.messages() if unread(talk, m)), PATIENCE_S)
    return await talk.hear(text)


def unread(talk: Talk, message: Json) -> bool:
    return message["message_id"] not in talk.read


async def review(talk: Talk) -> Json:
    question = await in_time(talk, "Please review the result")
    await talk.press(question, "Looks good")
    return question


async def test_the_system_works_autonomously_and_a_person_is_asked_for_what_only_a_person_can_say(
    talk: Talk, tmp_path: Path
) -> None:
    card = await talk.say("/goal Build authentication system with JWT")
    await talk.press(card, "Start")
    failed = await in_time(talk, "2 tests fail")
    question = await review(talk)
    end = await in_time(talk, "Goal Complete")

    assert words(failed) == (
        "🔧 Plan v1 → v2: +2 −0 ~0, 2 tests fail: test_refresh_rotates, test_the_old_token_is_dead\n"
        "+ Debug test failures\n+ Fix token refresh"
    )
    assert "auth/jwt.py" in words(question)
    assert words(end).startswith(SAID_FIRST)
    assert [button["text"] for row in end["reply_markup"]["inline_keyboard"] for button in row] == [
        "Looks good",
        "Rework",
        "Undo",
    ]

    prompt = await talk_of_rework(talk, end)
    await talk.say("Please add 2FA support", "Goal 1 goes on", reply_to=prompt["message_id"])
    asked = await talk.hear("👤 1.15 Please add 2FA support")
    await talk.press(asked, "Done")
    await review(talk)
    again = await in_time(talk, "Goal Complete")
    toast = await talk.press(again, "Looks good")
    settled = await talk.message(again["message_id"], "✅ Looks good — Ann")
    reworked = await talk.message(end["message_id"], "Rework: Please add 2FA support — Ann")

    assert "15 of 15 tasks done" in words(again)
    assert toast["text"] == "Thank you, noted."
    assert "reply_markup" not in settled
    assert "reply_markup" not in reworked
    assert questions(tmp_path / "data") == [
        (DecisionKind.START, None, "start", None),
        (DecisionKind.QUESTION, "1.g3", "looks-good", None),
        (DecisionKind.RESULT, None, "rework", "Please add 2FA support"),
        (DecisionKind.MANUAL, "1.15", "done", None),
        (DecisionKind.QUESTION, "1.g3", "looks-good", None),
        (DecisionKind.RESULT, None, "looks-good", None),
    ]
    assert versions(tmp_path / "data") == [
        "",
        "2 tests fail: test_refresh_rotates, test_the_old_token_is_dead",
        "Ann: Please add 2FA support",
    ]
    log = events(tmp_path / "data")
    assert (log.count("goal.completed"), log.count("goal.reworked"), log.count("milestone.reached")) == (2, 1, 5)


async def talk_of_rework(talk: Talk, end: Json) -> Json:
    await talk.press(end, "Rework")
    return await talk.hear("Say what should be different, as a reply.")


def questions(folder: Path) -> list[tuple[str, str | None, str | None, str | None]]:
    found = rows(folder, "SELECT kind, task_ref, option, text, state FROM decisions ORDER BY number")
    assert {one["state"] for one in found} == {"answered"}
    return [(one["kind"], one["task_ref"], one["option"], one["text"]) for one in found]


def versions(folder: Path) -> list[str]:
    return [one["reason"] for one in rows(folder, "SELECT reason FROM goal_plans ORDER BY version")]
