"""What a child process printed: the head and the tail of each stream, and how much fell out between them."""

from executor.domain.tail import printable


class Capture:
    """At most `bytes_max` of one stream. Everything is counted; what comes after the head moves through the tail."""

    def __init__(self, bytes_max: int) -> None:
        self._head_max = bytes_max // 2
        self._tail_max = bytes_max - self._head_max
        self._head = bytearray()
        self._tail = bytearray()
        self.total = 0

    def add(self, chunk: bytes) -> None:
        self.total += len(chunk)
        room = self._head_max - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        self._tail += chunk
        if len(self._tail) > 2 * self._tail_max + 65536:  # trimmed now and then, not with every chunk
            del self._tail[: -self._tail_max or None]

    @property
    def cut(self) -> int:
        """Bytes that fell out."""
        return max(self.total - self._head_max - self._tail_max, 0)

    def text(self) -> str:
        tail = bytes(self._tail[-self._tail_max :]) if self._tail_max else b""
        if not self.cut:
            return printable(bytes(self._head) + tail)
        return f"{printable(bytes(self._head))}\n… {self.cut:,} bytes cut …\n{printable(tail)}"
