"""A digest of exactly what would run: the action, every parameter, the files of the workspace that they name with what
these load, and what a command gets from the workspace without naming it."""

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from executor.actions.loaded_files import involved_files
from executor.actions.named_files import named_files
from executor.actions.surroundings import is_heedless, is_installed, surroundings
from executor.domain.texts import texts_in

FILES_MAX = 64  # named ones that are read whole; what the system says of a file's last change stands for the others
READ_MAX = 3_000  # of the surroundings
READ_BYTES_MAX = 1_000_000  # of one of those
OUTSIDE_MAX = 16

_INTO = re.compile(r"(?<![<>=-])(?:\d|&)?>{1,2}\|?[ \t]*[\w./-]+")
_ABSOLUTE = re.compile(r"(?<![\w.:/~}-])/[\w.+@/-]+")
_SYSTEM = ("/usr/", "/bin/", "/sbin/", "/lib", "/proc/", "/sys/", "/dev/", "/etc/", "/run/")


def fingerprint(action: str, parameters: Mapping[str, Any], workspace: Path) -> str:
    """Any change of a byte in any of it gives another digest. Reads files; call it in a thread."""
    digest = hashlib.sha256(_canonical([action, dict(parameters)]))
    if workspace.is_dir():
        for path, state in _states(action, parameters, workspace):
            digest.update(f"\0{path}\0{state}".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _states(action: str, parameters: Mapping[str, Any], workspace: Path) -> Iterator[tuple[str, str]]:
    texts = list(texts_in(parameters))
    written = _only_written(texts, workspace) if action in ("shell", "wait") else frozenset()
    named = involved_files(texts, workspace)
    for place, path in enumerate(named):
        if path in written:  # neither what lies there makes a difference nor that it does, but where it leads
            if (real := os.path.realpath(workspace / path)) != os.path.join(os.path.realpath(workspace), path):  # noqa: PTH118
                yield path, real
        else:
            yield path, _state(workspace / path, whole=place < FILES_MAX)
    known = {*named, *written}
    for place, path in enumerate(surroundings(action, parameters, workspace)):
        if path not in known:
            whole = place < READ_MAX and not is_installed(path)
            yield path, _state(workspace / path, whole=whole, bytes_max=READ_BYTES_MAX)
    for path in _outside(texts, workspace):
        yield path, _state(Path(path), whole=True, bytes_max=READ_BYTES_MAX)


def _only_written(texts: Iterable[str], workspace: Path) -> frozenset[str]:
    """Files that a command does not read: that its output goes to, and that it names for nothing else. What it did
    before must not make it something else."""
    texts = list(texts)
    if all(is_heedless(text) for text in texts):
        return frozenset(named_files(texts, workspace))
    others = [_INTO.sub(" ", text) for text in texts]
    if others == texts:
        return frozenset()
    return frozenset(named_files(texts, workspace)) - frozenset(named_files(others, workspace))


def _outside(texts: Iterable[str], workspace: Path) -> Iterator[str]:
    """Files beyond the workspace that the texts name, but for the system's own."""
    found = dict.fromkeys(path for text in texts if "/" in text for path in _ABSOLUTE.findall(_INTO.sub(" ", text)))
    if not found:
        return
    inside = (f"{workspace}/", f"{os.path.realpath(workspace)}/")
    theirs = (one for one in found if not one.startswith((*_SYSTEM, *inside)))
    yield from islice((one for one in theirs if os.path.isfile(one)), OUTSIDE_MAX)  # noqa: PTH113 - thousands of words


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str).encode()


def _state(path: Path, *, whole: bool, bytes_max: int | None = None) -> str:
    """Where links lead, and what stands there: a command follows them, so what counts is what it would get."""
    real = os.path.realpath(path)
    try:
        file = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        return f"{real}\0{error.strerror}"
    try:
        status = os.fstat(file)
        mode = stat.S_IMODE(status.st_mode) & 0o111
        read = whole and stat.S_ISREG(status.st_mode) and (bytes_max is None or status.st_size <= bytes_max)
        if not read:
            return f"{real}\0{mode}\0{status.st_ino} {status.st_size} {status.st_ctime_ns}"
        return f"{real}\0{mode}\0{_content(file, status.st_size)}"
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
