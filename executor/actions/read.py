"""The read action: a file of the goal's workspace, as text."""

import asyncio
import codecs
import os
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import ClassVar

from pydantic import field_validator

from executor.actions.paths import Folder
from executor.actions.typed import Parameters, Typed
from executor.actions.write import sound_path
from executor.domain.outcome import Result
from executor.ports import Context


class ReadParameters(Parameters):
    path: str

    _sound = field_validator("path")(sound_path)


@dataclass(frozen=True, slots=True)
class Text:
    """What bytes say. `binary`: they are no text, and `text` is empty."""

    text: str
    binary: bool


class Read(Typed[ReadParameters]):
    name: ClassVar[str] = "read"
    model = ReadParameters

    def what(self, parameters: ReadParameters) -> str:
        return f"reads {parameters.path}"

    async def act(self, parameters: ReadParameters, context: Context) -> Result:
        began = monotonic()
        raw, size = await asyncio.to_thread(_content, context.workspace, parameters.path, context.output_bytes_max)
        said = as_text(raw, whole=len(raw) == size)
        cut = size - len(raw)
        line = f"{parameters.path}, {size:,} bytes"
        if said.binary:
            line += ", binary: not shown as text"
        elif cut:
            line += f", the first {len(raw):,} read"
        return Result(
            success=True,
            result=line,
            output=said.text,
            metadata={
                "execution_time": round(monotonic() - began, 3),
                "file_path": parameters.path,
                "file_size": size,
                "output_cut_bytes": cut,
                "binary": said.binary,
            },
        )


def _content(workspace: Path, path: str, bytes_max: int) -> tuple[bytes, int]:
    """The beginning of a file, and its size in bytes."""
    with Folder(workspace).reading(path) as file:
        pieces, left = [], bytes_max
        while left > 0 and (piece := os.read(file, min(left, 1 << 20))):
            pieces.append(piece)
            left -= len(piece)
        content = b"".join(pieces)
        return content, max(os.fstat(file).st_size, len(content))


def as_text(raw: bytes, *, whole: bool, encoding: str = "utf-8") -> Text:
    """`whole` False: it was cut somewhere, perhaps within a character, which is then left out."""
    decoder = codecs.getincrementaldecoder(encoding if _is_charset(encoding) else "utf-8")("strict")
    if b"\x00" in raw:
        return Text("", binary=True)
    try:
        text = decoder.decode(raw, final=whole)
    except UnicodeError:
        return Text("", binary=True)
    return Text(text.encode("utf-8", "replace").decode(), binary=False)  # UTF-7 can say half a character


def _is_charset(name: str) -> bool:
    """A server may name anything, and Python calls much an encoding that is none: base64, even zlib."""
    try:
        known = codecs.lookup(name).name.replace("-", "_")
        b"x".decode(name)
    except UnicodeError:  # two bytes a character
        return known not in _NO_CHARSETS
    except (LookupError, ValueError):
        return False
    return known not in _NO_CHARSETS


_NO_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"})
"""They read host names, or escapes as a program's text has them; or nothing at all."""
