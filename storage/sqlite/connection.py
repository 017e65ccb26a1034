"""aiosqlite with one visit to its thread per statement, and one for many statements.

Through aiosqlite's own cursor SQLAlchemy visits the thread four times per statement (make a cursor, execute, fetch,
close), and these visits, not SQLite, are what a transaction costs. This cursor does all four in one. A transaction is
begun in the visit of its first statement, and one that has none costs nothing.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import Any
from weakref import WeakSet

import aiosqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

Rows = Sequence[tuple[Any, ...]]

Bound = tuple[str, Sequence[Sequence[Any]]]
"""A statement and the parameters of every row."""

Asked = tuple[str, Sequence[Any]]
"""A statement that answers with rows, and its parameters."""


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
_LOOK_S = 0.002


async def until_over(thread: Thread) -> None:
    """Until it has ended, for as long as is decent. Not by a thread that joins it: a program that ends without closing
    may close while the interpreter shuts down, and begin no threads any more."""
    patience = int(THREAD_END_S / _LOOK_S)
    while thread.is_alive() and (patience := patience - 1):  # noqa: ASYNC110 - a thread sets no event when it ends
        await asyncio.sleep(_LOOK_S)


class Connection(aiosqlite.Connection):
    """An aiosqlite connection whose cursors are the ones above. It begins nothing by itself."""

    _first = ""  # begins the transaction that was asked for, together with its first statement
    _begun = False

    def begin(self, words: str) -> None:
        """With the next visit; `words` is the statement that begins it."""
        self._first = words

    async def _connect(self) -> "Connection":
        """A file that can't be opened: wait for the thread's end, or it answers to an event loop that may be gone."""
        try:
            await super()._connect()
        except sqlite3.Error:
            await until_over(self._thread)
            raise
        return self

    def cursor(self, cursor_class: object = None) -> Cursor:  # type: ignore[override]
        return Cursor(self)

    async def visit(self, work: Callable[[sqlite3.Connection], None]) -> None:
        first, self._first = self._first, ""
        if not first:
            await self._execute(lambda: work(self._conn))  # type: ignore[no-untyped-call]
            return

        def begin_and_work() -> None:
            self._conn.execute(first).close()
            work(self._conn)

        self._begun = True  # from now on: even if nobody waits for the visit any more, the thread makes it
        await self._execute(begin_and_work)  # type: ignore[no-untyped-call]

    async def commit(self) -> None:
        self._first = ""
        if self._begun:
            await super().commit()
            self._begun = False

    async def rollback(self) -> None:
        self._first = ""
        if self._begun:
            await super().rollback()
            self._begun = False


def connector(pragmas: Sequence[str], threads: "WeakSet[Thread]") -> Callable[..., Connection]:
    """A function that SQLAlchemy calls for a new connection, with the arguments of sqlite3.connect. The thread of each
    is added to `threads`."""

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
        threads.add(connection._thread)
        return connection

    return connect


async def run_together(connection: AsyncConnection, statements: Sequence[Bound]) -> list[int]:
    """Run each statement with all of its rows, in one visit to the thread, as part of the transaction that was begun.
    How many rows each one met. Raises what SQLAlchemy would raise."""
    met: list[int] = []

    def run(raw: sqlite3.Connection) -> None:
        for sql, rows in statements:
            met.append(raw.executemany(sql, rows).rowcount)

    with _as_from_sqlalchemy(lambda: statements[len(met)][0]):
        await (await _driver(connection)).visit(run)
    return met


async def ask_together(connection: AsyncConnection, questions: Sequence[Asked]) -> list[Rows]:
    """All rows of the answer to each, in one visit to the thread; of one moment where a transaction was begun."""
    answers: list[Rows] = []

    def run(raw: sqlite3.Connection) -> None:
        for sql, parameters in questions:
            answers.append(raw.execute(sql, parameters).fetchall())

    with _as_from_sqlalchemy(lambda: questions[min(len(answers), len(questions) - 1)][0]):
        await (await _driver(connection)).visit(run)
    return answers


async def begin(connection: AsyncConnection, words: str) -> None:
    """A transaction, with its first statement. It is ended by `commit` or `roll_back`."""
    (await _driver(connection)).begin(words)


async def commit(connection: AsyncConnection) -> None:
    """Raises what SQLAlchemy would raise; the transaction then goes on, to be rolled back."""
    with _as_from_sqlalchemy(lambda: "COMMIT"):
        await (await _driver(connection)).commit()


async def roll_back(connection: AsyncConnection) -> None:
    """Nothing happens where nothing was begun, nor where SQLAlchemy has given the connection up, and its transaction
    with it: it does so when a statement of its own is cancelled."""
    await connection.rollback()
    if not connection.invalidated:
        with _as_from_sqlalchemy(lambda: "ROLLBACK"):
            await (await _driver(connection)).rollback()


async def _driver(connection: AsyncConnection) -> Connection:
    driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, Connection)
    return driver


@contextmanager
def _as_from_sqlalchemy(statement: Callable[[], str]) -> Iterator[None]:
    """Errors in SQLAlchemy's own wrapping. `statement` says which one it was."""
    try:
        yield
    except sqlite3.Error as error:
        raise DBAPIError.instance(statement(), None, error, sqlite3.Error, hide_parameters=True) from error
