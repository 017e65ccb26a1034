"""Links whose words say something else than where they lead, in text that a model, a tool or a page wrote.

Nothing of it becomes a link here: all text is escaped, and no preview is fetched. But whoever copies the text
elsewhere, or reads it in a document, should see the hosts. Pure functions.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from bot.telegram.html import clip, escape, plain
from bot.telegram.message import Message
from executor.domain.visible import made_visible

LINE_UNITS_MAX = 68  # fits behind a message of full length, beside the mark of a repeated one
HOST_CHARACTERS_MAX = 40
_MARKDOWN = re.compile(r"\[([^\]\n]{0,200})\]\(\s{0,3}<?([^)\s>]{1,500})")
_REFERENCE = re.compile(r"^ {0,3}\[([^\]\n]{1,200})\]:[ \t]{1,3}<?(\S{1,500})", re.MULTILINE)
_TAG = re.compile(
    r"<(?:a|img|iframe|form)\b[^<>]{0,300}?(?:href|src|action)\s?=\s?[\"']?([^\"'\s<>]{1,500})", re.IGNORECASE
)
_PRETENDS = re.compile(r"\bhttps?://[^\s/@]{1,200}@[^\s/]{1,200}", re.IGNORECASE)


def with_hosts(message: Message) -> Message:
    """The message, with a line that names the hosts of such links in it and in its documents."""
    documents = (message.document, *message.beside)
    texts = [plain(message.html), *(document.text for document in documents if document is not None)]
    hosts = list(dict.fromkeys(host for text in texts for host in hosts_of(text)))
    return replace(message, html=f"{message.html}\n{escape(_line(hosts))}") if hosts else message


def hosts_of(text: str) -> Iterator[str]:
    """Where links lead whose words are others, in their order; an address that hides its host among them."""
    for found in (*_MARKDOWN.finditer(text), *_REFERENCE.finditer(text)):
        if found[1].strip() != found[2]:
            yield from _host(found[2])
    for found in _TAG.finditer(text):
        yield from _host(found[1])
    for found in _PRETENDS.finditer(text):
        yield from _host(found[0])


def _host(target: str) -> Iterator[str]:
    """Nothing for what leads nowhere else: a place in the same text, a file beside it."""
    try:
        parts = urlsplit(target)
        host = parts.hostname
    except ValueError:
        host, parts = target, urlsplit("")
    if host:
        yield clip(made_visible(host), HOST_CHARACTERS_MAX)
    elif parts.scheme:
        yield f"{clip(parts.scheme, HOST_CHARACTERS_MAX)}:"


def _line(hosts: list[str]) -> str:
    line = f"🔗 Links lead to: {hosts[0]}"
    for place, host in enumerate(hosts[1:], start=1):
        if len(f"{line}, {host}") > LINE_UNITS_MAX - 14:
            return f"{line} and {len(hosts) - place} more"
        line = f"{line}, {host}"
    return line
