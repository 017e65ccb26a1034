"""What goes into a table and what comes out of one."""

from typing import Any

from sqlalchemy import Row

Values = dict[str, Any]
"""Columns by name, for an INSERT or an UPDATE."""

AnyRow = Row[*tuple[Any, ...]]
