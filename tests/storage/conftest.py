from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.store import Database
from tests.fakes import CrashAt, ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def crash_points() -> CrashAt:
    """Lists every crash point that was passed."""
    return CrashAt()


@pytest.fixture
async def database(tmp_path: Path, clock: ManualClock, crash_points: CrashAt) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path, clock, crash_points)
    yield database
    await database.close()
