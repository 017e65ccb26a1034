"""A key by which a server that knows ``Idempotency-Key`` tells a repeated request from a new one.

A task asks for one with the value ``auto``. The key is the same in every attempt at the task, after a crash as well,
and no other task's: whoever has to send the request again, because nobody saw its answer, pays once. It is of the
request as well: what an agent's task sends next, or a corrected one, is no repetition that a server may swallow.
"""

import errno
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

from executor.actions.launcher import OWN_FOLDER, own_folder
from executor.domain.errors import WrongInput
from executor.ports import Context

HEADER, AUTO = "idempotency-key", "auto"
_SEED = "idempotency"  # in the workspace's own folder: random, made once


SEED_BYTES_MAX = 1_000
TRIES = 5


class _Request(Protocol):
    @property
    def method(self) -> str: ...

    @property
    def url(self) -> str: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def body(self) -> str | dict[str, Any] | list[Any] | None: ...


def with_key(request: _Request, context: Context) -> dict[str, str]:
    """Its headers, the key in place of ``auto``."""
    return {
        name: key_of(context, request) if name.lower() == HEADER and value.strip().lower() == AUTO else value
        for name, value in request.headers.items()
    }


def key_of(context: Context, request: _Request) -> str:
    """Raises WrongInput where something else stands in the place of what it is made of."""
    with own_folder(context.workspace) as own:
        try:
            seed = _seed(own)
        except OSError as error:
            raise WrongInput(f"{OWN_FOLDER}/{_SEED} in the goal's folder can't be used: {error.strerror}.") from error
    sent = json.dumps([request.method, request.url, request.body], sort_keys=True)
    return hashlib.sha256(f"{seed}/{context.task_ref}/{sent}".encode()).hexdigest()[:32]


def _seed(own: int) -> str:
    """Whoever is first makes it, whole from the first moment on. A command may have put anything in its place: only an
    ordinary file counts, and no link is followed."""
    for _ in range(TRIES):
        with suppress(FileNotFoundError):
            file = os.open(_SEED, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=own)
            with os.fdopen(file, "rb") as stream:
                if stat.S_ISREG(os.fstat(file).st_mode) and (seed := stream.read(SEED_BYTES_MAX)):
                    return seed.decode("ascii", "replace")
            os.unlink(_SEED, dir_fd=own)
        _make(own)
    raise FileExistsError(errno.EEXIST, "it changes all the time")


def _make(own: int) -> None:
    new = f"{_SEED}.{secrets.token_hex(8)}"
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=own)
    try:
        with os.fdopen(file, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(16))
        with suppress(FileExistsError):
            os.link(new, _SEED, src_dir_fd=own, dst_dir_fd=own)
    finally:
        os.unlink(new, dir_fd=own)
