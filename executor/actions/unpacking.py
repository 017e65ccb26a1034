"""Compressed answers, unpacked no further than they are wanted: a few hundred bytes can stand for gigabytes."""

import zlib
from collections.abc import AsyncIterator, Iterator

_WINDOWS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
_RAW = -zlib.MAX_WBITS
_STEP_BYTES = 65_536


class Unreadable(Exception):
    """The text says why, for people."""


async def unpacked(parts: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    """The body in pieces of at most 64 KiB, so that whoever takes them can stop at any. What is packed in a way that
    was not asked for comes as it is. Raises Unreadable."""
    layers = [one.strip().lower() for one in encoding.split(",") if one.strip().lower() not in ("", "identity")]
    known = [one for one in layers if one in _WINDOWS]
    if len(layers) > 1 and known:
        raise Unreadable("it is packed more than once")
    if not known:
        async for part in parts:
            yield part
        return
    pieces = _Pieces(known[0])
    async for part in parts:
        for piece in pieces.of(part):
            yield piece


class _Pieces:
    def __init__(self, layer: str) -> None:
        self._layer = layer
        self._work = zlib.decompressobj(_WINDOWS[layer])
        self._begun = False

    def of(self, part: bytes) -> Iterator[bytes]:
        while part and not self._work.eof:
            try:
                piece = self._work.decompress(part, _STEP_BYTES)
            except zlib.error as error:
                if self._layer != "deflate" or self._begun:
                    raise Unreadable(str(error)) from None
                self._begun, self._work = True, zlib.decompressobj(_RAW)  # some servers leave the frame out
                continue
            self._begun = True
            part = self._work.unconsumed_tail
            if piece:
                yield piece
