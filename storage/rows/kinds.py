"""What goes into a table and what comes out of one."""

from typing import Any

Values = dict[str, Any]
"""Columns by name, for an INSERT or an UPDATE."""

Record = Any
"""A row with its columns as attributes, made by `storage.fetching`."""
