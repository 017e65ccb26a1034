"""An older program on the data of a newer one: refused in one line, before anything is touched."""

import hashlib
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from storage.schema import HISTORY
from storage.store import FILE_NAME, Database
from tests.crash.real import MILEPOST, STARTED_S_MAX, environment
from tests.fakes import ManualClock

pytestmark = pytest.mark.slow


def digests(folder: Path) -> dict[str, str]:
    """Of what a goal's data can be in; a lock file and the like are made anew by whoever looks."""
    files = [file for file in folder.rglob("*") if file.is_file() and file.suffix in (".db", ".toml", ".md")]
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.mark.timeout(900)
async def test_up_on_a_newer_database_is_one_line_and_changes_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    await (await Database.open(data, ManualClock())).close()
    with closing(sqlite3.connect(data / FILE_NAME)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    before = digests(data)

    ended = subprocess.run(
        [MILEPOST, "up"], env=environment(tmp_path), capture_output=True, text=True, timeout=STARTED_S_MAX
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines()[-1] == (
        f"milepost: The database {data / FILE_NAME} was written by a newer Milepost (schema 9999, this one knows up to "
        f"{HISTORY.head}); install that version, or restore an older backup."
    )
    assert "Traceback" not in ended.stderr
    assert digests(data) == before
