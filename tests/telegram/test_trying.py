"""A handler that raises: tried again with growing pauses, then set aside for the operator, and nothing waits for it."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.letterbox import letterbox
from bot.localchat import LocalChat
from bot.telegram.front import SORRY
from bot.telegram.trying import PAUSES_S, Trying
from executor.domain.notice import GONE
from executor.engine.nursery import Nursery
from storage.store import Database
from tests.fakes import ManualClock
from tests.telegram.talk import Talk, talking, words


class Broken:
    """A reading that raises so often, and then answers."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.asked = 0

    async def __call__(self, *_: object) -> list[str]:
        self.asked += 1
        if self.asked <= self.times:
            raise ZeroDivisionError("nobody expected this")
        return ["All is well."]


@pytest.fixture
async def hasty(tmp_path: Path, chat: LocalChat) -> AsyncIterator[Talk]:
    """A bot that tries again at once."""
    async with talking(tmp_path / "data", chat, retry_pauses_s=[0.0] * len(PAUSES_S)) as running:
        yield running


async def test_what_fails_for_a_moment_is_answered_after_all(hasty: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Broken(times=len(PAUSES_S))
    monkeypatch.setattr(type(hasty.house.executor), "system", broken)

    said = await hasty.say("/system", "All is well.")
    await hasty.quiet()

    assert broken.asked == len(PAUSES_S) + 1
    assert [words(one) for one in hasty.chat.messages() if one["from"]["is_bot"]] == [words(said)]


async def test_what_fails_for_good_is_set_aside_and_the_operator_sees_it(
    hasty: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Broken(times=1_000)
    monkeypatch.setattr(type(hasty.house.executor), "system", broken)

    hasty.chat.say("/system")
    later = [hasty.chat.say(f"/note 1 word {n}") for n in range(10)]
    sorry = await hasty.hear(SORRY)
    answers = [words(await hasty.hear("There is no goal 1.")) for _ in later]
    await hasty.quiet()
    [finding] = letterbox(hasty.house.settings.database)

    assert broken.asked == len(PAUSES_S) + 1
    assert words(sorry) == SORRY
    assert len(answers) == len(later)
    assert (finding.check, finding.state) == ("messages in", "note")
    assert "1 update could not be handled: update " in finding.seen
    assert "(ZeroDivisionError: nobody expected this)" in finding.seen


async def test_the_pauses_grow_and_the_tries_end(manual: ManualClock) -> None:
    nursery, tried = Nursery(lambda name, error: None), []
    trying = Trying(manual, nursery.start)
    more = [trying.later(7, ValueError(), lambda: tried.append(manual.monotonic())) for _ in range(len(PAUSES_S) + 1)]
    await nursery.stop()

    assert more == [True] * len(PAUSES_S) + [False]
    assert list(PAUSES_S) == sorted(PAUSES_S)


async def test_a_place_where_all_went_well_says_so(database: Database, tmp_path: Path) -> None:
    assert [one.seen for one in letterbox(tmp_path / "none.db")] == []
    assert [one.seen for one in letterbox(tmp_path / "data" / "milepost.db")] == ["all handled and delivered"]


async def test_what_could_not_be_delivered_is_named_but_not_what_waits_for_its_chat(
    database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "data" / "milepost.db"
    values = "?, 'text', 3, 1, NULL, 1, NULL, '{}', 'dead', 1, NULL, '', NULL, 0, -1, 0, 0, NULL, ?"
    row = f"INSERT INTO notices VALUES ({values})"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executemany(row, [(f"1.1#1/text/{n}", "the chat never confirmed it") for n in range(5)])
        connection.execute(row, ("2.1#1/text/1", GONE))

    [finding] = letterbox(file)

    assert finding.seen.startswith("5 messages could not be delivered: 1.1#1/text/")
    assert finding.seen.endswith("(the chat never confirmed it), and 2 more")
