"""A task that its plan is not sure about, as a person on a phone meets it."""

from tests.telegram.talk import Talk, words

UNSURE = """
name = "tidy"
title = "Tidy up"
match = ["tidy up"]

[[tasks]]
key = "look"
title = "Look"
action = "shell"
parameters = { command = "echo two files" }

[[tasks]]
key = "clear"
title = "Clear away"
action = "shell"
parameters = { command = "rm -f <old> && echo gone" }
depends_on = ["look"]
confidence = 0.3
"""


async def unsure(talk: Talk) -> None:
    folder = talk.house.settings.data_dir / "workflows"
    folder.mkdir(exist_ok=True)
    (folder / "tidy.toml").write_text(UNSURE.replace("<old>", "old.txt"))
    card = await talk.say("/run tidy", "Tidy up")
    await talk.press(card, "Start")


async def test_it_is_shown_in_full_and_runs_once_approved(talk: Talk) -> None:
    await unsure(talk)

    asked = await talk.hear("🔐")
    assert words(asked).splitlines() == [
        "🔐 1.2 Clear away",
        "The plan is only 30 % sure about this task.",
        "",
        "rm -f old.txt && echo gone",
        "",
        "It runs exactly as shown, or not at all.",
        "",
        "or /answer 2 approve | for-this-goal | reject | never",
    ]
    toast = await talk.press(asked, "Approve (this time)")

    assert toast["text"] == "Running 1.2."
    assert "2 of 2 tasks done" in words(await talk.hear("Goal Complete"))


async def test_rejected_it_is_a_blockage_with_its_ways_out(talk: Talk) -> None:
    await unsure(talk)
    await talk.hear("🔐")

    await talk.say("/reject 2", "1.2 does not run")
    blocked = await talk.hear("⛔ 1.2")

    assert words(blocked).splitlines()[1] == "Blocked (external): Ann did not let it run"
    await talk.press(blocked, "Skip")
    assert "1 of 1 tasks done" in words(await talk.hear("Goal Complete"))
