"""What goes into a table and what comes out of one."""

from typing import Any

Values = dict[str, Any]
"""Columns by name, for an INSERT or an UPDATE."""

Record = Any
"""A row with its columns as attributes, made by `storage.fetching`."""


def unlike(values: Values, before: Values) -> Values:
    """Those of `values` that `before`, of the same columns, does not have."""
    return {column: value for column, value in values.items() if value != before[column]}
