import re
import shutil
import sqlite3
import stat
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from executor.domain.errors import DataFolderError, NewerSchema
from executor.domain.task import TaskState
from storage.connections import Connections
from storage.migrations import REVISIONS
from storage.schema import HISTORY, History, Migrated, migrate
from storage.sqlite import open_engines, prepare_file
from storage.store import FILE_NAME, Database, NoCrashPoints
from tests.fakes import START, ManualClock
from tests.storage.making import attempt, later, running, save, task

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "{new}"
down_revision = "{old}"


def upgrade():
    with op.batch_alter_table("goal_tasks", recreate="always") as table:
        table.add_column(sa.Column("colour", sa.Text(), nullable=True))
    {then}
"""


NEWER = "9999"


def next_history(tmp_path: Path, then: str = "pass") -> History:
    """What a program one version ahead knows."""
    scripts = tmp_path / "next"
    shutil.copytree(HISTORY.scripts, scripts)
    (scripts / "versions" / f"{NEWER}_next.py").write_text(NEXT.format(then=then, new=NEWER, old=HISTORY.head))
    return History((*REVISIONS, NEWER), scripts)


async def migrate_file(path: Path, history: History) -> Migrated:
    connections = Connections(open_engines(path), NoCrashPoints())
    try:
        return await migrate(connections, path, history)
    finally:
        await connections.close()


def schema_of(path: Path) -> dict[str, object]:
    """Tables with their columns and constraints, and indexes as they were written."""
    with sqlite3.connect(path) as connection:
        found = {name: sql for name, sql in connection.execute("SELECT name, sql FROM sqlite_master") if sql}
    connection.close()
    # A table made anew has its name in quotes, and an empty default in brackets.
    found = {name: sql.replace('"', "").replace("('')", "''") for name, sql in found.items()}
    return {name: sorted(part.strip(" ,)\n\t") for part in sql.split(", \n\t")) for name, sql in found.items()}


async def test_a_fresh_database_has_the_schema_of_all_migrations_together(tmp_path: Path) -> None:
    at_once, in_a_row = tmp_path / "at_once.db", tmp_path / "in_a_row.db"
    for path in (at_once, in_a_row):
        prepare_file(path)

    made = await migrate_file(at_once, HISTORY)
    migrated = await migrate_file(in_a_row, History(HISTORY.revisions, HISTORY.scripts))

    assert made == migrated == Migrated(None, HISTORY.head)
    assert schema_of(at_once) == schema_of(in_a_row)
    assert len(schema_of(at_once)) > 30


def test_the_list_of_revisions_is_that_of_the_scripts() -> None:
    config = Config()
    config.set_main_option("script_location", str(HISTORY.scripts))
    scripts = ScriptDirectory.from_config(config).walk_revisions()

    assert tuple(script.revision for script in reversed(list(scripts))) == REVISIONS


async def test_an_older_database_is_copied_and_then_migrated_with_all_its_rows(tmp_path: Path) -> None:
    database = await Database.open(tmp_path, ManualClock())
    await save(database, new_goals=[running()], new_tasks=[task()], new_attempts=[attempt()])
    await database.close()

    path = tmp_path / FILE_NAME
    migrated = await migrate_file(path, next_history(tmp_path))

    backup = tmp_path / f"milepost-before-{NEWER}.db"
    assert migrated == Migrated(HISTORY.head, NEWER, backup)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with sqlite3.connect(path) as new, sqlite3.connect(backup) as old:
        assert new.execute("SELECT ref, colour, priority FROM goal_tasks").fetchall() == [("1.1", None, 5)]
        assert new.execute("SELECT task_ref FROM task_attempts").fetchall() == [("1.1",)]
        assert new.execute("PRAGMA foreign_key_check").fetchall() == []
        assert old.execute("SELECT version_num FROM alembic_version").fetchall() == [(HISTORY.head,)]
    new.close()
    old.close()


async def test_a_migration_that_fails_changes_nothing_and_can_be_tried_again(tmp_path: Path) -> None:
    await (await Database.open(tmp_path, ManualClock())).close()
    path, before = tmp_path / FILE_NAME, schema_of(tmp_path / FILE_NAME)
    broken = next_history(tmp_path / "a", "raise ZeroDivisionError")

    with pytest.raises(ZeroDivisionError):
        await migrate_file(path, broken)
    after = schema_of(path)
    again = await migrate_file(path, next_history(tmp_path / "b"))

    assert after == before
    assert again.now == NEWER


async def test_a_newer_database_is_refused_in_one_sentence_and_left_alone(tmp_path: Path) -> None:
    await (await Database.open(tmp_path, ManualClock())).close()
    path = tmp_path / FILE_NAME
    await migrate_file(path, next_history(tmp_path))
    before = schema_of(path)

    with pytest.raises(NewerSchema) as refused:
        await Database.open(tmp_path, ManualClock())

    assert refused.value.public == (
        f"The database {path} was written by a newer Milepost (schema {NEWER}, this one knows up to {HISTORY.head}); "
        "install that version, or restore an older backup."
    )
    assert schema_of(path) == before


async def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("CREATE TABLE recipes (title)")
    connection.close()

    with pytest.raises(DataFolderError, match="belongs to another program; choose another data_dir"):
        await Database.open(tmp_path, ManualClock())


async def test_opening_twice_migrates_once(tmp_path: Path) -> None:
    await (await Database.open(tmp_path, ManualClock())).close()

    database = await Database.open(tmp_path, ManualClock())
    migrated = await database.migrate()
    await database.close()

    assert migrated == Migrated(HISTORY.head, HISTORY.head)
    assert sorted(file.name for file in tmp_path.iterdir()) == [FILE_NAME]


DOCUMENT_001 = {
    "executor_goals": {"title", "percentage", "state", "deadline_at", "plan_version"},
    "goal_tasks": {
        "dependencies",
        "priority",
        "expected_outcome",
        "actual_outcome",
        "retry_count",
        "error",
    },
    "goal_milestones": {"percentage", "achieved_at", "announced", "type"},
    "goal_progress": {"progress", "status", "at", "notes"},
    "goal_adaptations": {"reason", "old_plan", "new_plan", "outcome_deviation"},
    "goal_blockages": {"type", "cause", "detail", "tried", "resolution", "status"},
    "goal_execution_log": {"event", "task_ref", "goal_number", "timestamp", "result", "executor_id", "executor_type"},
}
DOCUMENT_004 = {
    "goal_tasks": {
        "execution_type",
        "ai_confidence",
        "parent_task",
        "started_at",
        "blocked_at",
        "failed_at",
        "blocked_reason",
        "failure_reason",
        "retry_count",
        "max_retries",
        "estimated_duration_minutes",
        "actual_duration_minutes",
    }
}


@pytest.mark.parametrize("document", [DOCUMENT_001, DOCUMENT_004], ids=["001", "004"])
async def test_the_tables_hold_what_the_documents_say_of_them(
    database: Database, document: dict[str, set[str]]
) -> None:
    with sqlite3.connect(database.path) as connection:
        columns = {table: {row[1] for row in connection.execute(f"PRAGMA table_xinfo({table})")} for table in document}
    connection.close()

    assert {table: names - columns[table] for table, names in document.items()} == {t: set() for t in document}


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (TaskState.COMPLETED, ("made it", None, None, None, None, 1.5)),
        (TaskState.FAILED, (None, "made it", None, "made it", START.timestamp() * 1e6 + 90e6, 1.5)),
        (TaskState.BLOCKED, (None, "made it", "made it", None, None, 1.5)),
        (TaskState.IN_PROGRESS, (None, None, None, None, None, 1.5)),
    ],
)
async def test_what_follows_from_a_task_is_written_with_it(
    database: Database, state: TaskState, expected: tuple[object, ...]
) -> None:
    await save(database, new_goals=[running()], new_tasks=[task()])

    await save(database, tasks=[task(state=state, summary="made it", started_at=START, finished_at=later(90))])

    with sqlite3.connect(database.path) as connection:
        row = connection.execute(
            "SELECT actual_outcome, error, blocked_reason, failure_reason, failed_at, actual_duration_minutes"
            " FROM goal_tasks"
        ).fetchone()
    connection.close()
    assert row == expected


NOT_KEPT = ("alembic_version", "lessons")  # nothing had ever been written into the lessons of the first schema


def values_of(connection: sqlite3.Connection, table: str, sql: str) -> dict[str, object]:
    """One value for every column, as its type and its CHECK want it; references lead to goal 1 and task 1.1."""
    columns = [(row[1], row[2]) for row in connection.execute(f"PRAGMA table_info({table})")]
    known = dict(reversed(re.findall(r"\b(\w+) (?:=|IN \() ?'(\w+)'", sql)))  # the first of each
    by_name = {"task_ref": "1.1", "ref": "1.1", "parent_task": "1.1"} | known
    by_type = {"TEXT": "{}", "FLOAT": 0.5}
    return {name: by_name.get(name, by_type.get(kind, 1)) for name, kind in columns}


async def test_rows_of_every_table_of_the_first_schema_are_there_after_all_migrations(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    prepare_file(path)
    await migrate_file(path, History(REVISIONS[:1], HISTORY.scripts))
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
        first = {name: sql for name, sql in found if name not in NOT_KEPT and not name.startswith("sqlite_")}
        rows = {name: values_of(connection, name, sql) for name, sql in first.items()}
        for name, row in rows.items():
            marks = ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO {name} ({', '.join(row)}) VALUES ({marks})", list(row.values()))
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    connection.close()

    migrated = await migrate_file(path, HISTORY)

    with sqlite3.connect(path) as connection:
        kept = {
            name: dict(zip(row, connection.execute(f"SELECT {', '.join(row)} FROM {name}").fetchone(), strict=True))
            for name, row in rows.items()
        }
        after = connection.execute("PRAGMA foreign_key_check").fetchall()
    connection.close()
    assert (migrated.before, migrated.now, broken, after) == ("0001", HISTORY.head, [], [])
    assert kept == rows
    prepare_file(tmp_path / "fresh.db")
    await migrate_file(tmp_path / "fresh.db", HISTORY)
    assert schema_of(path) == schema_of(tmp_path / "fresh.db")
