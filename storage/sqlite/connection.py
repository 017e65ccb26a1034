"""aiosqlite with one visit to its thread per statement.

Through aiosqlite's own cursor SQLAlchemy visits the thread four times per statement (make a cursor, execute, fetch,
close), and these visits, not SQLite, are what a transaction costs. This cursor does all four in one.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import aiosqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

Rows = Sequence[tuple[Any, ...]]

Bound = tuple[str, Rows]
"""A statement and the parameters of every row."""


class Cursor:
    """What SQLAlchemy's adapter uses of a cursor. Rows are fetched with the statement that makes them."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._rows: Rows = ()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> "Cursor":
        return self

    async def execute(self, operation: str, parameters: Iterable[Any] = ()) -> "Cursor":
        await self._connection.visit(lambda raw: self._take(raw.execute(operation, parameters)))  # type: ignore[arg-type]
        return self

    async def executemany(self, operation: str, parameters: Iterable[Any]) -> "Cursor":
        await self._connection.visit(lambda raw: self._take(raw.executemany(operation, parameters)))
        return self

    def _take(self, cursor: sqlite3.Cursor) -> None:
        """Runs in the connection's thread."""
        self.description = cursor.description
        self._rows = cursor.fetchall() if cursor.description else ()
        self.rowcount = cursor.rowcount  # after the fetch: an UPDATE … RETURNING counts only then
        self.lastrowid = cursor.lastrowid
        cursor.close()

    async def fetchall(self) -> Rows:
        return self._rows

    async def close(self) -> None:
        self._rows = ()


THREAD_END_S = 5.0


class Connection(aiosqlite.Connection):
    """An aiosqlite connection whose cursors are the ones above."""

    async def _connect(self) -> "Connection":
        """A file that can't be opened: wait for the thread's end, or it answers to an event loop that may be gone."""
        try:
            await super()._connect()
        except sqlite3.Error:
            await asyncio.to_thread(self._thread.join, THREAD_END_S)
            raise
        return self

    def cursor(self, cursor_class: object = None) -> Cursor:  # type: ignore[override]
        return Cursor(self)

    async def visit(self, work: Callable[[sqlite3.Connection], None]) -> None:
        await self._execute(lambda: work(self._conn))  # type: ignore[no-untyped-call]


def connector(pragmas: Sequence[str]) -> Callable[..., Connection]:
    """A function that SQLAlchemy calls for a new connection, with the arguments of sqlite3.connect."""

    def connect(*args: Any, **options: Any) -> Connection:
        def make() -> sqlite3.Connection:
            raw: sqlite3.Connection = sqlite3.connect(*args, **options)
            try:
                for pragma in pragmas:
                    raw.execute(f"PRAGMA {pragma}").close()
            except BaseException:
                raw.close()
                raise
            return raw

        connection = Connection(make, iter_chunk_size=64)
        connection._thread.daemon = True  # a thread that is never joined must not hold up the end of the process
        return connection

    return connect


async def run_together(connection: AsyncConnection, statements: Sequence[Bound]) -> list[int]:
    """Run each statement with all of its rows, in one visit to the thread, as part of the transaction that was begun.
    How many rows each one met. Raises what SQLAlchemy would raise."""
    driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, Connection)
    met: list[int] = []

    def run(raw: sqlite3.Connection) -> None:
        for sql, rows in statements:
            met.append(raw.executemany(sql, rows).rowcount)

    try:
        await driver.visit(run)
    except sqlite3.Error as error:
        failed = statements[len(met)][0]
        raise DBAPIError.instance(failed, None, error, sqlite3.Error, hide_parameters=True) from error
    return met
