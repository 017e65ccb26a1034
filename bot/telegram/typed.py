"""What a person typed, as they typed it. Telegram's apps turn `code` into an entity and take its marks away; a goal's
text needs them back, or its commands would become tasks for a person."""

from collections.abc import Sequence

from telegram import Message as TelegramMessage
from telegram import MessageEntity

_MARKS = {MessageEntity.CODE: "`", MessageEntity.PRE: "```"}


def typed_text(message: TelegramMessage) -> str:
    """The text, or a file's caption, with backticks around code; empty where there is neither."""
    if message.text is not None:
        return with_marks(message.text, message.entities)
    return with_marks(message.caption or "", message.caption_entities)


def with_marks(text: str, entities: Sequence[MessageEntity]) -> str:
    """Entity offsets are UTF-16 units, so the text is cut in that encoding."""
    raw = text.encode("utf-16-le", "surrogatepass")
    parts: list[bytes] = []
    last = 0
    for entity in sorted(entities, key=lambda one: one.offset):
        mark = _MARKS.get(entity.type)
        start, end = 2 * entity.offset, 2 * (entity.offset + entity.length)
        if mark is None or start < last:
            continue
        inner = raw[start:end].decode("utf-16-le", "surrogatepass")
        parts += [raw[last:start], _marked(inner, mark).encode("utf-16-le", "surrogatepass")]
        last = end
    parts.append(raw[last:])
    return b"".join(parts).decode("utf-16-le", "replace")


def _marked(inner: str, mark: str) -> str:
    """A single line goes between single backticks whatever it was typed with; only several lines need three."""
    if mark == "```" and "\n" in inner:
        return f"```\n{inner}\n```"
    return f"`` {inner} ``" if "`" in inner else f"`{inner}`"
