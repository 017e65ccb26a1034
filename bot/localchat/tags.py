"""Telegram's HTML: a text with tags in, plain text and entities out, or Telegram's own complaint.

Telegram does not parse this as a browser would: only a handful of tags exist, every tag must be closed in order, a bare
`<` is an error, and a complaint names the byte where the trouble started. Offsets of entities are UTF-16 units.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.localchat.errors import ApiError, bad_request
from bot.localchat.shapes import Json

SPACES = " \t\r\n\v\f"
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
TYPES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
}


@dataclass(frozen=True)
class Tag:
    """A start tag that waits for its end: `offset` in UTF-16 units, `start` as an index into the output's pieces."""

    name: str
    attributes: dict[str, str]
    offset: int
    start: int


def units(text: str) -> int:
    """Length as Telegram and JavaScript count it: UTF-16 code units."""
    return len(text) + sum(1 for char in text if ord(char) > 0xFFFF)


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Plain text and its entities in order of their offsets; ApiError in Telegram's wording when it can't be parsed."""
    return _Reader(source).read()


@dataclass
class _Reader:
    source: str
    at: int = 0
    offset: int = 0
    pieces: list[str] = field(default_factory=list)
    entities: list[Json] = field(default_factory=list)
    stack: list[Tag] = field(default_factory=list)

    def read(self) -> tuple[str, list[Json]]:
        while self.at < len(self.source):
            char = self.source[self.at]
            if char != "<":
                self._emit(self._character())
            elif self.source.startswith("/", self.at + 1):
                self._end_tag()
            else:
                self._start_tag()
        if self.stack:
            raise self._complaint(f'Can\'t find end tag corresponding to start tag "{self.stack[-1].name}"')
        self.entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
        return "".join(self.pieces), self.entities

    def _emit(self, text: str) -> None:
        self.pieces.append(text)
        self.offset += units(text)

    def _complaint(self, text: str, at: int | None = None) -> ApiError:
        where = "" if at is None else f" at byte offset {len(self.source[:at].encode())}"
        return bad_request(f"can't parse entities: {text}{where}")

    def _peek(self) -> str:
        """The character at the cursor; empty at the end, which is in no set of characters tested here."""
        return self.source[self.at : self.at + 1]

    def _skip(self, chars: str) -> None:
        while (char := self._peek()) and char in chars:
            self.at += 1

    def _until(self, chars: str) -> str:
        start = self.at
        while (char := self._peek()) and char not in chars:
            self.at += 1
        return self.source[start : self.at]

    def _character(self) -> str:
        """One character of text, an HTML entity decoded; what Telegram does not decode stays as it was written."""
        if self.source[self.at] != "&":
            self.at += 1
            return self.source[self.at - 1]
        end = self.at + 1
        if self.source.startswith("#", end):
            hexadecimal = self.source[end + 1 : end + 2].lower() == "x"
            first = end = end + (2 if hexadecimal else 1)
            digits = "0123456789abcdefABCDEF" if hexadecimal else "0123456789"
            while end < len(self.source) and self.source[end] in digits:
                end += 1
            code = int(self.source[first:end] or "0", 16 if hexadecimal else 10)
            known = chr(code) if 0 < code < 0x10FFFF and not 0xD800 <= code < 0xE000 else ""
        else:
            while end < len(self.source) and self.source[end].isascii() and self.source[end].isalpha():
                end += 1
            known = NAMED.get(self.source[self.at + 1 : end], "")
        if not known:
            self.at += 1
            return "&"
        self.at = end + 1 if self.source.startswith(";", end) else end
        return known

    def _start_tag(self) -> None:
        begin = self.at
        self.at += 1
        name = self._until(SPACES + ">")
        if not self._peek():
            raise self._complaint("Unclosed start tag", begin)
        name = name.lower()
        if name not in TYPES:
            raise self._complaint(f'Unsupported start tag "{name}"', begin)
        attributes = self._attributes(name, begin)
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise self._complaint('Tag "span" must have class "tg-spoiler"', begin)
        self.stack.append(Tag(name, attributes, self.offset, len(self.pieces)))

    def _attributes(self, name: str, begin: int) -> dict[str, str]:
        found: dict[str, str] = {}
        while True:
            self._skip(SPACES)
            if self._peek() == ">":
                self.at += 1
                return found
            if not self._peek():
                raise self._complaint(f'Unclosed start tag "{name}"', begin)
            attribute = self._until(SPACES + "=>").lower()
            if not attribute:
                raise self._complaint(f'Empty attribute name in the tag "{name}"', begin)
            self._skip(SPACES)
            if self._peek() != "=":
                found[attribute] = ""
                continue
            self.at += 1
            self._skip(SPACES)
            if not self._peek():
                raise self._complaint(f'Unclosed start tag "{name}"', begin)
            found[attribute] = self._value(begin)

    def _value(self, begin: int) -> str:
        quote = self._peek()
        if quote not in "\"'":
            start = self.at
            while (char := self._peek()) and (char.isascii() and char.isalnum() or char in ".-"):
                self.at += 1
            if self._peek() not in tuple(SPACES + ">"):
                raise self._complaint("Unexpected end of name token", start)
            return self.source[start : self.at].lower()
        self.at += 1
        value = ""
        while (char := self._peek()) and char != quote:
            value += self._character()
        if not self._peek():
            raise self._complaint("Unclosed start tag", begin)
        self.at += 1
        return value

    def _end_tag(self) -> None:
        begin = self.at
        if not self.stack:
            raise self._complaint("Unexpected end tag", begin)
        self.at += 2
        name = self._until(SPACES + ">").lower()
        self._skip(SPACES)
        if self._peek() != ">":
            raise self._complaint("Unclosed end tag", begin)
        tag = self.stack.pop()
        if name and name != tag.name:
            found = f'Unmatched end tag at byte offset {len(self.source[:begin].encode())}, expected "</{tag.name}>"'
            raise self._complaint(f'{found}, found "</{name}>"')
        self.at += 1
        if self.offset > tag.offset:
            self._close(tag)

    def _close(self, tag: Tag) -> None:
        entity: Json = {"type": TYPES[tag.name], "offset": tag.offset, "length": self.offset - tag.offset}
        match tag.name:
            case "a":
                url = tag.attributes.get("href") or "".join(self.pieces[tag.start :])
                if not (address := _address(url)):
                    return  # Telegram keeps the text and drops a link that leads nowhere
                entity["url"] = address
            case "code":
                language = tag.attributes.get("class", "")
                if language.startswith("language-") and self.stack and self.stack[-1].name == "pre":
                    entity["language"] = language.removeprefix("language-")
            case "pre":
                self._merge_code(entity)
            case "blockquote" if "expandable" in tag.attributes:
                entity["type"] = "expandable_blockquote"
            case "tg-emoji" | "tg-time":
                entity |= self._special(tag)
        self.entities.append(entity)

    def _special(self, tag: Tag) -> Json:
        if tag.name == "tg-emoji":
            if not tag.attributes.get("emoji-id", "").isdigit():
                raise self._complaint("Invalid custom emoji identifier specified")
            return {"custom_emoji_id": tag.attributes["emoji-id"]}
        if not tag.attributes.get("unix", "").isdigit():
            raise self._complaint("Invalid date specified")
        told: Json = {"unix_time": int(tag.attributes["unix"])}
        return told | ({"date_time_format": tag.attributes["format"]} if "format" in tag.attributes else {})

    def _merge_code(self, pre: Json) -> None:
        """`<pre><code class="language-…">` over one range is a single entity: pre with a language."""
        for inner in self.entities:
            same = (inner["offset"], inner["length"]) == (pre["offset"], pre["length"])
            if inner["type"] == "code" and same and "language" in inner:
                self.entities.remove(inner)
                pre["language"] = inner["language"]
                return


def _address(url: str) -> str | None:
    """The link as Telegram stores it, or None for what it would not link."""
    if url.startswith("tg://"):
        return url
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "http", url
    host = rest.split("/", 1)[0].split("?", 1)[0].rsplit("@", 1)[-1].split(":", 1)[0]
    if scheme.lower() not in {"http", "https", "ton", "tonsite"} or any(char in SPACES for char in url):
        return None
    if "." not in host.strip(".") and host != "localhost":
        return None
    return f"{scheme.lower()}://{rest}" + ("" if "/" in rest or "?" in rest else "/")
