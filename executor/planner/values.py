"""Values that come from outside and are kept: what everything that reads them later can take."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

DEPTH_MAX = 32  # nested deeper, a value means nothing to a person, and walking through it would need the whole stack


def storable(value: Any) -> Any:
    """The value itself. Raises ValueError where it is nested too deep, or holds a number that is none."""
    ahead = [(value, 0)]
    while ahead:
        one, depth = ahead.pop()
        if depth > DEPTH_MAX:
            raise ValueError(f"nested more than {DEPTH_MAX} levels deep")
        if isinstance(one, float) and not isfinite(one):
            raise ValueError(f"{one} is no number")
        if isinstance(one, Mapping):
            ahead += [(inner, depth + 1) for inner in one.values()]
        elif isinstance(one, list | tuple):
            ahead += [(inner, depth + 1) for inner in one]
    return value
