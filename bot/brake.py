"""STOP as a file in the data folder: whoever can write there can stop everything, with no program, model or database.

``STOP`` holds who stopped everything and when; an empty one that somebody made by hand counts as well, and so does
whatever else bears that name: a folder, a link that leads nowhere, a pipe. Only an ordinary file is read. Lifting it
leaves ``STOP.lifted``, which remembers the last one: whether the chats have been told of its end, and which commands
began and ended it.
"""

import contextlib
import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from executor.domain.stop import Place, Stop
from executor.ports import Brake

STOP, LIFTED = "STOP", "STOP.lifted"
SOMEBODY = "somebody"
_BYTES_MAX = 4096
_PLAINLY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""A pipe would hold up whoever opens it."""


class FileBrake(Brake):
    """The Brake port. `set` and `lift` may be called by several processes at once: one of them wins, and says so."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._file = folder / STOP
        self._lifted = folder / LIFTED
        self._now = now
        self._unwritten: Stop | None = None  # the folder takes no file: it holds for this process at least
        self._unseen: Stop | None = None  # one and the same, however often nobody could look

    def held(self) -> Stop | None:
        try:
            self._file.lstat()
        except (FileNotFoundError, NotADirectoryError):
            self._unseen = None
            return self._unwritten
        except OSError:  # who can't look must not act
            self._unseen = self._unseen or Stop(by=SOMEBODY, at=self._now())
            return self._unseen
        return _read(self._file) or self._unwritten

    def set(self, by: str, answered_in: Place | None = None, command_id: str = "") -> tuple[Stop, bool]:
        """The STOP in force, and whether this call began it; where this very command began one that is over, that one.
        `answered_in` gets an answer of its own. Where the file can't be written it holds for this process and is lost
        with it; raises OSError then, and holds all the same."""
        if (stop := self.held()) is not None:
            return stop, False
        if command_id and (over := self._last()) is not None and over.begun_with == command_id:
            return over, False
        stop = Stop(by=by, at=self._now(), answered_in=answered_in, begun_with=command_id)
        try:
            descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return self.held() or stop, False
        except OSError:
            self._unwritten = stop
            raise
        try:
            with contextlib.suppress(OSError):  # a full disk: the empty file says enough
                os.write(descriptor, json.dumps(_facts(stop)).encode())
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return _read(self._file) or stop, True

    def lift(self, by: str, answered_in: Place | None = None, command_id: str = "") -> Stop | None:
        """The STOP that this command ended, now or when it came before; None: there was none. Raises OSError."""
        if (over := self.lifted_with(command_id)) is not None:
            return over
        stop, self._unwritten = self.held(), None
        if stop is None:
            return None
        with contextlib.suppress(OSError):  # without it nobody is told; that must not keep it in force
            self._remember(replace(stop, lifted_by=by, lifted_with=command_id, answered_in=answered_in))
        self._remove()
        return stop

    def _remove(self) -> None:
        """Raises OSError: a folder with something in it is somebody's, who has to look."""
        try:
            self._file.unlink(missing_ok=True)
        except (IsADirectoryError, PermissionError):  # the latter is what macOS says of a folder
            self._file.rmdir()

    def lifted_with(self, command_id: str) -> Stop | None:
        """The STOP that this command has ended before; None: it has not. One that is in force again is another."""
        over = self._last() if command_id else None
        return over if over is not None and over.lifted_with == command_id else None

    def lifted(self) -> Stop | None:
        over = self._last()
        return over if over is not None and not over.told else None

    def told(self) -> None:
        if (over := self.lifted()) is not None:
            try:
                self._remember(replace(over, told=True))
            except OSError:  # a full disk takes no file, and still gives one up
                self._lifted.unlink(missing_ok=True)

    def _last(self) -> Stop | None:
        """The last one that was lifted."""
        found = _read(self._lifted) if self._lifted.exists() else None
        return found if found is not None and found.lifted_by else None

    def _remember(self, over: Stop) -> None:
        """Whole or not at all."""
        written = self._lifted.with_suffix(".new")
        written.write_text(json.dumps(_facts(over)), encoding="utf-8")
        written.chmod(0o600)
        written.replace(self._lifted)


def _read(file: Path) -> Stop | None:
    """Whatever stands in it, or nothing does: the file is what counts. None: it is gone by now."""
    made_at = datetime.fromtimestamp(0, UTC)
    try:
        made_at = datetime.fromtimestamp(file.lstat().st_mtime, UTC)
        with os.fdopen(os.open(file, _PLAINLY), "rb") as opened:
            text = opened.read(_BYTES_MAX) if stat.S_ISREG(os.fstat(opened.fileno()).st_mode) else b""
    except FileNotFoundError:
        return None
    except OSError:  # no file, or not ours to read
        return Stop(by=SOMEBODY, at=made_at)
    return _said(text, made_at)


def _said(text: bytes, made_at: datetime) -> Stop:
    try:
        said = json.loads(text)
        at = datetime.fromisoformat(said["at"])
        by = str(said["by"]) or SOMEBODY
        rest = {name: str(said.get(name, "")) for name in _WORDS}
        place, told = _place(said.get("answered_in")), said.get("told") is True
    except (ValueError, TypeError, KeyError, RecursionError):
        return Stop(by=SOMEBODY, at=made_at)
    return Stop(by=by, at=at if at.tzinfo else made_at, answered_in=place, told=told, **rest)


_WORDS = ("lifted_by", "begun_with", "lifted_with")


def _facts(stop: Stop) -> dict[str, object]:
    """As it is written."""
    rare = {name: getattr(stop, name) for name in (*_WORDS, "answered_in", "told")}
    return {"by": stop.by, "at": stop.at.isoformat()} | {name: value for name, value in rare.items() if value}


def _place(said: object) -> Place | None:
    """None: nobody, or nothing that could be one."""
    match said:
        case [int(chat_id), int() | None as thread_id]:
            return chat_id, thread_id
        case _:
            return None
