"""What every table shares: the metadata, names of constraints, and conditions that an index can be partial over."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Column, ColumnElement, Index, MetaData, Table, literal_column, or_

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def known(column: str, values: type[StrEnum]) -> CheckConstraint:
    """Only the members of `values` may stand in `column`. Written with OR: for IN with more than two words SQLite
    builds a temporary table with every single row that it checks, which costs more than writing the row."""
    return CheckConstraint(" OR ".join(f"{column} = '{value}'" for value in values), name=f"{column}_is_known")


def among(column: ColumnElement[str], values: Iterable[StrEnum]) -> ColumnElement[bool]:
    """`column` is one of `values`, with the words written out: an index that is partial over them is only used where
    the query names them in the same way, never through bound parameters."""
    return or_(*(column == literal_column(f"'{value}'") for value in sorted(values)))


def partial_index(name: str, *columns: Column[Any], where: ColumnElement[bool], unique: bool = False) -> Index:
    """An index over the unfinished rows alone: it stays small however much is finished."""
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


def columns(table: Table, *, without: Iterable[str] = ()) -> list[Column[Any]]:
    """The columns of `table` that are read back."""
    left_out = set(without)
    return [column for column in table.c if column.name not in left_out]
