"""STOP as a file in the data folder: whoever can write there can stop everything, with no program, model or database.

``STOP`` holds who stopped everything and when; an empty one that somebody made by hand counts as well. Lifting it
renames it to ``STOP.lifted``, which stays until the chats have been told.
"""

import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from executor.domain.stop import Place, Stop
from executor.ports import Brake

STOP, LIFTED = "STOP", "STOP.lifted"
SOMEBODY = "somebody"
_BYTES_MAX = 4096


class FileBrake(Brake):
    """The Brake port. `set` and `lift` may be called by several processes at once: one of them wins, and says so."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._file = folder / STOP
        self._lifted = folder / LIFTED
        self._now = now
        self._unwritten: Stop | None = None  # the folder takes no file: it holds for this process at least

    def held(self) -> Stop | None:
        try:
            self._file.stat()
        except (FileNotFoundError, NotADirectoryError):
            return self._unwritten
        except OSError:  # who can't look must not act
            return Stop(by=SOMEBODY, at=self._now())
        return _read(self._file) or self._unwritten

    def set(self, by: str, answered_in: Place | None = None) -> tuple[Stop, bool]:
        """The STOP in force, and whether this call began it. `answered_in` gets an answer of its own. Where the file
        can't be written it holds for this process and is lost with it; raises OSError then, and holds all the same."""
        if (stop := self.held()) is not None:
            return stop, False
        stop = Stop(by=by, at=self._now(), answered_in=answered_in)
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

    def lift(self, by: str, answered_in: Place | None = None) -> Stop | None:
        """The STOP that this call ended; None: there was none. Raises OSError."""
        stop, self._unwritten = self.held(), None
        if stop is None:
            return None
        with contextlib.suppress(OSError):  # without it nobody is told; that must not keep it in force
            over = replace(stop, lifted_by=by, answered_in=answered_in)
            self._lifted.write_text(json.dumps(_facts(over)), encoding="utf-8")
            self._lifted.chmod(0o600)
        self._file.unlink(missing_ok=True)
        return stop

    def lifted(self) -> Stop | None:
        found = _read(self._lifted) if self._lifted.exists() else None
        return found if found is None or found.lifted_by else None

    def told(self) -> None:
        self._lifted.unlink(missing_ok=True)


def _read(file: Path) -> Stop | None:
    """Whatever stands in it, or nothing does: the file is what counts. None: it is gone by now."""
    try:
        with file.open("rb") as opened:
            made_at = datetime.fromtimestamp(os.fstat(opened.fileno()).st_mtime, UTC)
            text = opened.read(_BYTES_MAX)
    except FileNotFoundError:
        return None
    except OSError:
        return Stop(by=SOMEBODY, at=datetime.fromtimestamp(0, UTC))
    return _said(text, made_at)


def _said(text: bytes, made_at: datetime) -> Stop:
    try:
        said = json.loads(text)
        at = datetime.fromisoformat(said["at"])
        by, lifted_by = str(said["by"]) or SOMEBODY, str(said.get("lifted_by", ""))
        place = _place(said.get("answered_in"))
    except (ValueError, TypeError, KeyError):
        return Stop(by=SOMEBODY, at=made_at)
    return Stop(by=by, at=at if at.tzinfo else made_at, lifted_by=lifted_by, answered_in=place)


def _facts(stop: Stop) -> dict[str, object]:
    """As it is written."""
    rare = {"lifted_by": stop.lifted_by, "answered_in": stop.answered_in}
    return {"by": stop.by, "at": stop.at.isoformat()} | {name: value for name, value in rare.items() if value}


def _place(said: object) -> Place | None:
    """None: nobody, or nothing that could be one."""
    match said:
        case [int(chat_id), int() | None as thread_id]:
            return chat_id, thread_id
        case _:
            return None
