"""States as tables: one function checks a move, and the tables say which moves there are."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from executor.domain.errors import WrongMove

S = TypeVar("S", bound=StrEnum)


def check_move(table: Mapping[S, frozenset[S]], old: S, new: S, what: str) -> None:
    """Raise WrongMove unless `table` allows `old` → `new`. Staying in a state is always allowed."""
    if new != old and new not in table[old]:
        raise WrongMove(f"{what} can't go from {old} to {new}.")


def check_return(table: Mapping[S, frozenset[S]], old: S, new: S, what: str) -> None:
    """Raise WrongMove unless the (partial) `table` leads from `old` to `new`; staying is no way back."""
    if new not in table.get(old, ()):
        raise WrongMove(f"{what} can't be taken up again: it is {old}.")
