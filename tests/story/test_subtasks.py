"""A task that is too big, as a person sees it in the chat: its parts stand below it, with numbers of their own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.localchat import LocalChat
from tests.telegram.talk import talking, words

PATIENCE_S = 30.0
ONCE = {"executor": {"attempts_max": 1}}
GOAL = "Report p3\n1. Make the report: `exit 3`\n2. Send it: `cat report.txt`"
PARTS = "/task 1.1\n1. Fetch: `echo numbers > numbers.txt`\n2. Write: `test -f stamp && cp numbers.txt report.txt`"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[LocalChat]:
    chat = LocalChat(tmp_path / "chat", port=0, operator_name="Ann")
    await chat.start()
    yield chat
    await chat.stop()


async def test_a_blocked_task_is_done_in_parts(tmp_path: Path, room: LocalChat) -> None:
    async with talking(tmp_path / "data", room, chosen=ONCE) as talk:
        card = await talk.say(f"/goal {GOAL}", "Nothing runs before you press Start")
        await talk.press(card, "Start")
        await talk.hear("1.1 Make the report\nBlocked", patience_s=PATIENCE_S)
        said = words(await talk.say(PARTS, "in parts now"))
        asked = words(await talk.hear("1.1.2 Write\nBlocked", patience_s=PATIENCE_S))
        live = words(await talk.message(card["message_id"], "1.1.2 Write · blocked"))
        why = words(await talk.say("/why 1.1.2", "• 1.1.2 Write"))
        (tmp_path / "data/workspaces/1/stamp").touch()
        await talk.say("/retry 1.1.2", "Trying 1.1.2 again")
        await talk.hear("Goal Complete", patience_s=PATIENCE_S)
        plan = words(await talk.say("/plan 1", "1.1.1 Fetch"))

    assert said == "1.1 is done in parts now: 1.1.1, 1.1.2. It is done when they are."
    assert "Waits for it\n• 1.1 Make the report\n• 1.2 Send it" in asked
    assert "\n▫️ 1.1 Make the report · 1 of 2 parts done\n   ✅ 1.1.1 Fetch\n   ⛔ 1.1.2 Write · blocked\n" in live
    assert "blocked" in why
    assert "1.1 Make the report\n   its subtasks\n" in plan
