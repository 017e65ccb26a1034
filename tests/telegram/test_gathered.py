"""Many approvals on a phone: one card that rings once, with everything that would run on it."""

from dataclasses import replace
from datetime import UTC

import pytest

from bot.telegram.gathered import LONG_CHARACTERS, Together, gathered_message, read_range, read_together
from bot.telegram.html import plain
from bot.telegram.message import Message
from executor.domain.decision import Decision, DecisionKind, DecisionState
from executor.domain.gathered import PAGE_ITEMS
from tests.fakes import START
from tests.telegram.talk import Json, Talk, words
from tests.telegram.values import decision


def approval(number: int, what: str = "", *risky: str, **more: object) -> Decision:
    facts = {
        "ref": f"12.{number - 16}",
        "title": f"Step {number - 16}",
        "what": what or f"write notes-{number}.txt",
        "why": "The rules say that this always asks.",
        "digest": str(number),
        "gathered": 17,
        "apart": list(risky),
    }
    return replace(decision(DecisionKind.APPROVAL, number=number, facts=facts), **more)


def card(*decisions: Decision) -> Message:
    return gathered_message(12, "Back up my notes", 17, decisions, START, UTC)


def test_a_card_shows_all_that_would_run_and_a_button_for_each() -> None:
    message = card(approval(17), approval(18, "POST https://pay.example", "has an effect outside"), approval(19))

    assert plain(message.html).splitlines() == [
        "🔐 Back up my notes #12",
        "3 approvals wait for you:",
        "",
        "17 · 12.1 Step 1",
        "The rules say that this always asks.",
        "write notes-17.txt",
        "",
        "❗ 18 · 12.2 Step 2",
        "The rules say that this always asks.",
        "POST https://pay.example",
        "",
        "19 · 12.3 Step 3",
        "The rules say that this always asks.",
        "write notes-19.txt",
        "",
        "Each runs exactly as shown, or not at all.",
        "❗ is risky: answered by itself only.",
        "Reject these skips their tasks.",
        "or /approve 17-19 · /reject 17-19 · /answer 17 approve",
    ]
    assert [[button.label for button in row] for row in message.buttons] == [
        ["Approve 17", "Reject 17"],
        ["Approve 18", "Reject 18"],
        ["Approve 19", "Reject 19"],
        ["Approve these 2", "Reject these 3"],
    ]
    assert message.buttons[0][0].data == "d:17:1:approve"
    assert read_together(message.buttons[3][0].data.removeprefix("b:")) == Together(True, 12, 17, 19)


def test_what_was_decided_stands_below_with_who_decided() -> None:
    done = approval(
        17, state=DecisionState.ANSWERED, option="approve", answered_by_name="Ann", closed_at=START, answered_via="chat"
    )

    message = card(done, approval(18))

    assert "17 12.1 ✅ Approve (this time) — Ann, 09:00" in plain(message.html).splitlines()
    assert [[button.label for button in row] for row in message.buttons] == [
        ["Approve 18", "Reject 18"],
    ]
    assert plain(message.html).splitlines()[-1] == "or /approve 18 · /reject 18"


def test_a_card_on_which_all_is_decided_has_no_buttons() -> None:
    message = card(*(approval(n, state=DecisionState.WITHDRAWN, note="The goal is cancelled") for n in range(17, 40)))

    assert plain(message.html).splitlines()[1] == "Nothing waits for approval any more."
    assert "and 18 decided before these" in plain(message.html)
    assert message.buttons == ()


def test_a_page_of_long_ones_fits_and_each_is_there_in_full() -> None:
    texts = [f"echo {number} " + "x" * 6_000 for number in range(17, 57)]
    waiting = [approval(number, text) for number, text in enumerate(texts, start=17)]

    message = card(*waiting)

    assert message.fits
    assert plain(message.html).splitlines()[1] == f"40 approvals wait for you; the next {PAGE_ITEMS}:"
    assert [document.name for document in message.beside] == [f"approval-{n}.md" for n in range(17, 17 + PAGE_ITEMS)]
    assert all(text in document.text for text, document in zip(texts, message.beside, strict=False))


def test_an_answer_changes_no_document_that_was_sent() -> None:
    first, *rest = (approval(number, "y" * (LONG_CHARACTERS + 1)) for number in range(17, 20))

    before, after = card(first, *rest), card(replace(first, state=DecisionState.ANSWERED, option="approve"), *rest)

    assert after.beside == before.beside[1:]


@pytest.mark.parametrize("data", ["", "y:12:17", "y:12:17-", "x:12:17-19", "y:-1:17-19", "y:12:17-19 ", "y:12:a-b"])
def test_other_data_is_no_press_on_these(data: str) -> None:
    assert read_together(data) is None


@pytest.mark.parametrize(("word", "read"), [("17-22", (17, 22)), ("17 – 22", (17, 22)), ("17", None), ("17-", None)])
def test_a_range_is_two_numbers(word: str, read: tuple[int, int] | None) -> None:
    assert read_range(word) == read


PATIENCE_S = 60.0  # many files are written and kept

MANY = """
name = "many"
title = "Write many"
match = ["write many"]
"""
STEP = """
[[tasks]]
key = "k{n}"
title = "Write {n}"
action = "write"
parameters = {{ path = "{n}.txt", content = "{content}" }}
confidence = 0.3
"""


async def gathered(talk: Talk, count: int, content: str = "hello") -> Json:
    """The card of so many approvals, once all of them are asked about."""
    folder = talk.house.settings.data_dir / "workflows"
    folder.mkdir(exist_ok=True)
    steps = [STEP.format(n=n, content=content) for n in range(1, count + 1)]
    (folder / "many.toml").write_text("\n".join([MANY, *steps]))
    await talk.press(await talk.say("/run many", "Write many"), "Start")
    first = await talk.hear("Write many #1\n", patience_s=PATIENCE_S)
    return await shows(talk, first, f"{count} approvals wait for you; the next {PAGE_ITEMS}:")


async def shows(talk: Talk, card: Json, text: str) -> Json:
    """The same message, once it shows this."""

    def there() -> Json | None:
        found = (one for one in talk.chat.messages() if one["message_id"] == card["message_id"])
        return next((one for one in found if text in words(one)), None)

    found: Json = await talk.chat.until(there, PATIENCE_S)
    return found


async def test_many_approvals_are_answered_in_a_few_presses_and_ring_a_few_times(talk: Talk) -> None:
    shown = await gathered(talk, 18)
    rings = [message for message in talk.chat.messages() if words(message).startswith("🔐")]

    for left in (12, 6):
        await talk.press(shown, f"Approve these {PAGE_ITEMS}")
        shown = await shows(talk, shown, f"{left} approvals wait")
    await talk.press(shown, f"Approve these {PAGE_ITEMS}")
    over = await shows(talk, shown, "Nothing waits for approval any more.")

    assert "18 of 18 tasks done" in words(await talk.hear("Goal Complete", patience_s=PATIENCE_S))
    assert "reply_markup" not in over
    assert len(rings) <= 4


async def test_a_range_is_approved_by_words(talk: Talk) -> None:
    shown = await gathered(talk, 8)
    numbers = [int(row[0]["text"].split()[1]) for row in shown["reply_markup"]["inline_keyboard"][:-1]]

    said = await talk.say(f"/approve {numbers[0]}-{numbers[-1]}", "Approved")

    assert words(said) == f"Approved {', '.join(map(str, numbers))}."


async def test_somebody_who_may_not_approve_is_refused(talk: Talk) -> None:
    shown = await gathered(talk, 8)
    talk.people.owners, talk.people.requesters = (), [talk.chat.operator_id]

    answer = await talk.press(shown, f"Approve these {PAGE_ITEMS}")
    left = await talk.house.executor.open_decisions()

    assert answer["text"] == "Only an approver or an owner may decide this."
    assert len(left) == 8


async def test_long_ones_come_as_documents_once(talk: Talk) -> None:
    shown = await gathered(talk, 7, content="z" * 1_000)
    sent = [one["document"]["file_name"] for one in talk.chat.messages() if "document" in one]

    await talk.press(shown, "Approve 2")
    await shows(talk, shown, "6 approvals wait for you:")
    now = [one["document"]["file_name"] for one in talk.chat.messages() if "document" in one]

    assert len(set(sent)) == len(sent) == PAGE_ITEMS
    assert now == [*sent, "approval-8.md"]


async def test_a_word_in_reply_to_the_card_answers_none_of_them(talk: Talk) -> None:
    shown = await gathered(talk, 8)

    said = await talk.say("approve", "That message asks nothing", reply_to=shown["message_id"])
    left = await talk.house.executor.open_decisions()

    assert said
    assert len(left) == 8
