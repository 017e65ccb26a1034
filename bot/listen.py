"""Listening ports, taken before anything else starts, so that one in use is one clear line."""

import errno
import socket

from executor.domain.errors import Unconfigured


def listening_socket(host: str, port: int, table: str) -> socket.socket:
    """A bound, listening TCP socket for a server that takes one (uvicorn: ``serve(sockets=[…])``). `table` is the
    configuration's, for the message. Port 0: any free one. Raises Unconfigured."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise Unconfigured(f'{table}.host = "{host}" is no address of this machine: {error.strerror}.') from None
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise Unconfigured(_sentence(error, host, port, table)) from None
    listener.setblocking(False)
    return listener


def _sentence(error: OSError, host: str, port: int, table: str) -> str:
    variable = f"MILEPOST_{table.upper()}__PORT"
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use. Stop what uses it, or set {table}.port (or {variable}) to another."
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} needs more rights. Set {table}.port (or {variable}) to one above 1023."
    return f"Milepost can't listen on {host}:{port} ({table}): {error.strerror}."
