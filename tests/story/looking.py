"""Looking into the database file with nothing but the standard library, as anybody may."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def rows(folder: Path, statement: str, *values: object) -> list[Row]:
    with closing(sqlite3.connect(f"file:{folder / 'milepost.db'}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(statement, values)]


def row(folder: Path, statement: str, *values: object) -> Row:
    [only] = rows(folder, statement, *values)
    return only


def events(folder: Path, goal_number: int = 1, task_ref: str | None = None) -> list[str]:
    """The names in the execution log, in order; of one task where it is named."""
    found = rows(folder, "SELECT * FROM goal_execution_log WHERE goal_number = ? ORDER BY id", goal_number)
    return [one["event"] for one in found if task_ref in (None, one["task_ref"])]


def parsed(text: str) -> Any:
    return json.loads(text)
