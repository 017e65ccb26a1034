"""Where an action goes, and whether a person has named that place.

What an action says is one thing, where it says it another: a text from a web page may fill a parameter, but it must
not choose the host, the tool or the folder. And once a goal has read what strangers wrote, a model that follows it
could carry out, in an address alone, what it has seen; so from then on only places count that were named before.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from executor.domain.texts import texts_in

_DECIDING: Mapping[str, tuple[str, ...]] = {
    "mcp": ("server", "tool"),
    "shell": ("writes",),
    "python": ("writes",),
    "wait": ("writes",),
    "install": ("packages", "manager"),
    "workflow": ("name",),
}
"""The parameters that say where an action goes and what it is, by action. Of http it is the address up to its path."""
_ADDRESS = re.compile(r"https?://[^\s\"'<>|`\\]+", re.IGNORECASE)
_USUAL = {"http": 80, "https": 443}


def steered(action: str, planned: Mapping[str, Any], filled: Mapping[str, Any]) -> bool:
    """Whether an output that was filled in decides where it goes. `planned` is what was written, with its
    references."""
    if action == "http":
        return _origin(planned) != _origin(filled)
    said = [name for name in _DECIDING.get(action, ()) if planned.get(name)]  # the rest is a default
    return any(_plain(planned[name]) != _plain(filled.get(name)) for name in said)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _origin(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Scheme and host as they stand, and the host that the request names in its headers. An address that can't be
    read is taken whole."""
    url, headers = str(parameters.get("url", "")), parameters.get("headers")
    named = [str(value) for name, value in headers.items() if name.lower() == "host"] if headers else []
    try:
        read = urlsplit(url)
        return (read.scheme, read.netloc, *named)
    except ValueError:
        return (url, *named)


def place_of(url: str) -> str:
    """``example.com``, with its port where that is not the usual one; "" where it can't be read."""
    try:
        read = urlsplit(url)
        host, port = (read.hostname or "").rstrip("."), read.port
    except ValueError:
        return ""
    return host if port is None or port == _USUAL.get(read.scheme) or not host else f"{host}:{port}"


def places_in(texts: Iterable[Any]) -> frozenset[str]:
    """Of every address in them, whatever they are made of. What an output would decide is none."""
    found = (
        place_of(one.rstrip(".,;:!?)")) for text in texts for value in texts_in(text) for one in _ADDRESS.findall(value)
    )
    return frozenset(one for one in found if one and "$" not in one)
