"""What a goal that is part of another begins with: a copy of that one's files, and a note of what they were.

The note lies beside the goal's history (``<data_dir>/histories/<goal number>/given``) and is written when all of them
are there: with it nothing is given again, and at the end only what is no longer as it came is handed back.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

NAME = "given"


@dataclass(frozen=True, slots=True)
class Given:
    """`files`: mode and SHA-256 of each as it came, by its path in the folder."""

    files: Mapping[bytes, tuple[str, str]]

    def unchanged(self, path: bytes, mode: bytes, digest: str) -> bool:
        return self.files.get(path) == (mode.decode("ascii"), digest)


def load(history: Path) -> Given | None:
    """None: nothing was given yet, or nobody can tell."""
    try:
        found = json.loads((history / NAME).read_text(encoding="ascii"))
        return Given({os.fsencode(path): (str(one[0]), str(one[1])) for path, one in found.items()})
    except (FileNotFoundError, ValueError, AttributeError, TypeError, LookupError):
        return None


def store(history: Path, given: Given) -> None:
    """Raises OSError."""
    history.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = json.dumps({os.fsdecode(path): list(one) for path, one in given.files.items()})
    part = history / f"{NAME}.part"
    try:
        part.write_text(text, encoding="ascii")
        part.replace(history / NAME)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def digest_of(content: bytes) -> str:
    """Of where a link points to."""
    return hashlib.sha256(content).hexdigest()
