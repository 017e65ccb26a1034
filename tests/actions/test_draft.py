"""Texts: a model writes them, and a person's reply changes or replaces them."""

from collections.abc import Mapping

import pytest

from executor.actions.draft import NO_MODEL, Draft
from executor.actions.edits import SHOWN_CHARACTERS, edited
from executor.domain.outcome import Result
from executor.domain.task import Answer
from executor.ports import About, Ask
from tests.actions.conftest import Scene
from tests.fakes import START

MAIL = "To: john@example.com\nSubject: Thanks\n\nDear John, thank you for the meeting on Tuesday."


class Writer:
    """A mind that only writes, and remembers what it was shown."""

    name = "m-1"

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self.shown: list[Mapping[str, object]] = []

    async def draft(self, instructions: str, facts: Mapping[str, object], about: About) -> str:
        self.shown.append(facts)
        return self.texts.pop(0)


def said(text: str) -> Answer:
    return Answer(text=text, by="Ann", at=START)


async def write(scene: Scene, writer: Writer | None, answer: Answer | None = None) -> Result:
    parameters = {"instructions": "Thank John", "path": "mail.txt"}
    result = await Draft(writer).run(parameters, scene.context(answer=answer))  # type: ignore[arg-type]
    assert isinstance(result, Result)
    return result


async def test_words_about_a_draft_go_to_the_model_with_the_last_one(scene: Scene) -> None:
    writer = Writer(MAIL, "Better")
    await write(scene, writer)

    result = await write(scene, writer, said("Please name the room as well."))

    assert result.output == "Better"
    assert writer.shown[1]["last_draft"] == MAIL
    assert writer.shown[1]["what_to_do_better"] == "Please name the room as well."


async def test_a_draft_sent_back_changed_takes_its_place_and_asks_no_model(scene: Scene) -> None:
    writer = Writer(MAIL)
    await write(scene, writer)
    changed = MAIL.replace("Tuesday", "Wednesday, and for the coffee")

    result = await write(scene, writer, said(changed))

    assert result.result == f"mail.txt, {len(changed)} bytes, written by Ann"
    assert (scene.workspace / "mail.txt").read_text() == changed


async def test_without_a_model_a_person_writes_it(scene: Scene) -> None:
    asked = Draft(None).ask({"instructions": "Thank John"})

    result = await write(scene, None, said("Thanks, John"))

    assert asked == Ask(manual=False, question=f"{NO_MODEL}\n\nThank John")
    assert (result.output, result.metadata["by_person"]) == ("Thanks, John", "Ann")


@pytest.mark.parametrize(
    ("draft", "reply", "text"),
    [
        (MAIL, "Shorter, please", None),
        (MAIL, "Thanks", None),
        (MAIL, "Say that the meeting was on Wednesday and that he forgot his umbrella", None),
        (MAIL, MAIL.replace("Dear", "Hello"), MAIL.replace("Dear", "Hello")),
        ("word " * 10 + "\n", "  " + "word " * 9, ("word " * 9).strip() + "\n"),
    ],
)
def test_a_reply_is_the_text_itself_where_it_says_most_of_it_again(draft: str, reply: str, text: str | None) -> None:
    assert edited(draft, reply) == text


def test_what_the_message_did_not_show_stays() -> None:
    long = "first " + "more " * (SHOWN_CHARACTERS // 5) + "the end"

    changed = edited(long, long[:SHOWN_CHARACTERS].replace("first", "new"))

    assert changed is not None
    assert changed.startswith("new more")
    assert changed.endswith("the end")
