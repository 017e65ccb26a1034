"""/doctor: for owners, what is wrong first, and the rest in one line."""

from dataclasses import dataclass

from bot.telegram.commands.doctor import doctor_message
from bot.telegram.html import plain
from tests.telegram.talk import Talk, words


@dataclass(frozen=True)
class Seen:
    check: str
    state: str
    seen: str
    remedy: str = ""


def test_what_is_wrong_comes_first_with_its_remedy() -> None:
    found = [
        Seen("disk", "good", "9 GB free"),
        Seen("git", "note", "not installed", "only needed for goals that use repositories"),
        Seen("clock", "wrong", "it says 1999 <b>", "set the clock"),
        Seen("shell", "good", "/bin/bash"),
        Seen("disk", "good", "again"),
    ]

    assert plain(doctor_message(found).html).splitlines() == [
        "❌ 1 thing to mend",
        "",
        "❌ clock: it says 1999 <b>",
        "   → set the clock",
        "",
        "💡 git: not installed",
        "   → only needed for goals that use repositories",
        "",
        "✅ disk, shell",
    ]


async def test_an_owner_hears_it_in_the_chat(talk: Talk) -> None:
    said = words(await talk.say("/doctor", "🩺", patience_s=60))

    assert said.splitlines()[0] == "🩺 Nothing is wrong"
    assert "configuration, data folder" in said


async def test_nobody_else_does(talk: Talk) -> None:
    talk.people.owners, talk.people.approvers = [], [talk.chat.operator_id]

    assert words(await talk.say("/doctor", "needs")) == "/doctor needs the role owner or higher; yours is approver."
