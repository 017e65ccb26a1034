"""The built-in workflows that write: a draft is looked at, changed by a reply, found good, and sent."""

from pathlib import Path

from bot.localchat import LocalChat
from tests.modelserver import ModelServer, says
from tests.telegram.talk import Json, Talk, talking, words

PATIENCE_S = 60.0
MAIL = "To: john@example.com\nSubject: Thanks\n\nDear John, thank you for the meeting on Tuesday."


def chosen(server: ModelServer) -> Json:
    return {"brain": {"provider": "openai", "model": "m-1", "base_url": f"{server.url}/v1"}}


async def question(talk: Talk, about: str) -> Json:
    """The question about this; several may come in any order."""

    def asked() -> Json | None:
        return next((m for m in talk.chat.messages() if words(m).startswith(f"❓ {about}")), None)

    message: Json = await talk.chat.until(asked, PATIENCE_S)
    return message


async def test_an_email_is_changed_by_a_reply_and_sent_exactly_as_shown(
    tmp_path: Path, room: LocalChat, server: ModelServer
) -> None:
    outbox = tmp_path / "data/workspaces/1/sent.txt"
    server.on("draft", says(MAIL))
    sends = {"drafts": {"send": "cat >> sent.txt"}}
    async with talking(tmp_path / "data", room, chosen=chosen(server) | sends) as talk:
        card = await talk.say(
            "/run email-draft to=john@example.com about=thanks", "Nothing runs before you press Start"
        )
        while "reply_markup" not in card:
            card = await talk.hear("Nothing runs before you press Start", patience_s=PATIENCE_S)
        await talk.press(card, "Start")
        first = await talk.hear("Dear John", patience_s=PATIENCE_S)
        room.say(MAIL.replace("Tuesday", "Wednesday"), reply_to=first["message_id"])
        second = await talk.hear("on Wednesday.", patience_s=PATIENCE_S)
        (tmp_path / "data/workspaces/1/email.txt").write_text("To: john@example.com\n\nnot what was shown")
        await talk.press(second, "Send")
        receipt = words(await talk.hear("Goal Complete", patience_s=PATIENCE_S))

    assert "Send runs:\n(all of the text above) | cat >> sent.txt" in words(second)
    assert outbox.read_text() == MAIL.replace("Tuesday", "Wednesday") + "\n"
    assert "✅ 1.2 Send it: Write the e-mail" in receipt
    assert server.purposes() == ["draft"]


async def test_a_letter_to_nobody_and_a_report_are_not_for_sending(
    tmp_path: Path, room: LocalChat, server: ModelServer
) -> None:
    server.on("draft", says("# Outline"), says("# Report\n\nAll is well."))
    sends = {"drafts": {"send": "cat > /dev/null"}}
    async with talking(tmp_path / "data", room, chosen=chosen(server) | sends) as talk:
        card = await talk.say('/run report topic="the quarter"', "Nothing runs before you press Start")
        while "reply_markup" not in card:
            card = await talk.hear("Nothing runs before you press Start", patience_s=PATIENCE_S)
        await talk.press(card, "Start")
        shown = await talk.hear("All is well.", patience_s=PATIENCE_S)
        await talk.press(shown, "Looks good")
        await talk.hear("Goal Complete", patience_s=PATIENCE_S)

    buttons = [button["text"] for row in shown["reply_markup"]["inline_keyboard"] for button in row]
    assert buttons == ["Looks good", "Rework"]
    assert "# Outline" in server.asked[1].text


async def test_without_a_model_the_notes_are_summarised_by_a_person(tmp_path: Path, room: LocalChat) -> None:
    async with talking(tmp_path / "data", room) as talk:
        card = await talk.say('/run meeting-summary notes="Ann ships on Friday"', "Nothing runs before you press Start")
        await talk.press(card, "Start")
        wanted = {"1.1 Summarise the notes": "What was decided: Ann ships.", "1.2 List": "- [ ] Ann: ship, by Friday"}
        for what, text in wanted.items():
            asked = await question(talk, what)
            room.say(text, reply_to=asked["message_id"])
        shown = await talk.hear("✍️ 1.1 Summarise the notes", patience_s=PATIENCE_S)
        await talk.press(shown, "Looks good")
        await talk.hear("Goal Complete", patience_s=PATIENCE_S)

    folder = tmp_path / "data/workspaces/1"
    assert {(folder / name).read_text() for name in ("summary.md", "actions.md")} == {
        "What was decided: Ann ships.",
        "- [ ] Ann: ship, by Friday",
    }
