"""What the shell reads of a place in which something failed and something was learned."""

from bot.control.records import RecordMethods
from bot.shell.records import failed_text, lessons_text
from executor.engine.replies import Caller
from tests.telegram.talk import Talk

COPY = "Copy it\n1. Make it: `echo a > a.txt`\n2. Copy it: `cp a.txt out/a.txt` after 1"


async def test_the_shell_lists_what_failed_and_what_was_learned(talk: Talk) -> None:
    card = await talk.say(COPY, "#1")
    await talk.press(card, "Start")
    await talk.hear("Goal Complete")
    await talk.press(await talk.say("Say hello\n1. Ask Ann", "#2"), "Start")
    await talk.say("/fail 2 Ann is away", "counts as failed")
    methods = RecordMethods(talk.house.executor).methods
    caller = Caller(person_id=0, name="Ann", via="shell")

    failed = await methods["failed"]({}, caller, "1")
    lessons = await methods["lessons"]({}, caller, "2")

    assert failed_text(failed).splitlines()[0] == "2  failed  Say hello"
    assert "Ann is away" in failed_text(failed)
    assert lessons_text(lessons) == "1  The folder out is missing: making it (worked once)\n"
