"""Rows as named tuples: SQLAlchemy's own rows find an attribute ten times slower, and a goal has two dozen of them.

What is read all the time is a `Question`: compiled once, with the conversions of its types, and asked together with
others in one visit to the database. SQLAlchemy works all of that out anew for every statement, which for the few rows
of a goal takes longer than to read them.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Executable, Select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.rows import Record
from storage.sqlite import Asked, ask_together

T = TypeVar("T")


class Question(Generic[T]):
    """A SELECT and what is made of each of its rows. `remember`: of so many rows the values are kept, by all that
    these rows hold; for values that never change and are read again and again."""

    def __init__(self, statement: Select[Any], make: Callable[[Record], T], *, remember: int = 0) -> None:
        self._statement = statement
        self._make = make
        self._remember = remember
        self._compiled: WeakKeyDictionary[Dialect, _Compiled[T]] = WeakKeyDictionary()

    def compiled(self, dialect: Dialect) -> "_Compiled[T]":
        """One for each dialect, for the readers and the writer have each their own, and take turns."""
        compiled = self._compiled.get(dialect)
        if compiled is None:
            compiled = self._compiled[dialect] = _Compiled(self._statement, dialect, self._make, self._remember)
        return compiled


class _Compiled(Generic[T]):
    def __init__(self, statement: Select[Any], dialect: Dialect, make: Callable[[Record], T], remember: int) -> None:
        compiled = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        self._parameters = [
            (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup or ()
        ]
        self._constants = {  # what the dialect itself adds, such as an OFFSET of 0 to a LIMIT
            name: bind.value for name, bind in compiled.binds.items() if not bind.required
        }
        self._columns = [
            (index, convert)
            for index, column in enumerate(statement.selected_columns)
            if (convert := column.type.dialect_impl(dialect).result_processor(dialect, None)) is not None
        ]
        self._kind = _kind(tuple(statement.selected_columns.keys()))._make  # type: ignore[attr-defined]
        self._make = make
        self.one = lru_cache(remember)(self._one) if remember else self._one

    def asked(self, values: Mapping[str, Any]) -> Asked:
        values = {**self._constants, **values} if self._constants else values
        return self.sql, [
            values[name] if convert is None else convert(values[name]) for name, convert in self._parameters
        ]

    def _one(self, row: tuple[Any, ...]) -> T:
        parts = list(row)
        for index, convert in self._columns:
            parts[index] = convert(parts[index])
        return self._make(self._kind(parts))


async def ask(
    connection: AsyncConnection, questions: Sequence[Question[Any]], values: Mapping[str, Any]
) -> list[list[Any]]:
    """What is made of the rows of each answer; all from one visit, and with the same parameters."""
    compiled = [question.compiled(connection.dialect) for question in questions]
    answers = await ask_together(connection, [one.asked(values) for one in compiled])
    return [list(map(one.one, rows)) for one, rows in zip(compiled, answers, strict=True)]


async def fetch(
    connection: AsyncConnection, statement: Executable, parameters: Mapping[str, Any] | None = None
) -> list[Record]:
    """Every row of the answer."""
    result = await connection.execute(statement, parameters)
    make = _kind(tuple(result.keys()))._make  # type: ignore[attr-defined]
    return [make(row) for row in result]


async def fetch_first(
    connection: AsyncConnection, statement: Executable, parameters: Mapping[str, Any] | None = None
) -> Record | None:
    """The first row of the answer; None where it is empty."""
    rows = await fetch(connection, statement, parameters)
    return rows[0] if rows else None


@cache
def _kind(names: tuple[str, ...]) -> type[tuple[Any, ...]]:
    """One class per list of columns; there are as many as statements."""
    return namedtuple("Record", names)
