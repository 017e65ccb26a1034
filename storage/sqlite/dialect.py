"""SQLite's words for beginning, inserting and failing."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Table, Text, bindparam, case, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.sqlite.connection import begin

_MEANING: Mapping[str, str] = {
    "SQLITE_CANTOPEN": "can't be opened; check that its folder exists and that this user may write there",
    "SQLITE_READONLY": "can't be written; check the rights of the file and of its folder",
    "SQLITE_PERM": "can't be written; check the rights of the file and of its folder",
    "SQLITE_FULL": "can't grow: the disk is full; free some space",
    "SQLITE_IOERR": "could not be read or written by the disk; check the disk and its free space",
    "SQLITE_CORRUPT": "is damaged; restore a backup of it",
    "SQLITE_NOTADB": "is not a database; move it away, or restore a backup of it",
    "SQLITE_BUSY": "is held by another program; end that one and try again",
    "SQLITE_LOCKED": "is held by another program; end that one and try again",
}


def insert(table: Table) -> sqlite.Insert:
    """An INSERT that can say what happens where the key is already there."""
    return sqlite.insert(table)


async def begin_write(connection: AsyncConnection) -> None:
    """Take the write lock with the first statement: a lock that is only taken by the first change can fail in the
    middle."""
    await begin(connection, "BEGIN IMMEDIATE")


async def begin_read(connection: AsyncConnection) -> None:
    """Everything read until the end of the transaction is of one moment."""
    await begin(connection, "BEGIN")


def one_of(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """`column` is among the whole numbers that the parameter `name` lists, see `listed`: one statement to prepare,
    however many they are."""
    each = func.json_each(bindparam(name, type_=Text)).table_valued("value")
    return column.in_(select(each.c.value))


def listed(numbers: Iterable[int]) -> str:
    return f"[{','.join(map(str, numbers))}]"


def later_of(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    """The greater of two values of one row."""
    return func.max(one, other)


async def hold_references(connection: AsyncConnection, hold: bool) -> None:
    """Off while tables are made anew by a migration: to drop the old one would look like deleting what others refer
    to. Only works outside a transaction."""
    await connection.exec_driver_sql(f"PRAGMA foreign_keys={'ON' if hold else 'OFF'}")


def _name(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlite_errorname", "") if isinstance(error.orig, sqlite3.Error) else ""


def is_duplicate(error: DBAPIError) -> bool:
    """A row with this key exists already."""
    return _name(error) in ("SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_ROWID")


def is_full(error: DBAPIError) -> bool:
    """There was no room on the disk, or in what this user may use of it."""
    return _name(error).startswith("SQLITE_FULL")


def meaning_of(error: DBAPIError) -> str | None:
    """What is wrong with the file, as the end of a sentence; None where the mistake is ours."""
    name = _name(error)
    return next((meaning for start, meaning in _MEANING.items() if name.startswith(start)), None)


LONG_BYTES = 100_000
TAIL_CHARACTERS = 60_000


def short_result(result: ColumnElement[str | None]) -> ColumnElement[str | None]:
    """The JSON of an attempt's result; of a long one the output's last `TAIL_CHARACTERS` alone, so that a log is read
    without every byte that was ever printed."""
    output = func.json_extract(result, "$.output")
    cut = func.json_set(result, "$.output", func.substr(output, -TAIL_CHARACTERS))
    return case((func.length(result) > LONG_BYTES, cut), else_=result)
