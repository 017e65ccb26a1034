"""Text as Telegram keeps it: trimmed, measured in UTF-16 units, with given and found entities.

Found entities matter more than they seem: a `bot_command` entity is what makes a command handler fire.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable

from bot.localchat.errors import bad_request
from bot.localchat.shapes import Json
from bot.localchat.tags import parse_html, units

TEXT_UNITS_MAX = 4096
CAPTION_UNITS_MAX = 1024
ENTITIES_MAX = 100

OPAQUE = {"code", "pre", "text_link", "text_mention"}
GIVEN = OPAQUE | {
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "spoiler",
    "blockquote",
    "expandable_blockquote",
    "custom_emoji",
    "date_time",
}
DOMAIN = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:com|org|net|io|dev|app|me|info|eu|de|uk)"
FINDERS = (
    ("url", re.compile(rf"(?i)(?<![\w@.])(?:https?://[^\s<>\"]+|{DOMAIN}(?![\w.-])(?:[/?#][^\s<>\"]*)?)")),
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,12}(?!\w)")),
    ("bot_command", re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>])")),
    ("mention", re.compile(r"(?<!\w)@[A-Za-z0-9_]{4,32}(?!\w)")),
    ("hashtag", re.compile(r"(?<![\d\w&/])#(?=\w*[^\W\d])\w{1,256}(?![\w#])")),
    ("cashtag", re.compile(r"(?<![$\w])\$[A-Z]{1,8}(?![$\w])")),
)
TYPED = re.compile(
    r"```(?:(?P<language>[\w+#-]+)\n)?\n?(?P<pre>.+?)\n?```"
    r"|`(?P<code>[^`\n]+)`"
    r"|\*\*(?P<bold>[^\s*](?:[^\n]*?[^\s*])?)\*\*"
    r"|(?<!\w)__(?P<italic>[^\s_](?:[^\n]*?[^\s_])?)__(?!\w)"
    r"|~~(?P<strikethrough>[^\s~](?:[^\n]*?[^\s~])?)~~"
    r"|\|\|(?P<spoiler>[^\s|](?:[^\n]*?[^\s|])?)\|\|",
    re.DOTALL,
)


def read_text(text: str, parse_mode: str, given: Iterable[Json]) -> tuple[str, list[Json]]:
    """What a bot sent, as Telegram would store it. ApiError when the markup can't be parsed."""
    match parse_mode.lower():
        case "":
            entities = [_checked(entity) for entity in given]
        case "html":
            text, entities = parse_html(text)
        case "markdown" | "markdownv2":
            raise bad_request("can't parse entities: the local chat reads HTML only")
        case _:
            raise bad_request("unsupported parse_mode")
    return settle(text, entities)


def read_typed(text: str) -> tuple[str, list[Json]]:
    """What a person typed. Telegram's apps turn `code` and **bold** into entities and take the marks away."""
    plain, entities, last, offset = "", list[Json](), 0, 0
    for found in TYPED.finditer(text):
        before = text[last : found.start()]
        kind = str(found.lastgroup)
        inner = found[kind]
        offset += units(before)
        plain += before + inner
        entity: Json = {"type": kind, "offset": offset, "length": units(inner)}
        if found["language"]:
            entity["language"] = found["language"]
        entities.append(entity)
        offset += units(inner)
        last = found.end()
    return settle(plain + text[last:], entities)


def settle(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Trims the text, moves its entities along, adds what can be found in it; at most 100 entities survive."""
    text, entities = _without_control(text, entities)
    first = min((entity["offset"] for entity in entities), default=units(text))
    lead = min(len(text) - len(text.lstrip(" \n")), first)
    text = text[lead:].rstrip(" \n")
    end = units(text)
    kept = []
    for entity in entities:
        offset = max(entity["offset"] - lead, 0)
        length = min(entity["length"], end - offset)
        if length > 0:
            kept.append(entity | {"offset": offset, "length": length})
    kept += _found(text, [entity for entity in kept if entity["type"] in OPAQUE])
    kept.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return text, kept[:ENTITIES_MAX]


def _without_control(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Control characters go, each of them one unit, and what stands behind them moves to the left."""
    gone, at = list[int](), 0
    for char in text:
        if ord(char) < 32 and char not in "\n\t":
            gone.append(at)
        at += units(char)
    moved = []
    for entity in entities:
        start, end = entity["offset"], entity["offset"] + entity["length"]
        first, last = start - bisect_left(gone, start), end - bisect_left(gone, end)
        moved.append(entity | {"offset": first, "length": last - first})
    plain = "".join(char for char in text if char in "\n\t" or ord(char) >= 32)
    return plain.replace("\t", " "), moved


def _found(text: str, taken: list[Json]) -> list[Json]:
    found: list[Json] = []
    for kind, pattern in FINDERS:
        for match in pattern.finditer(text):
            piece = match[0].rstrip(".,;:!?'\")]}…") if kind == "url" else match[0]
            offset, length = units(text[: match.start()]), units(piece)
            if not any(_overlap(offset, length, other) for other in taken + found):
                found.append({"type": kind, "offset": offset, "length": length})
    return found


def _overlap(offset: int, length: int, other: Json) -> bool:
    return bool(offset < other["offset"] + other["length"] and other["offset"] < offset + length)


def _checked(entity: Json) -> Json:
    if not isinstance(entity, dict) or "type" not in entity:
        raise bad_request("can't parse MessageEntity: expected an object")
    offset, length = entity.get("offset"), entity.get("length")
    if not isinstance(offset, int) or not isinstance(length, int) or offset < 0 or length <= 0:
        raise bad_request('can\'t parse MessageEntity: Field "offset" must be a valid Number')
    if entity["type"] == "text_link" and not entity.get("url"):
        raise bad_request("can't parse MessageEntity: Can't find field \"url\"")
    return dict(entity)


def given_only(entities: Iterable[Json]) -> list[Json]:
    """Without those that Telegram finds by itself: what an edit is compared by."""
    return [entity for entity in entities if entity["type"] in GIVEN]
