"""Values that an attempt was given, in the place of their names: a request and a tool's arguments are no program that
would look them up itself."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

_CREDENTIAL = re.compile(
    r"\$\{?([A-Z][A-Z0-9_]*?(?:_TOKEN|_KEY|_SECRET|PASSWORD|_PASSWD|_CREDENTIALS))(?![A-Za-z0-9_])"
)


DOLLARS = ("$", r"\u0024")
"""What begins a name; the second becomes the first where a text is read as JSON."""
GIVEN = "given"
"""The hidden parameter with the outputs that were filled in and hold a dollar sign: they are data, and name nothing."""


def with_secrets(value: Any, environment: Mapping[str, str], given: Iterable[str] = ()) -> Any:
    """``$NAME`` and ``${NAME}`` replaced in all texts, where the attempt was given a value of that name. What stands in
    a text that is `given` stays as it is: who wrote that page or letter must not get a secret sent by naming it."""
    if not environment:
        return value
    names = "|".join(map(re.escape, sorted(environment, key=len, reverse=True)))
    named = rf"\$(?:\{{({names})\}}|({names})(?![A-Za-z0-9_]))"
    kept = sorted({one for one in given if re.search(named, one)}, key=len, reverse=True)
    pattern = re.compile("|".join([*map(re.escape, kept), named]))
    return _replaced(value, pattern, environment)


def _replaced(value: Any, pattern: re.Pattern[str], environment: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(lambda found: environment.get(found[1] or found[2], found[0]), value)
    if isinstance(value, Mapping):
        return {name: _replaced(one, pattern, environment) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(one, pattern, environment) for one in value]
    return value


def credentials_in(texts: Iterable[str]) -> list[str]:
    """The names of what looks like a secret's variable: ``$GITHUB_TOKEN`` or ``${GITHUB_TOKEN}``."""
    return list(dict.fromkeys(found[1] for text in texts for found in _CREDENTIAL.finditer(text)))
