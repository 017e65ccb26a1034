"""Many statements of one transaction, run in one go.

What changes a row names the revision or the states that it was read in, and counts the rows that it met: one row less
than expected, and nothing at all is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Dialect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.errors import Conflict
from storage.prepared import Prepared
from storage.rows import Values
from storage.sqlite import Bound, is_duplicate, run_together


@dataclass(frozen=True, slots=True)
class _Step:
    """`expected` rows must be met; None: any number will do."""

    what: str
    bound: Bound
    expected: int | None


class Writer:
    """Collects statements, runs them in one go, and sees whether each row was met. `what` is for the log."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._steps: list[_Step] = []

    def add(self, what: str, statement: Prepared, values: Sequence[Values]) -> None:
        """Any number of rows may be met. All `values` have the same names."""
        if values:
            self._steps.append(_Step(what, statement.bound(self._dialect, values), None))

    def change(self, what: str, statement: Prepared, values: Sequence[Values]) -> None:
        """Each of `values` must meet its row; their names may differ."""
        alike: dict[tuple[str, ...], list[Values]] = {}
        for row in values:
            alike.setdefault(tuple(row), []).append(row)
        for some in alike.values():
            self._steps.append(_Step(what, statement.bound(self._dialect, some), len(some)))

    async def run(self, connection: AsyncConnection) -> None:
        """Raises Conflict; the caller's transaction must then be undone."""
        try:
            met = await run_together(connection, [step.bound for step in self._steps])
        except IntegrityError as error:
            if is_duplicate(error):
                raise Conflict(detail=f"exists already: {error.orig}") from error
            raise
        for step, count in zip(self._steps, met, strict=True):
            if step.expected is not None and count != step.expected:
                raise Conflict(detail=f"{step.what}: {step.expected} to change, {count} as they were read")
