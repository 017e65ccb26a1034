"""Rows as named tuples: SQLAlchemy's own rows find an attribute ten times slower, and a goal has two dozen of them."""

from collections import namedtuple
from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Executable
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.rows import Record


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
