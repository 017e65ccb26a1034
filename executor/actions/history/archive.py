"""A kept state of a goal's folder as a .tar.gz, without the secrets that are known."""

import gzip
import io
import tarfile
from collections.abc import Iterator, Sequence
from typing import IO

from executor.actions.history.git import Git
from executor.actions.history.repository import SECRET, Hide
from executor.domain.change import Archived, Change
from executor.domain.secret import MASK

NOTE = "goal-{number}.left-out.txt"
"""Beside the folder: what is not in it, and what is in it without its secrets."""
_MASK = MASK.encode()


def pack(git: Git, number: int, state: str, changes: Sequence[Change], hide: Hide, target: IO[bytes]) -> Archived:
    """`changes` are those that led to this state, oldest first. Raises GitFailed and OSError."""
    root = f"goal-{number}/"
    masked, withheld = list[str](), list[str]()
    known = {path for change in changes for path in change.masked}
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=target, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
        git.talking("archive", "--format=tar", f"--prefix={root}", state) as (_, stream),
    ):
        for member, content in _members(stream):
            kept, name = hide(content), member.name.removeprefix(root)
            if kept is None:
                withheld.append(name)
                continue
            if kept != content or (name in known and _MASK in kept):
                masked.append(name)
            member.size = len(kept)
            archive.addfile(member, io.BytesIO(kept))
        before = changes[-1].left_out if changes else ()
        left_out = (*before, *(f"{name} ({SECRET})" for name in withheld))
        found = Archived(masked=tuple(masked), left_out=left_out)
        if found.masked or found.left_out:
            _add(archive, NOTE.format(number=number), _note(found))
    return found


def _members(stream: IO[bytes]) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(fileobj=stream, mode="r|") as whole:
        for member in whole:
            file = whole.extractfile(member) if member.isreg() else None
            yield member, file.read() if file is not None else b""
    while stream.read(1 << 16):  # git pads the end, and must not die of a closed pipe
        pass


def _add(archive: tarfile.TarFile, name: str, text: str) -> None:
    content, member = text.encode("utf-8", "backslashreplace"), tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _note(found: Archived) -> str:
    parts = (("Not in this archive:", found.left_out), (f"In it, with {MASK} in place of secrets:", found.masked))
    return "\n".join("\n".join((title, *names)) + "\n" for title, names in parts if names)
