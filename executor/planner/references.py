"""``${key.output}``: where a task's parameters use what an earlier task printed.

Anything else between ``${`` and ``}`` belongs to the shell, and stays as it is. A program that needs ``${x.output}``
for itself writes it with spaces: ``${ x.output }``.
"""

import re
from collections.abc import Mapping, Sequence

_REFERENCE = re.compile(r"\$\{([^\s${}]+)\.output\}")


def keys_used(value: object) -> list[str]:
    """The keys in every text inside `value`, each once, in the order of their first use."""
    return list(dict.fromkeys(_keys(value)))


def _keys(value: object) -> list[str]:
    if isinstance(value, str):
        return _REFERENCE.findall(value)
    if isinstance(value, Mapping):
        return [key for one in value.values() for key in _keys(one)]
    if isinstance(value, Sequence):
        return [key for one in value for key in _keys(one)]
    return []
