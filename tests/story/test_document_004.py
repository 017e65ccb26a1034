"""Document 004 with a model: a single task is done now, done in parts, or blocked with the reason."""

from pathlib import Path

from bot.localchat import LocalChat
from tests.modelserver import ModelServer, says
from tests.telegram.talk import Json, Talk, talking, words

PATIENCE_S = 60.0


def chosen(server: ModelServer) -> Json:
    return {"brain": {"provider": "openai", "model": "m-1", "base_url": f"{server.url}/v1"}}


def found(title: str, kind: str, context: str = "", confidence: float = 0.95) -> Json:
    return {"title": title, "execution_type": kind, "confidence": confidence, "context": context}


async def with_button(talk: Talk, text: str, label: str) -> Json:
    """The next message about this that has this button."""
    while True:
        message = await talk.hear(text, patience_s=PATIENCE_S)
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        if any(button["text"] == label for row in rows for button in row):
            return message


async def test_an_email_is_drafted_at_once(tmp_path: Path, room: LocalChat, server: ModelServer) -> None:
    text = "Draft email to john@example.com thanking him for the meeting"
    server.on("extract", says({"tasks": [found(text, "fully_automated", "Draft email")]}))
    server.on("draft", says("Subject: Thank you\n\nDear John, thank you for the meeting."))
    async with talking(tmp_path / "data", room, chosen=chosen(server)) as talk:
        taken = words(await talk.say(f"/task {text}", "Task 1.1"))
        receipt = words(await talk.hear("Goal Complete", patience_s=PATIENCE_S))

    assert taken == f"Task 1.1: {text}"
    assert f"✅ 1.1 {text}" in receipt
    assert (tmp_path / "data/workspaces/1/draft-1.1.md").read_text().startswith("Subject: Thank you")
    assert server.purposes() == ["extract", "draft"]


async def test_a_campaign_is_done_in_parts_and_people_do_theirs(
    tmp_path: Path, room: LocalChat, server: ModelServer
) -> None:
    parts = [
        found("Research competitor campaigns", "manual", "Somebody has to look at them"),
        found("Create budget spreadsheet", "semi_automated"),
        found("Draft campaign outline", "fully_automated"),
        found("Design mockups", "manual", "It takes a designer"),
    ]
    server.on("extract", says({"tasks": parts}))
    server.on("draft", says("1. Goals\n2. Channels"))
    async with talking(tmp_path / "data", room, chosen=chosen(server)) as talk:
        await talk.say("/task Plan Q4 marketing campaign", "Task 1.1")
        for ref, label in (("1.1.1", "Done"), ("1.1.2", "Looks good"), ("1.1.4", "Done")):
            await talk.press(await with_button(talk, ref, label), label)
        receipt = words(await talk.hear("Goal Complete", patience_s=PATIENCE_S))

    assert "5 of 5 tasks done" in receipt
    assert "✅ 1.1 Plan Q4 marketing campaign" in receipt
    assert "✅ 1.1.3 Draft campaign outline" in receipt


async def test_a_purchase_is_blocked_with_the_reason_and_taken_over(
    tmp_path: Path, room: LocalChat, server: ModelServer
) -> None:
    reason = "Requires access to the procurement portal"
    server.on("extract", says({"tasks": [found("Order new office chairs", "manual", reason)]}))
    async with talking(tmp_path / "data", room, chosen=chosen(server)) as talk:
        await talk.say("/task Order new office chairs", "Task 1.1")
        blocked = await talk.hear("Blocked", patience_s=PATIENCE_S)
        await talk.press(blocked, "Take over")
        await talk.press(await with_button(talk, "Order new office chairs", "Done"), "Done")
        receipt = words(await talk.hear("Goal Complete", patience_s=PATIENCE_S))

    assert f"Blocked (external): {reason}" in words(blocked)
    assert "✅ 1.1 Order new office chairs" in receipt
    assert server.purposes() == ["extract"]


async def test_a_persons_task_of_a_goal_is_looked_at_again(
    tmp_path: Path, room: LocalChat, server: ModelServer
) -> None:
    """The same three ways for a task that is part of something larger."""
    steps = ("Thank the speakers", "Plan the dinner after 1", "Sign the contract after 1", "Done: `true` after 3")
    goal = "\n".join(["Conference", *(f"{n}. {step}" for n, step in enumerate(steps, start=1))])
    server.on(
        "extract",
        says({"tasks": [found("Draft a note of thanks", "fully_automated")]}),
        says({"tasks": [found("Draft the menu", "fully_automated"), found("Call the cook", "manual")]}),
        says({"tasks": [found("Sign the contract", "manual", "It takes your signature")]}),
    )
    server.on("draft", says("Thank you all."))
    async with talking(tmp_path / "data", room, chosen=chosen(server)) as talk:
        card = await talk.say(f"/goal {goal}", "Nothing runs before you press Start")
        await talk.press(card, "Start")
        await talk.hear("Thank the speakers", patience_s=PATIENCE_S)
        now = words(await talk.say("/task 1.1", "1.1"))
        await talk.hear("Thank you all.", patience_s=PATIENCE_S)
        parts = words(await talk.say("/task 1.2", "1.2 is"))
        blocked = words(await talk.say("/task 1.3", "1.3 needs"))
        its_turn = words(await talk.say("/task 1.4", "1.4 needs"))

    assert now == "I can do 1.1: it is begun."
    assert parts == "1.2 is too big for one step: it is done in 2 parts, 1.2.1, 1.2.2."
    assert blocked == "1.3 needs a person: It takes your signature"
    assert its_turn == "1.4 needs nobody: it runs when its turn comes."


async def test_without_a_model_the_parts_are_asked_for(tmp_path: Path, room: LocalChat) -> None:
    async with talking(tmp_path / "data", room) as talk:
        await talk.say("/task Plan the party", "Task 1.1")
        said = words(await talk.say("/task 1.1", "I work without a model"))

    assert said == (
        "1.1 is a person's task, and I work without a model. Write its parts below /task 1.1, a numbered line each: "
        "commands in backticks run by themselves."
    )
