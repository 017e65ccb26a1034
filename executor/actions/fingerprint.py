"""A digest of exactly what would run: the action, every parameter, and the files of the workspace that they name,
with what these load."""

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from executor.actions.loaded_files import involved_files
from executor.domain.texts import texts_in

FILES_MAX = 64  # that are read whole; what the system says of a file's last change stands for the others


def fingerprint(action: str, parameters: Mapping[str, Any], workspace: Path) -> str:
    """Any change of a byte in any of it gives another digest. Reads files; call it in a thread."""
    digest = hashlib.sha256(_canonical([action, dict(parameters)]))
    if workspace.is_dir():
        for place, path in enumerate(involved_files(texts_in(parameters), workspace)):
            state = _state(workspace / path, whole=place < FILES_MAX)
            digest.update(f"\0{path}\0{state}".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str).encode()


def _state(path: Path, *, whole: bool) -> str:
    """Where links lead, and what stands there: a command follows them, so what counts is what it would get."""
    real = os.path.realpath(path)
    try:
        file = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        return f"{real}\0{error.strerror}"
    try:
        status = os.fstat(file)
        if not whole or not stat.S_ISREG(status.st_mode):
            return f"{real}\0{status.st_ino} {status.st_size} {status.st_ctime_ns}"
        return f"{real}\0{_content(file, status.st_size)}"
    except OSError as error:  # a link to what only looks like a file, in /proc
        return f"{real}\0{error.strerror}"
    finally:
        os.close(file)


def _content(file: int, size: int) -> str:
    """Up to the size that it had: what grows for ever is another file anyway."""
    digest = hashlib.sha256(b"%d\0" % size)
    while size > 0 and (chunk := os.read(file, min(size, 1 << 20))):
        digest.update(chunk)
        size -= len(chunk)
    return digest.hexdigest()
