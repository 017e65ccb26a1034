"""Column types that SQLite lacks. Both databases sort and compare what they store in the right order."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(TypeDecorator[datetime]):
    """A moment as whole microseconds since 1970 UTC. Refuses a naive datetime: nobody could say when that is."""

    impl = BigInteger
    cache_ok = True

    # Both are called for every time of every row: no detour through SQLAlchemy's own wrappers.

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], int | None]:
        return _microseconds

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[int | None], datetime | None]:
        return _instant


@lru_cache(maxsize=8192)
def _microseconds(value: datetime | None) -> int | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(f"a stored time needs a time zone: {value!r}")
    since = value - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


@lru_cache(maxsize=8192)
def _instant(microseconds: int | None) -> datetime | None:
    """Remembered: a row is read many times between two changes, and rows of one transaction share their times."""
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


class Money(TypeDecorator[Decimal]):
    """US dollars, exactly as written; never summed by the database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)
