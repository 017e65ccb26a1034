"""A text that Telegram's apps cut into several messages is one goal, or none: never its first part alone."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from telegram import Message, Update

from bot.localchat import LocalChat
from bot.telegram.joining import Joiner, Whole
from bot.telegram.pieces import goes_on, joined
from executor.domain.goal import GoalState
from storage.store import Database
from tests.fakes import START, ManualClock
from tests.telegram.talk import Talk, talking, words

STEPS = [f"{number}. Say line {number}: echo {'x' * 60}" for number in range(1, 72)]
TEXT = "/goal Say much\n" + "\n".join(STEPS)  # so long that its last piece is clearly one: nobody waits for more
TOO_MUCH = TEXT + "\n" + "\n".join(f"{number}. {'y' * 90}" for number in range(72, 112))


@pytest.fixture
async def talk(tmp_path: Path, chat: LocalChat) -> AsyncIterator[Talk]:
    """What belongs together is waited for as long as a slow machine needs."""
    async with talking(tmp_path / "data", chat, join_s=60.0) as running:
        yield running


@pytest.fixture
async def hasty(tmp_path: Path, chat: LocalChat) -> AsyncIterator[Talk]:
    """Hardly waits for the rest of a message."""
    async with talking(tmp_path / "data", chat, join_s=0.3) as running:
        yield running


def cut(text: str) -> list[str]:
    """As the page does it, and Telegram's apps."""
    pieces = []
    while len(text) > 4096:
        line = text.rfind("\n", 0, 4097)
        at = line if line > 2048 else 4096
        pieces.append(text[:at].strip())
        text = text[at:].strip()
    return [*pieces, text]


def message(number: int, text: str, *, at_s: int = 0, person: int = 1, **more: Any) -> dict[str, Any]:
    who = {"id": person, "is_bot": False, "first_name": "Ann"}
    date = int((START + timedelta(seconds=at_s)).timestamp())
    where = {"id": 1, "type": "private"}
    return {"message_id": number, "date": date, "chat": where, "from": who, "text": text, **more}


def read(body: dict[str, Any]) -> Message:
    update = Update.de_json({"update_id": 1, "message": body}, None)
    assert update is not None
    assert update.message is not None
    return update.message


# -------------------------------------------------------------------------------------------------------- the rules


@pytest.mark.parametrize(
    ("long", "next_one", "same"),
    [
        (4096, {"at_s": 0}, True),
        (4096, {"at_s": 60}, True),
        (4096, {"at_s": 61}, False),
        (2100, {"at_s": 5}, True),  # cut at the end of a paragraph
        (2100, {"at_s": 6}, False),
        (2048, {"at_s": 0}, False),
        (4096, {"person": 2}, False),
        (4096, {"text": "/whoami"}, False),
        (4096, {"text": "/usr/bin/env is a path"}, True),
        (4096, {"text": "/stauts 3"}, False),  # nobody's text goes on like that
        (4096, {"text": "/tmp is cleared\nand more"}, True),
        (4096, {"reply_to_message": message(7, "What?")}, False),
    ],
)
def test_a_message_goes_on_in_the_next_of_the_same_person(long: int, next_one: dict[str, Any], same: bool) -> None:
    after = message(9, **({"text": "and more"} | next_one))

    assert goes_on(read(message(8, "x" * long)), read(after)) is same


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "One\n" + "word " * 1500,
        "x" * 9000,
        "\n".join(f"{'long line ' * 300}{number}" for number in range(3)),
    ],
)
def test_what_was_cut_is_sewn_together_as_it_was_typed(text: str) -> None:
    pieces = [read(message(number, piece)) for number, piece in enumerate(cut(text))]

    assert [len(piece.text or "") <= 4096 for piece in pieces] == [True] * len(pieces)
    assert re.sub(r"\s+", " ", joined(pieces)) == re.sub(r"\s+", " ", text.strip())
    assert "\n" not in text or len(joined(pieces).splitlines()) == len(text.strip().splitlines())


def test_a_code_block_that_was_cut_is_one_block() -> None:
    line = "echo " + "x" * 60
    first, second = "\n".join([line] * 60), "\n".join([line] * 5)
    marks = [{"type": "pre", "offset": 0, "length": len(first)}], [{"type": "pre", "offset": 0, "length": len(second)}]

    whole = joined([read(message(1, first, entities=marks[0])), read(message(2, second, entities=marks[1]))])

    assert whole == "```\n" + "\n".join([line] * 65) + "\n```"


# ----------------------------------------------------------------------------------------------- the wait, by rows


async def test_a_long_message_waits_for_its_rest_by_what_the_rows_say(database: Database, manual: ManualClock) -> None:
    first, *_ = cut(TEXT)
    rows = [_row(1, first), _row(2, "72. The rest")]
    await database.inbox.put([(1, 1, rows[0])])
    joiners = [Joiner(database.inbox, manual, lambda payload: Update.de_json(dict(payload), None)) for _ in range(2)]

    waiting = asyncio.ensure_future(joiners[0].whole(_update(rows[0])))
    await asyncio.sleep(0.05)
    early = waiting.done()
    manual.advance(2)
    alone = await waiting
    await database.inbox.put([(2, 1, rows[1])])
    whole = await joiners[1].whole(_update(rows[0]))  # as after a restart
    part = await joiners[1].whole(_update(rows[1]))

    assert not early
    assert alone == Whole(looks_cut=True)
    assert whole == Whole(text=f"{first}\n72. The rest", others=(2,))
    assert part is None


def _row(number: int, text: str) -> dict[str, Any]:
    return {"update_id": number, "message": message(number, text)}


def _update(payload: dict[str, Any]) -> Update:
    update = Update.de_json(payload, None)
    assert update is not None
    return update


# --------------------------------------------------------------------------------------------------- a whole chat


async def test_a_goal_in_two_messages_becomes_one_plan(talk: Talk) -> None:
    for piece in cut(TEXT):
        talk.chat.say(piece)

    await talk.hear("Say much")
    await talk.quiet()

    [goal] = await talk.house.executor.goals()
    view = await talk.house.executor.view(goal.number)
    assert view is not None
    assert [task.spec.title for task in view.tasks] == [step.split(". ", 1)[1] for step in STEPS]


async def test_pieces_that_a_dead_program_left_are_joined_too(tmp_path: Path, chat: LocalChat) -> None:
    async with talking(tmp_path / "data", chat) as before:
        await before.say("/whoami")
    database = await Database.open(tmp_path / "data", ManualClock())
    updates = [chat.say(piece) for piece in cut(TEXT)]
    await database.inbox.put([(update["update_id"], chat.operator_id, update) for update in updates])
    await database.close()

    async with talking(tmp_path / "data", chat) as after:
        await after.hear("Say much")
        await after.quiet()
        goals = await after.house.executor.goals()

    assert [goal.title for goal in goals] == ["Say much"]


async def test_a_rest_that_comes_late_replaces_the_proposal(hasty: Talk) -> None:
    first, second = cut(TEXT)
    hasty.chat.say(first)
    card = await hasty.hear("Say much")

    told = await hasty.say(second, "now reads")

    assert words(told) == "Goal 1 now reads: Say much"
    view = await hasty.house.executor.view(1)
    assert view is not None
    assert len(view.tasks) == len(STEPS)
    assert await hasty.message(card["message_id"], f"{len(STEPS)} tasks")


async def test_too_long_a_text_in_pieces_gets_one_line_and_no_goal(talk: Talk) -> None:
    for piece in cut(TOO_MUCH):
        talk.chat.say(piece)

    answer = words(await talk.hear())
    after = await talk.say("/whoami")

    assert answer.startswith(f"A goal may have 8,000 characters at most; this one has {len(TOO_MUCH) - 6:,}.")
    assert words(after).startswith("You are Ann")
    assert await talk.house.executor.goals() == []


async def test_a_late_rest_that_is_too_much_cancels_the_half_goal(hasty: Talk) -> None:
    first, *others = cut(TOO_MUCH)
    hasty.chat.say(first)
    await hasty.hear("Say much")
    for piece in others:
        hasty.chat.say(piece)

    answer = words(await hasty.hear("8,000 characters"))

    assert answer.endswith("Goal 1, made of its first part, is cancelled.")
    assert [goal.state for goal in await hasty.house.executor.goals()] == [GoalState.CANCELLED]


async def test_the_rest_of_what_was_no_goal_becomes_none_either(hasty: Talk) -> None:
    hasty.chat.say("x" * 4096)
    await hasty.hear("The first line may have")

    answer = words(await hasty.say("and so on"))

    assert answer.startswith("This looks like the rest of the long message before it")
    assert await hasty.house.executor.goals() == []


async def test_an_edit_of_one_piece_is_not_taken_for_the_whole(talk: Talk) -> None:
    first, second = [talk.chat.say(piece)["message"]["message_id"] for piece in cut(TEXT)]
    await talk.hear("Say much")

    talk.chat.edit(first, "/goal Say little\n1. Say it: echo x")
    told = words(await talk.hear("several messages"))
    talk.chat.edit(second, "1. Something else")
    again = words(await talk.hear("several messages"))

    assert told == again
    assert told.startswith("Goal 1 came in several messages, so an edit of one of them changes nothing.")
    assert [goal.title for goal in await talk.house.executor.goals()] == ["Say much"]


async def test_in_a_group_a_message_that_looks_cut_is_refused(hasty: Talk) -> None:
    group = hasty.chat.add_group("Plants", users=[hasty.chat.operator_id])["id"]
    first, second = cut(TEXT)
    hasty.chat.say(first, chat=group)
    hasty.chat.say(second, chat=group)  # a bot does not hear it there

    answer = words(await hasty.hear(chat=group))

    assert answer.startswith("This message is as long as Telegram allows, and in a group I may not see the rest of it.")
    assert await hasty.house.executor.goals() == []


# ------------------------------------------------------------------------------------------------------ from a file


async def test_a_goal_comes_as_a_text_file(talk: Talk) -> None:
    talk.chat.upload(TEXT.encode(), "much.txt", caption="/goal")
    await talk.hear("Say much")
    talk.chat.upload("1. Say it: `echo é`".encode("utf-8-sig"), "LITTLE.MD", caption="/goal Say little")
    await talk.hear("Say little")

    views = [await talk.house.executor.view(number) for number in (1, 2)]

    assert [len(view.tasks) for view in views if view] == [len(STEPS), 1]
    assert views[1] is not None
    assert views[1].tasks[0].spec.parameters["command"] == "echo é"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"\xff\xfe\x00\x01", "much.txt is not plain text in UTF-8. Save it as such, or paste its text."),
        (b"x" * 32_001, "A goal may have 8,000 characters at most; much.txt has 32,001 bytes. Shorten it."),
        (b"A\n" + b"x" * 8_000, "A goal may have 8,000 characters at most; this one has 8,002."),
    ],
)
async def test_a_file_that_is_no_goal_gets_one_line(talk: Talk, content: bytes, line: str) -> None:
    talk.chat.upload(content, "much.txt", caption="/goal")

    assert words(await talk.hear()).startswith(line)
    assert await talk.house.executor.goals() == []


async def test_a_file_that_the_chat_does_not_give_gets_one_line(talk: Talk) -> None:
    talk.chat.faults.fail_next("getFile", "500")
    talk.chat.upload(TEXT.encode(), "much.txt", caption="/goal")

    assert words(await talk.hear()).startswith("I could not fetch that file (")
