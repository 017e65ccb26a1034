"""Closing while something was cancelled in the middle."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from storage.connections import Connections
from storage.sqlite import open_engines, prepare_file
from storage.store import NoCrashPoints

SLOW = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT max(i) FROM n"


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_reading_that_was_given_up_answers_before_the_loop_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "milepost.db"
    prepare_file(path)
    connections = Connections(open_engines(path), NoCrashPoints())

    async def given_up() -> None:
        async def read() -> None:
            async with connections.read_once() as connection:
                await connection.execute(text(SLOW))

        reading = asyncio.ensure_future(read())
        await asyncio.sleep(0.03)
        reading.cancel()
        await connections.close()

    asyncio.run(given_up())

    assert [thread for thread in connections._engines.threads if thread.is_alive()] == []
