"""What is wrapped up, as far as it can be unwrapped here: compressed files, archives and what they hold, base64, hex.

Bounded, since some files are made to be too large when they are unpacked: what goes beyond is not looked at, and what
needs a key can't be.
"""

import base64
import bz2
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import IO

DEPTH_MAX = 4
UNPACKED_BYTES_MAX = 64 * 1024 * 1024
MEMBERS_MAX = 10_000
_CHUNK = 1 << 18
_STEP = 1 << 9  # what is packed is read in small steps: an error takes with it what its step would bring
_GZIP = zlib.MAX_WBITS + 16
_TAR_MARK = slice(257, 262)
ENCODED_MIN = 20  # characters
_WORD = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_BREAK = re.compile(r"[ \t]*(?:[\r\n]|\\[rn])+[ \t]*")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
_IN_PDF = re.compile(rb"stream\r?\n")
_ZIP_END = 66_000  # bytes; its directory ends there, and a comment of at most 65,535
_BROKEN = (
    *(OSError, EOFError, ValueError, RuntimeError, NotImplementedError),
    *(zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError),
)
"""Or locked: nobody reads anything from it without its key."""


@dataclass(slots=True)
class Allowance:
    """How much may still be unpacked."""

    bytes: int = UNPACKED_BYTES_MAX
    members: int = MEMBERS_MAX


def contents(raw: bytes, allowance: Allowance | None = None, depth: int = DEPTH_MAX) -> Iterator[bytes]:
    """All that can be unpacked from it, one after the other; nothing from what is not packed."""
    left = allowance or Allowance()
    for inner in _unpacked(raw, left) if depth > 0 else ():
        left.members -= 1
        left.bytes -= len(inner)
        if left.members < 0 or left.bytes < 0:
            return
        yield inner
        yield from contents(inner, left, depth - 1)


def _unpacked(raw: bytes, left: Allowance) -> Iterator[bytes]:
    if raw.startswith(b"\x1f\x8b"):
        yield _inflated(raw, left, _GZIP)
    elif raw.startswith(b"BZh"):
        yield _read(partial(bz2.BZ2File, io.BytesIO(raw)), left)
    elif raw.startswith((b"\xfd7zXZ\0", b"]\0\0")):
        yield _read(partial(lzma.LZMAFile, io.BytesIO(raw)), left)
    elif raw[:1] == b"\x78" and int.from_bytes(raw[:2]) % 31 == 0:
        yield _inflated(raw, left)
    elif raw[_TAR_MARK] == b"ustar":
        yield from _of_tar(raw)
    elif raw.startswith(b"%PDF"):
        for found in _IN_PDF.finditer(raw):
            yield _inflated(memoryview(raw)[found.end() :], left)
    elif b"PK\x05\x06" in raw[-_ZIP_END:]:  # it may begin with anything, such as a program that unpacks it
        yield from _of_zip(raw, left)


def _read(open_: Callable[[], IO[bytes]], left: Allowance) -> bytes:
    """At most as much as may still be unpacked; of what ends too early or is broken, what comes before."""
    pieces, size = list[bytes](), 0
    with suppress(*_BROKEN), open_() as stream:
        while size <= left.bytes and (piece := stream.read(_CHUNK)):
            pieces.append(piece)
            size += len(piece)
    return b"".join(pieces)


def _inflated(raw: bytes | memoryview, left: Allowance, kind: int = zlib.MAX_WBITS) -> bytes:
    """As `_read`, of all that stands one after the other."""
    pieces, size, at, one = list[bytes](), 0, 0, zlib.decompressobj(kind)
    with suppress(zlib.error):
        while (at < len(raw) or one.unconsumed_tail) and size <= left.bytes:
            given = one.unconsumed_tail or raw[at : at + _STEP]
            at += 0 if one.unconsumed_tail else len(given)
            pieces.append(one.decompress(given, _CHUNK))
            size += len(pieces[-1])
            if one.eof:
                at -= len(one.unused_data)
                one = zlib.decompressobj(kind)
        pieces.append(one.flush())
    return b"".join(pieces)


def _of_tar(raw: bytes) -> Iterator[bytes]:
    """Names are in its bytes anyway, and so are contents, unless they are packed once more."""
    with suppress(*_BROKEN), tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        for member in archive:
            if (file := archive.extractfile(member) if member.isreg() else None) is not None:
                yield file.read()


def _of_zip(raw: bytes, left: Allowance) -> Iterator[bytes]:
    with suppress(*_BROKEN), zipfile.ZipFile(io.BytesIO(raw)) as archive:
        yield archive.comment
        for member in archive.infolist():
            yield member.filename.encode("utf-8", "surrogateescape")
            if not member.is_dir():
                yield _read(partial(archive.open, member), left)


def encoded_runs(text: str) -> Iterator[tuple[int, int, str]]:
    """(begin, end, itself) of what may be base64 or hex: words, and lines of one length with a last one."""
    block = list[re.Match[str]]()
    for found in _WORD.finditer(text):
        if len(found[0]) >= ENCODED_MIN:
            yield *found.span(), found[0]
        if block and not _goes_on(text, block, found):
            yield from _joined(block)
            block = []
        block.append(found)
    yield from _joined(block)


def _goes_on(text: str, block: list[re.Match[str]], found: re.Match[str]) -> bool:
    first, last = len(block[0][0]), len(block[-1][0])
    return last == first >= len(found[0]) and _BREAK.fullmatch(text, block[-1].end(), found.start()) is not None


def _joined(block: list[re.Match[str]]) -> Iterator[tuple[int, int, str]]:
    whole = "".join(one[0] for one in block) if len(block) > 1 else ""
    if len(whole) >= ENCODED_MIN:
        yield block[0].start(), block[-1].end(), whole


def decoded(run: str) -> Iterator[bytes]:
    """As hex, and as base64 that begins with it."""
    if _HEX.fullmatch(run):
        yield bytes.fromhex(run)
    plain = run.rstrip("=").replace("-", "+").replace("_", "/")
    yield base64.b64decode(plain[: len(plain) - (len(plain) % 4 == 1)] + "==")
