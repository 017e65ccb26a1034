"""A group becomes a supergroup while a goal waits for an approval there."""

from tests.telegram.talk import Json, Talk, words
from tests.telegram.test_departures import UNSURE


async def test_an_approval_moves_with_its_group_and_can_still_be_given(talk: Talk) -> None:
    folder = talk.house.settings.data_dir / "workflows"
    folder.mkdir(exist_ok=True)
    (folder / "tidy.toml").write_text(UNSURE)
    old = talk.chat.add_group("Team", kind="group")["id"]
    card = await talk.say("/run tidy", "Tidy up", chat=old)
    await talk.press(card, "Start", chat=old)
    asked = await talk.hear("🔐 1.1", chat=old)

    new = talk.chat.people.migrate(old)["id"]
    again = await first(talk, new, "🔐 1.1")
    late = await talk.press(again, "Approve (this time)", chat=new)
    twice = await talk.press(asked, "Approve (this time)", chat=old)

    assert late["text"] == "Running 1.1."
    assert twice["text"].startswith("Already decided: ✅ Approve (this time)")
    assert "1 of 1 tasks done" in words(await first(talk, new, "Goal Complete"))


async def first(talk: Talk, chat: int, text: str) -> Json:
    """The first message there that contains this; a supergroup counts its messages anew."""
    found: Json = await talk.chat.until(
        lambda: next((one for one in talk.chat.messages(chat) if text in words(one)), None), 30
    )
    return found
