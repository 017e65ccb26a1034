"""A key by which a server that knows ``Idempotency-Key`` tells a repeated request from a new one.

A task asks for one with the value ``auto``. The key is the same in every attempt at the task, after a crash as well,
and no other task's: whoever has to send the request again, because nobody saw its answer, pays once.
"""

import hashlib
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from executor.actions.launcher import OWN_FOLDER, prepare
from executor.ports import Context

HEADER, AUTO = "idempotency-key", "auto"
_SEED = "idempotency"  # in the workspace's own folder: random, made once


class _Request(Protocol):
    @property
    def headers(self) -> Mapping[str, str]: ...


def with_key(request: _Request, context: Context) -> dict[str, str]:
    """Its headers, the key in place of ``auto``."""
    return {
        name: key_of(context) if name.lower() == HEADER and value.strip().lower() == AUTO else value
        for name, value in request.headers.items()
    }


def key_of(context: Context) -> str:
    workspace = context.workspace
    prepare(workspace)
    return hashlib.sha256(f"{_seed(workspace / OWN_FOLDER / _SEED)}/{context.task_ref}".encode()).hexdigest()[:32]


def _seed(file: Path) -> str:
    """Whoever is first makes it."""
    try:
        with file.open("x", encoding="ascii") as made:
            made.write(secrets.token_hex(16))
    except FileExistsError:
        pass
    if seed := file.read_text(encoding="ascii"):
        return seed
    file.write_text(secrets.token_hex(16), encoding="ascii")  # a crash came between making it and writing it
    return file.read_text(encoding="ascii")
