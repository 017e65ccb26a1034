"""The forms in which programs print a value, as texts.

Exactly, backwards, escaped (JSON, Python, HTML, URL, a shell, numbers of characters), twice escaped, as hex, and as
base64 wherever in an encoded text it begins: three bytes become four characters, so the same value looks different at
each of three offsets, and the characters that it shares with its neighbours are left out.
"""

import base64
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

LONG = 12  # characters, from which on a value that is no word is found in other cases as well
_HEX = re.compile(r"%[0-9A-F]{2}")
_FOR_A_SHELL = re.compile(r"([^\w@%+=:,./-])", re.ASCII)


def forms(value: str) -> set[str]:
    """As single words; for hex with something between its bytes see `hexadecimal`."""
    raw = value.encode("utf-8", "surrogatepass")
    in_addresses = {quote(raw, safe=""), quote(raw), quote(raw, safe="!'()*"), quote_plus(raw)}
    plain = {
        value,
        value[::-1],
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        html.escape(value),
        html.escape(value, quote=False),
        _FOR_A_SHELL.sub(r"\\\1", value),
        value.replace("'", "'\\''"),
        value.replace("'", "'\"'\"'"),
        *in_addresses,
        *(_HEX.sub(lambda found: found[0].lower(), one) for one in in_addresses),
        *(quote(one, safe="") for one in in_addresses),
        *_numbers(value, raw),
        raw.hex(),
        raw.hex().upper(),
    }
    once = {*plain, *in_base64(value)}
    again = (json.dumps(one)[1:-1] for one in plain)
    return {*once, *again, *(one.replace("/", "\\/") for one in once), *_cases(value)}


def in_base64(value: str) -> set[str]:
    """In both alphabets, wherever in an encoded text it begins."""
    raw = value.encode("utf-8", "surrogatepass")
    return {one for offset in range(3) for one in _base64(raw, offset)}


def numbers(value: str) -> str:
    """Those of its bytes, with a comma between them."""
    return ",".join(map(str, value.encode("utf-8", "surrogatepass")))


def hexadecimal(value: str) -> str:
    """In small letters."""
    return value.encode("utf-8", "surrogatepass").hex()


def _numbers(value: str, raw: bytes) -> Iterator[str]:
    """Of its characters or bytes."""
    yield "".join(f"\\{one:03o}" for one in raw)
    yield "".join(f"&#{ord(one)};" for one in value)


def _cases(value: str) -> Iterator[str]:
    if len(value) >= LONG and not value.isalpha():
        yield from (value.upper(), value.lower())


def _base64(raw: bytes, offset: int) -> tuple[str, str]:
    """The characters that depend on nothing but the value, where it begins `offset` bytes into a group of three; in
    both alphabets. RFC 4648."""
    padded = bytes(offset) + raw
    first, end = -(-offset * 8 // 6), len(padded) * 8 // 6
    return base64.b64encode(padded).decode()[first:end], base64.urlsafe_b64encode(padded).decode()[first:end]
