"""Keys of a plan's tasks, and texts that name them."""

import re
from collections.abc import Mapping
from typing import Any

_REFERENCE = re.compile(r"\$\{([\w.-]+)\.output\}")


def with_references(value: Any, names: Mapping[str, str]) -> Any:
    """``${key.output}`` under the new names, wherever it stands."""
    if isinstance(value, str):
        return _REFERENCE.sub(lambda found: f"${{{names.get(found[1], found[1])}.output}}", value)
    if isinstance(value, Mapping):
        return {name: with_references(one, names) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [with_references(one, names) for one in value]
    return value
