"""One commit, written by way of git's import stream: contents first, and their names when all of it is known."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import IO

from executor.actions.history.git import Git
from executor.actions.history.scan import Scan

LEFT_OUT_SHOWN = 20


class Commit:
    """A commit under way on a branch, begun with the first thing to write. Its end makes it count; an exception forgets
    it. `message` is asked for at the end."""

    def __init__(self, git: Git, branch: str, tip: str, message: Callable[[], bytes], at: datetime) -> None:
        self._branch = branch
        self._tip = tip
        self._message = message
        self._at = at
        self._talk = git.talking("fast-import", "--quiet", "--done", "--date-format=raw")
        self._stream: IO[bytes] | None = None
        self._lines: list[bytes] = []
        self._blobs = 0

    @property
    def begun(self) -> bool:
        return self._stream is not None

    def begin(self, gone: Iterable[bytes] = ()) -> None:
        self._stream, _ = self._talk.__enter__()
        self._lines += [b"D %s\n" % quoted(path) for path in gone]

    def write(self, path: bytes, mode: bytes, content: bytes) -> None:
        if self._stream is None:
            self.begin()
        assert self._stream is not None
        self._blobs += 1
        self._stream.write(b"blob\nmark :%d\ndata %d\n" % (self._blobs, len(content)))
        self._stream.write(content)
        self._stream.write(b"\n")
        self._lines.append(b"M %s :%d %s\n" % (mode, self._blobs, quoted(path)))

    def _name_all(self) -> None:
        assert self._stream is not None
        message = self._message()
        self._stream.write(b"commit refs/heads/%s\n" % self._branch.encode("ascii"))
        self._stream.write(b"committer Milepost <milepost> %d +0000\n" % int(self._at.timestamp()))
        self._stream.write(b"data %d\n%s\n" % (len(message), message))
        if self._tip:
            self._stream.write(b"from %s\n" % self._tip.encode("ascii"))
        self._stream.writelines(self._lines)
        self._stream.write(b"\ndone\n")

    def __enter__(self) -> "Commit":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if self._stream is None:
            return
        if kind is not None:
            self._talk.__exit__(kind, error, None)
            return
        self._name_all()
        self._talk.__exit__(None, None, None)


def quoted(path: bytes) -> bytes:
    """As the import stream reads any name."""
    plain = b"".join(bytes((byte,)) if 32 <= byte < 127 and byte not in b'"\\' else b"\\%03o" % byte for byte in path)
    return b'"%s"' % plain


def message_of(subject: str, attempt: str, ran: Sequence[str], found: Scan, undid: str, command_id: str) -> bytes:
    lines = [" ".join(subject.split()) or ("Undone" if undid else "Between two attempts"), ""]
    lines += [f"Attempt: {attempt}"] if attempt else []
    lines += [f"Ran: {one}" for one in ran]
    lines += [f"Undid: {undid}", f"Command: {command_id}"] if undid else []
    shown = sorted(found.left_out.items())[:LEFT_OUT_SHOWN]
    lines += [f"Left-Out: {readable(path)} ({reason})" for path, reason in shown]
    more = len(found.left_out) - len(shown)
    lines += [f"Left-Out: {more} more"] if more > 0 else []
    lines += [f"Masked: {readable(path)}" for path in sorted(found.masked)]
    return "\n".join(lines).encode("utf-8", "backslashreplace")


def readable(path: bytes) -> str:
    """For people: a name may hold anything, line breaks too."""
    text = path.decode("utf-8", "backslashreplace")
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
