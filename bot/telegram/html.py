"""Telegram's HTML: made here, from escaped text only, and measured as Telegram measures it."""

import html
import re

from executor.domain.visible import made_visible

TEXT_UNITS_MAX = 4000  # Telegram takes 4096 after parsing; the rest is room for a mark at the end
CAPTION_UNITS_MAX = 1000  # 1024, likewise
_TAG = re.compile(r"<[^<>]*>")
_QUOTED = re.compile(r"`([^`\n]+)`")
_REACH = re.compile(r"(?:(?<=`)|(?<=` succeeds))\n(It may [^\n]+\.)\Z")
_COMMAND = re.compile(r"(Python: )?`([^`]+)`((?:\n[^`]*)?)")
_QUOTED_TO_THE_END = re.compile(r"`(.+)`\Z", re.DOTALL)
_SETS = re.compile(r"\w+=(?:'[^']*'|[^\s'\";|&()$`]*)")  # what a workflow puts before a command: name=value
_HIDDEN = {code: None for code in range(32) if chr(code) not in "\n\t"} | {0x7F: None}


def escape(text: object) -> str:
    """Any text as harmless HTML. Control characters are left out; a direction override ends where the text ends."""
    clean = str(text).replace("\r\n", "\n").translate(_HIDDEN)
    return html.escape(_closed(clean), quote=False)


def _closed(text: str) -> str:
    """Closes overrides of the writing direction that the text leaves open: they would turn the whole line around."""
    open_ones = sum(text.count(mark) for mark in "\u202a\u202b\u202d\u202e") - text.count("\u202c")
    isolates = sum(text.count(mark) for mark in "\u2066\u2067\u2068") - text.count("\u2069")
    return text + "\u202c" * max(open_ones, 0) + "\u2069" * max(isolates, 0)


def bold(text: object) -> str:
    return f"<b>{escape(text)}</b>"


def italic(text: object) -> str:
    return f"<i>{escape(text)}</i>"


def code(text: object) -> str:
    """One line in fixed width; several lines become a block. A command hides nothing from whoever accepts it."""
    shown = escape(made_visible(str(text).replace("\r\n", "\n")))
    return f"<pre>{shown}</pre>" if "\n" in shown else f"<code>{shown}</code>"


def unquoted(text: str) -> str:
    """A command without the backticks around it: it stands in fixed width anyway. What tells its kind stays in front
    of it, what it is given below it."""
    command, reach = parted(text)
    if found := _COMMAND.fullmatch(command):
        kind, inner, given = (one or "" for one in found.groups())
        head = kind.replace(": ", ":\n") if "\n" in inner else kind
        command = f"{head}{inner}{given}"
    return f"{command}\n{reach}" if reach else command


def parted(text: str) -> tuple[str, str]:
    """What runs, and the sentence below it that says what it may reach beyond its folder; "" where there is none."""
    found = _REACH.search(text)
    return (text[: found.start()], found[1]) if found else (text, "")


def evidence(text: str) -> str:
    """What was seen: a command in fixed width and on one line, and what came of it."""
    before, arrow, came = text.rpartition(" → ")
    if not arrow:
        return with_code(text)
    found = _QUOTED_TO_THE_END.search(before)
    said, command = (before[: found.start()], found[1]) if found else ("", before)
    return f"{escape(said)}{glance(command)} → {escape(came)}"


def with_code(text: str) -> str:
    """Plain text in which `backticks` mark what stands in fixed width, as HTML."""
    return "".join(code(part) if odd else escape(part) for part, odd in _parts(text))


def _parts(text: str) -> list[tuple[str, bool]]:
    return [(part, bool(place % 2)) for place, part in enumerate(_QUOTED.split(text)) if part]


def glance(command: str) -> str:
    """A command on one line, as HTML: the values set in front of it, its first line, and how many more there are. Only
    where the whole stands elsewhere."""
    lines = [line.strip() for line in command.splitlines() if line.strip()] or [""]
    first = next((place for place, line in enumerate(lines) if not _SETS.fullmatch(line)), len(lines) - 1)
    rest = len(lines) - first - 1
    more = f" … and {rest} more {'line' if rest == 1 else 'lines'}" if rest else ""
    return f"{code('; '.join(lines[: first + 1]))}{more}"


def pre(text: object) -> str:
    return f"<pre>{escape(text)}</pre>"


def plain(source: str) -> str:
    """What a person sees of this HTML. Only for HTML made here: every `<` in it starts a tag."""
    return html.unescape(_TAG.sub("", source))


def units(text: str) -> int:
    """Length as Telegram counts it: UTF-16 code units."""
    return len(text) + sum(ord(char) > 0xFFFF for char in text)


def clip(text: str, characters_max: int) -> str:
    """The start of a plain text, with … where something is missing. Only where the whole stands elsewhere."""
    return text if len(text) <= characters_max else text[: characters_max - 1].rstrip() + "…"
