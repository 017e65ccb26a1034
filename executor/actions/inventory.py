"""A digest of everything that lies in a folder: equal only where nothing in it has changed."""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

ENTRIES_MAX = 2_000
BYTES_MAX = 64_000_000
_CHUNK_BYTES = 1 << 20


class _TooMuch(Exception):
    """To look through all of it would take longer than it is worth."""


def inventory(folder: Path) -> str:
    """Of names, kinds, rights and contents, not of times. "" where there is too much of it, or it can't be read. Links
    are not followed. Reads files: call it in a thread."""
    digest, room = hashlib.sha256(), BYTES_MAX
    try:
        for entry in _entries(folder):
            status = entry.stat(follow_symlinks=False)
            target = Path(entry.path).readlink() if entry.is_symlink() else ""
            name = os.path.relpath(entry.path, folder)
            digest.update(f"\0{name}\0{status.st_mode}\0{target}\0".encode(errors="surrogateescape"))
            if stat.S_ISREG(status.st_mode):
                room -= status.st_size
                if room < 0:
                    raise _TooMuch
                _add(digest, entry.path)
    except (OSError, _TooMuch):
        return ""
    return digest.hexdigest()


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """In one order, however the file system holds them. Raises OSError and _TooMuch."""
    ahead, seen = [os.fspath(folder)], 0
    while ahead:
        with os.scandir(ahead.pop()) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        seen += len(entries)
        if seen > ENTRIES_MAX:
            raise _TooMuch
        yield from entries
        ahead += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]


def _add(digest: "hashlib._Hash", path: str) -> None:
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        while chunk := os.read(file, _CHUNK_BYTES):
            digest.update(chunk)
    finally:
        os.close(file)
