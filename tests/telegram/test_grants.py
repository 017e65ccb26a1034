"""What was said for the rest of a goal is listed, and taken back."""

from tests.telegram.talk import Talk, words

PATIENCE_S = 60.0
UNSURE = """
name = "tidy"
title = "Tidy up"
match = ["tidy up"]

[[tasks]]
key = "clear"
title = "Clear away"
action = "shell"
parameters = { command = "echo gone" }
confidence = 0.3

[[tasks]]
key = "again"
title = "Clear again"
action = "shell"
parameters = { command = "echo gone" }
confidence = 0.3
depends_on = ["wait"]

[[tasks]]
key = "wait"
title = "Look"
action = "ask"
parameters = { question = "Clean?" }
depends_on = ["clear"]
"""


async def granted(talk: Talk) -> None:
    folder = talk.house.settings.data_dir / "workflows"
    folder.mkdir(exist_ok=True)
    (folder / "tidy.toml").write_text(UNSURE)
    card = await talk.say("/run tidy", "Tidy up", patience_s=PATIENCE_S)
    await talk.press(card, "Start")
    asked = await talk.hear("🔐", patience_s=PATIENCE_S)
    await talk.press(asked, "For this goal")
    await talk.hear("Clean?", patience_s=PATIENCE_S)


def key(message: dict) -> str:  # type: ignore[type-arg]
    return str(message["reply_markup"]["inline_keyboard"][0][0]["callback_data"]).rpartition(":")[2]


async def test_a_grant_is_listed_with_who_gave_it(talk: Talk) -> None:
    await granted(talk)

    listed = await talk.say("/system", "Said for the rest of a goal", patience_s=PATIENCE_S)

    [grant] = [line for line in words(listed).splitlines() if line.startswith("#1 always: echo gone (")]
    assert key(listed) in grant
    assert words(listed).splitlines()[-1] == f"/system revoke 1 {key(listed)} takes that back."


async def test_taken_back_by_its_button_it_asks_again(talk: Talk) -> None:
    await granted(talk)
    listed = await talk.say("/system", "Said for the rest of a goal", patience_s=PATIENCE_S)

    answer = await talk.press(listed, f"Revoke {key(listed)} of 1")
    await talk.say("/answer 3 yes", patience_s=PATIENCE_S)

    assert answer["text"] == "Taken back. Goal 1 asks again before that runs."
    await talk.hear("🔐 1.2 Clear again", patience_s=PATIENCE_S)


async def test_taken_back_in_words_and_only_once(talk: Talk) -> None:
    await granted(talk)
    listed = await talk.say("/grants", "Said for the rest of a goal", patience_s=PATIENCE_S)

    await talk.say(f"/grants revoke 1 {key(listed)}", "Taken back.", patience_s=PATIENCE_S)
    await talk.say(f"/system revoke 1 {key(listed)}", "Goal 1 has no grant", patience_s=PATIENCE_S)


async def test_a_requester_lists_and_takes_nothing_back(talk: Talk) -> None:
    await granted(talk)
    talk.people.owners, talk.people.requesters = [], [talk.chat.operator_id]

    listed = await talk.say("/system", "Said for the rest of a goal", patience_s=PATIENCE_S)
    await talk.say("/system revoke 1 abc", "needs the role approver", patience_s=PATIENCE_S)

    assert "reply_markup" not in listed
