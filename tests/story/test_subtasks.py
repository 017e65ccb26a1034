"""A task that is too big, as a person sees it in the chat: its parts stand below it, with numbers of their own."""

from pathlib import Path

from bot.localchat import LocalChat
from tests.modelserver import ModelServer, says
from tests.telegram.talk import Json, talking, words

PATIENCE_S = 60.0
ONCE = {"executor": {"attempts_max": 1}}
GOAL = "Report p3\n1. Make the report: `exit 3`\n2. Send it: `cat report.txt`"
PARTS = "/task 1.1\n1. Fetch: `echo numbers > numbers.txt`\n2. Write: `test -f stamp && cp numbers.txt report.txt`"


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


async def test_a_model_splits_what_proves_too_big_and_a_person_sees_the_parts_first(
    tmp_path: Path, room: LocalChat, server: ModelServer
) -> None:
    """It keeps the task under its key and adds 1.1 and 1.2 to it; the check that was planned decides in the end."""
    seen = {"kind": "command", "command": "grep -q b report.txt"}
    whole = step("1", "Make the report", "echo too much at once >&2; exit 3") | {"check": seen}
    parts = [
        step("1.1", "First half", "echo a > report.txt"),
        step("1.2", "Second half", "echo b >> report.txt", "1.1"),
    ]
    later = step("2", "Count it", "wc -l < report.txt", "1")
    give_up = {"kind": "give_up"}
    server.on("plan", says(way(whole, later)))
    server.on("diagnose", says({"blockage_type": "error", "cause": "Too much", "confidence": 0.9, "fix": give_up}))
    server.on("adapt", says({"reason": "The report is made in two halves", "plan": way(whole, *parts, later)}))
    brain = {"provider": "openai", "model": "m-1", "base_url": f"{server.url}/v1"}
    async with talking(tmp_path / "data", room, chosen=ONCE | {"brain": brain}) as talk:
        card = await talk.say("/goal Report on the quarter", "Nothing runs before you press Start")
        while "reply_markup" not in card:
            card = await talk.hear("Nothing runs before you press Start", patience_s=PATIENCE_S)
        await talk.press(card, "Start")
        asked = await talk.hear("two halves", patience_s=PATIENCE_S)
        await talk.press(asked, "Accept")
        receipt = words(await talk.hear("Goal Complete", patience_s=PATIENCE_S))

    assert "+ First half (part of 1.1)\n   echo a > report.txt\n" in words(asked)
    assert "~ Make the report\n   ran: echo too much at once >&2; exit 3\n   is done in its parts" in words(asked)
    assert [line for line in receipt.splitlines() if line.startswith("✅ 1.")] == [
        "✅ 1.1 Make the report · 2 attempts",
        "✅ 1.1.1 First half",
        "✅ 1.1.2 Second half",
        "✅ 1.2 Count it",
    ]
    assert server.purposes() == ["plan", "diagnose", "adapt"]


def step(key: str, title: str, command: str, *after: str) -> Json:
    return {"key": key, "title": title, "action": "shell", "parameters": {"command": command}, "depends_on": after}


def way(*tasks: Json) -> Json:
    return {"alternatives": [{"name": "plainly", "tasks": list(tasks)}], "chosen": "plainly"}
