"""What is said in answer to a protected message is not kept.

A bot that sends a message with ``protect_content`` says that it is not for keeping. Here that holds for the answers as
well: replies to it, and commands that it spells out (``/answer 17``), are stored as dots; so are messages that are
nothing but a secret's name and value (``API_KEY=…``), whatever they answer. Their text stays in memory until the bot
has confirmed their update; if the program ends before, the bot gets the dots.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

from bot.localchat.shapes import Json

HIDDEN = "•••"
_COMMAND = re.compile(r"/([A-Za-z_]{1,64})(?:@\w+)?\s+(?:#?(\d{1,9})(?=\s)|(?=\S))")
_SPELT = re.compile(r"/([A-Za-z_]{1,64}) (\d{1,9})\b")
_VALUE = re.compile(r"(?:export\s+)?[A-Z][A-Z0-9_]*(?:TOKEN|KEY|SECRET|PASSWORD|PASSWD|CREDENTIALS)=\S.*")
_TYPO = 0.75  # how close to a command another one is taken for it


def commands_in(text: str) -> set[tuple[str, str]]:
    """The commands with a number that a text spells out."""
    return {(name.lower(), number) for name, number in _SPELT.findall(text)}


def is_value(text: str) -> bool:
    """Whether every line of it is a secret's name and value."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return bool(lines) and all(_VALUE.fullmatch(line) for line in lines)


def is_meant(text: str, commands: Collection[tuple[str, str]]) -> bool:
    """Whether a person's text gives one of these commands something to say: by its number, or without any."""
    found = _COMMAND.match(text.strip())
    if found is None:
        return False
    name, number = found[1].lower(), found[2]
    rest = text.strip()[found.end() :].strip()
    return bool(rest) and any(
        difflib.SequenceMatcher(None, name, known).ratio() >= _TYPO
        and (number == wanted or (number is None and not rest.isdecimal()))
        for known, wanted in commands
    )


def hidden(content: Json) -> Json:
    """The content of a message without what was said."""
    kept = {key: value for key, value in content.items() if key not in {"entities", "caption_entities"}}
    return kept | {key: HIDDEN for key in ("text", "caption") if key in kept}
