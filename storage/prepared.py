"""Statements for many rows at once, compiled a single time.

SQLAlchemy works out the parameters of every row anew, which for the rows of one tick takes longer than SQLite takes to
write them. Here the order of the parameters and the conversions of their types are worked out with the statement.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Boolean, Dialect
from sqlalchemy.sql.dml import Delete, Insert, Update

from storage.rows import Values
from storage.sqlite import Bound


class Prepared:
    """An INSERT, UPDATE or DELETE, compiled once for each set of columns that it is given."""

    def __init__(self, statement: Insert | Update | Delete) -> None:
        self._statement = statement
        self._compiled: dict[tuple[str, ...], _Compiled] = {}

    def bound(self, dialect: Dialect, rows: Sequence[Values]) -> Bound:
        """Ready to be run together with others. `rows` is not empty, and all of them have the same names."""
        names = tuple(rows[0])
        compiled = self._compiled.get(names)
        if compiled is None or compiled.dialect is not dialect:
            compiled = self._compiled[names] = _Compiled(self._statement, dialect, rows[0])
        return compiled.sql, compiled.parameters(rows)


class _Compiled:
    def __init__(self, statement: Insert | Update | Delete, dialect: Dialect, first: Values) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(first))
        names = list(compiled.positiontup or ())
        self.dialect = dialect
        self.sql = str(compiled)
        self._constants = {name: value for name, value in compiled.params.items() if name not in first}
        self._pick: Callable[[Values], tuple[Any, ...]] = _picker(names)
        self._converted = [
            (index, convert)
            for index, name in enumerate(names)
            if not isinstance(compiled.binds[name].type, Boolean)  # the driver takes them as they are
            and (convert := compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) is not None
        ]

    def parameters(self, rows: Sequence[Values]) -> list[list[Any]]:
        return [self._row(row) for row in rows]

    def _row(self, row: Values) -> list[Any]:
        picked = list(self._pick(row | self._constants if self._constants else row))
        for index, convert in self._converted:
            if picked[index] is not None:
                picked[index] = convert(picked[index])
        return picked


def _picker(names: list[str]) -> Callable[[Values], tuple[Any, ...]]:
    if len(names) == 1:
        [name] = names
        return lambda row: (row[name],)
    return itemgetter(*names)
