"""A letter: a text that begins with lines like ``To: ann@example.com``, and what becomes of it when a tool sends it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import getaddresses
from typing import Any

SEND_DRAFT = "send-draft"
"""The action that sends one with a tool."""
_HEAD = re.compile(r"(Subject|From|To|Cc|Bcc|Date|Reply-To)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
_PLACE = re.compile(r"\{(to|cc|bcc|reply_to|subject|body|letter)\}")
_ADDRESSES = ("to", "cc", "bcc", "reply_to")
_MAY_BE_MISSING = frozenset({"cc", "bcc", "reply_to"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """`heads` by their names in small letters; who writes it, and when, is the sender's own business."""

    heads: Mapping[str, str]
    body: str
    text: str

    def value(self, place: str) -> str:
        return {"body": self.body, "letter": self.text}.get(place, self.heads.get(place, ""))

    def addresses(self, place: str) -> list[str]:
        return [f"{name} <{address}>" if name else address for name, address in getaddresses([self.value(place)])]


def read_mail(text: str) -> Mail | None:
    """None: it says to nobody that it is for them."""
    text = text.strip("\ufeff\n\r\t ")
    lines = text.split("\n")
    heads: dict[str, str] = {}
    count = 0
    for line in lines:
        if (found := _HEAD.fullmatch(line.rstrip("\r"))) is None:
            break
        name = found[1].lower().replace("-", "_")
        heads[name] = f"{heads[name]}, {found[2].strip()}" if name in heads else found[2].strip()
        count += 1
    if not any("@" in address for _, address in getaddresses([heads.get("to", "")])):
        return None
    return Mail(heads=heads, body="\n".join(lines[count:]).strip("\r\n"), text=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendTool:
    """What the owner says of sending: a tool of an MCP server, and its arguments with places like ``{to}`` in them."""

    server: str
    tool: str
    arguments: Mapping[str, Any] = field(
        default_factory=lambda: {"to": "{to}", "subject": "{subject}", "body": "{body}"}
    )

    def why_not(self, letter: Mail) -> str | None:
        """What of the letter has no place in the arguments, in a sentence; None: it all has."""
        used = set(_places(self.arguments))
        if "letter" in used:
            return None
        left = [name for name in (*_ADDRESSES, "subject", "body") if letter.value(name) and name not in used]
        return f"it has {_WORDS[left[0]]}, and [drafts] arguments has no {{{left[0]}}}" if left else None

    def filled(self, letter: Mail) -> dict[str, Any]:
        """The arguments for this letter. One that names only what the letter lacks is left out."""
        return {
            name: _filled(value, letter)
            for name, value in self.arguments.items()
            if not (found := set(_places(value))) or found - _MAY_BE_MISSING or any(map(letter.value, found))
        }


_WORDS = {
    "to": "a To: line",
    "cc": "a Cc: line",
    "bcc": "a Bcc: line",
    "reply_to": "a Reply-To: line",
    "subject": "a subject",
    "body": "a text",
}


def _places(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _PLACE.findall(value)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _places(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _places(one)


def _filled(value: Any, letter: Mail) -> Any:
    """``["{to}"]`` becomes a list with one entry for each address."""
    if isinstance(value, str):
        return _PLACE.sub(lambda found: letter.value(found[1]), value)
    if isinstance(value, Mapping):
        return {name: _filled(one, letter) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [one for inner in value for one in _entries(inner, letter)]
    return value


def _entries(value: Any, letter: Mail) -> list[Any]:
    whole = _PLACE.fullmatch(value) if isinstance(value, str) else None
    return letter.addresses(whole[1]) if whole and whole[1] in _ADDRESSES else [_filled(value, letter)]
