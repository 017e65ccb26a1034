"""A digest of exactly what would run: the action, every parameter, and the files of the workspace that they name."""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from executor.actions.paths import Folder
from executor.domain.errors import WrongInput

FILES_MAX = 64
_WORD = re.compile(r"[^\s'\"`;|&<>()$={}\[\]]+")


def fingerprint(action: str, parameters: Mapping[str, Any], workspace: Path) -> str:
    """Any change of a byte in any of it gives another digest. Reads files; call it in a thread."""
    digest = hashlib.sha256(_canonical([action, dict(parameters)]))
    if workspace.is_dir():
        folder = Folder(workspace)
        for path in _named(parameters, workspace):
            digest.update(f"\0{path}\0{_content(folder, path)}".encode())
    return digest.hexdigest()


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str).encode()


def _named(parameters: Mapping[str, Any], workspace: Path) -> list[str]:
    """Files that stand in a text of the parameters, each once, in order."""
    words = dict.fromkeys(word for text in _texts(parameters) for word in _WORD.findall(text))
    return [word for word in words if _is_file(workspace, word)][:FILES_MAX]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


def _is_file(workspace: Path, word: str) -> bool:
    try:
        return len(word) < 4096 and (workspace / word).is_file() and (workspace / word).is_relative_to(workspace)
    except (OSError, ValueError):
        return False


def _content(folder: Folder, path: str) -> str:
    digest = hashlib.sha256()
    try:
        with folder.reading(path) as file:
            while chunk := os.read(file, 1 << 20):
                digest.update(chunk)
    except WrongInput as error:  # it leads outside, or is no ordinary file: what runs will be refused it as well
        return error.public
    return digest.hexdigest()
