"""Values that an attempt was given, in the place of their names: a request and a tool's arguments are no program that
would look them up itself."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

_CREDENTIAL = re.compile(
    r"\$\{?([A-Z][A-Z0-9_]*?(?:_TOKEN|_KEY|_SECRET|PASSWORD|_PASSWD|_CREDENTIALS))(?![A-Za-z0-9_])"
)


def with_secrets(value: Any, environment: Mapping[str, str]) -> Any:
    """``$NAME`` and ``${NAME}`` replaced in all texts, where the attempt was given a value of that name."""
    if not environment:
        return value
    if isinstance(value, str):
        names = "|".join(map(re.escape, sorted(environment, key=len, reverse=True)))
        pattern = rf"\$(?:\{{({names})\}}|({names})(?![A-Za-z0-9_]))"
        return re.sub(pattern, lambda found: environment[found[1] or found[2]], value)
    if isinstance(value, Mapping):
        return {name: with_secrets(one, environment) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [with_secrets(one, environment) for one in value]
    return value


def credentials_in(texts: Iterable[str]) -> list[str]:
    """The names of what looks like a secret's variable: ``$GITHUB_TOKEN`` or ``${GITHUB_TOKEN}``."""
    return list(dict.fromkeys(found[1] for text in texts for found in _CREDENTIAL.finditer(text)))
