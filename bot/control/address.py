"""Where the control socket is: `milepost.sock` in the data folder.

A socket's address holds about a hundred bytes, and a data folder's path may be longer. So both ends open the folder
and name the socket through that descriptor, which is short wherever the folder is.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from executor.domain.errors import Unconfigured

NAME = "milepost.sock"
ADDRESS_BYTES_MAX = 100  # Linux takes 107, macOS 103


def listening_socket(folder: Path) -> socket.socket:
    """A listening socket, 0600, in place of whatever a dead predecessor left. The caller holds the folder's lock."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    (folder / NAME).unlink(missing_ok=True)
    with _short(folder) as address:
        listener.bind(address)
    (folder / NAME).chmod(0o600)
    listener.listen(32)
    listener.setblocking(False)
    return listener


def connected_socket(folder: Path, timeout_s: float) -> socket.socket:
    """Raises OSError where nobody listens."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout_s)
    try:
        with _short(folder) as address:
            connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


@contextmanager
def _short(folder: Path) -> Iterator[str]:
    if len(os.fsencode(folder / NAME)) <= ADDRESS_BYTES_MAX:
        yield str(folder / NAME)
        return
    if not Path("/proc/self/fd").is_dir():
        raise Unconfigured(f"The path {folder} is too long for this system; set data_dir to a shorter one.")
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{NAME}"
    finally:
        os.close(descriptor)
