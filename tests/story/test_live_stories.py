"""The command that tells the documents' stories to a live model, here to a scripted one behind real HTTP."""

import asyncio
import os
from pathlib import Path
from typing import Any

from benchmarks.live import Story, Told, tell
from tests.modelserver import ModelServer, says

MADE = "def add(a, b):\n    return a + b\n"
TRUTH = "python3 -c 'import calculator as c; assert c.add(2, 3) == 5'"


def plan(action: str, parameters: dict[str, Any]) -> dict[str, Any]:
    task = {"key": "a", "title": "The only step", "action": action, "parameters": parameters}
    way = {"rationale": "Short", "probability": 0.9, "estimated_minutes": 1, "estimated_usd": 0.01, "tasks": [task]}
    criterion = {"text": "It is there", "check": {"kind": "command", "command": "true"}}
    ways = [{"name": "one", **way}, {"name": "two", **way}]
    return {"summary": "One step", "criteria": [criterion], "alternatives": ways, "chosen": "one"}


async def told(server: ModelServer, folder: Path, story: Story) -> Told:
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "MILEPOST_BRAIN__PROVIDER": "openai",
        "MILEPOST_BRAIN__MODEL": "m-1",
        "MILEPOST_BRAIN__API_KEY": "key-1",
        "MILEPOST_BRAIN__BASE_URL": f"{server.url}/v1",
        "MILEPOST_BRAIN__PRICE_IN": "1",
        "MILEPOST_BRAIN__PRICE_OUT": "10",
    }
    return await asyncio.to_thread(tell, story, folder / "story", environ)


CALCULATOR = Story(name="calculator", text="Create a Python calculator script", truth=TRUTH)


async def test_a_story_ends_with_what_a_command_of_ours_finds_true(server: ModelServer, tmp_path: Path) -> None:
    server.on("plan", says(plan("write", {"path": "calculator.py", "content": MADE}), tokens=(1000, 500, 0)))

    got = await told(server, tmp_path, CALCULATOR)

    assert (got.state, got.asked, got.true) == ("completed", (), True)
    assert (got.calls, got.tokens, got.usd) == (1, 1500, 0.006)
    assert got.as_it_should(CALCULATOR)


async def test_a_story_that_only_claims_its_end_did_not_end_as_it_should(server: ModelServer, tmp_path: Path) -> None:
    server.on("plan", says(plan("write", {"path": "calculator.py", "content": "nothing = 0\n"})))

    got = await told(server, tmp_path, CALCULATOR)

    assert (got.state, got.true, got.as_it_should(CALCULATOR)) == ("completed", False, False)


async def test_what_only_a_person_can_do_ends_with_the_question(server: ModelServer, tmp_path: Path) -> None:
    story = Story(name="chairs", text="Order new office chairs", ends="asks")
    server.on("plan", says(plan("manual", {"instructions": "Order them in the procurement portal"})))

    got = await told(server, tmp_path, story)

    assert got.state != "completed"
    assert len(got.asked) == 1
    assert "procurement portal" in got.asked[0]
    assert got.as_it_should(story)
