"""Another program holds the database: for writing, so that nothing is stored; or a reading, so that its log grows."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from loguru import logger

from bot.write_ahead import LogWatch
from executor.domain.errors import DataFolderError
from storage.store import Database
from tests.builders import chain, draft
from tests.fakes import ManualClock, ScriptedAction
from tests.storage.making import notice, running, save
from tests.world import world

LARGE = 400_000


@contextmanager
def other(database: Database, words: str) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(database.path, isolation_level=None)) as connection:
        connection.execute(words)
        yield connection


async def test_readings_and_everything_else_go_on_while_a_write_waits(database: Database) -> None:
    await save(database, new_goals=[running()])
    with other(database, "BEGIN EXCLUSIVE") as connection:
        writing = asyncio.create_task(save(database, new_goals=[running(2)]))
        seen = [await database.goals(open_only=True) for _ in range(20)]
        waited = not writing.done()
        connection.execute("ROLLBACK")
        await writing

    assert waited
    assert seen == [[running()]] * 20
    assert len(await database.goals(open_only=True)) == 2


async def test_a_result_that_could_not_be_stored_is_stored_once_when_the_database_is_free_again(tmp_path: Path) -> None:
    action = ScriptedAction()
    async with world(tmp_path, action) as w:
        number = await w.start_goal(draft(*chain(2)))
        await w.executor.tick()
        while w.workers.held():
            await asyncio.sleep(0)
        async with w.database._connections.alone() as ours:
            await ours.exec_driver_sql("PRAGMA busy_timeout=10")
        with other(w.database, "BEGIN EXCLUSIVE"):
            for _ in range(3):
                with pytest.raises(DataFolderError, match="held by another program"):
                    await w.executor.tick()
        await w.settle()

        assert await w.states(number) == {"1.1": "completed", "1.2": "completed"}
        assert action.runs == ["1.1", "1.2"]


@contextmanager
def lines() -> Iterator[list[str]]:
    said: list[str] = []
    handler = logger.add(lambda message: said.append(message.record["message"]), level="INFO")
    try:
        yield said
    finally:
        logger.remove(handler)


async def grow(database: Database) -> None:
    for number in range(8):
        await save(database, notices=[notice(f"{database.log_bytes()}/{number}", facts={"text": "x" * 60_000})])


async def test_a_log_that_grows_because_of_an_old_reading_is_said_once_and_folded_when_that_ends(
    database: Database,
) -> None:
    await save(database, new_goals=[running()])
    watch = LogWatch(database, ManualClock(), LARGE)
    with lines() as said:
        await watch.look()
        with other(database, "BEGIN") as connection:
            connection.execute("SELECT count(*) FROM executor_goals").fetchone()
            for _ in range(3):
                await grow(database)
                await watch.look()
            large = database.log_bytes()
        for _ in range(2):
            await watch.look()

    assert large > LARGE
    assert said == [
        f"The database: its write-ahead log has grown to {said_size(said[0])} MB, for another program keeps an old "
        "reading of the database open: end it (a sqlite3 shell, a backup, a copy); Milepost then folds the log by "
        "itself",
        "The database's write-ahead log is small again",
    ]
    assert database.log_bytes() == 0
    assert await database.goals(open_only=True) == [running()]


def said_size(line: str) -> str:
    return line.split(" MB")[0].rsplit(" ", 1)[1]


async def test_a_large_log_that_nobody_reads_is_folded_without_a_word(database: Database) -> None:
    with lines() as said:
        await grow(database)
        await LogWatch(database, ManualClock(), LARGE).look()

    assert (said, database.log_bytes()) == ([], 0)
