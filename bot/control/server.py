"""The end of the control socket inside a running `milepost up`."""

import asyncio
import os
import pwd
import socket
import struct
from pathlib import Path
from typing import Any

from loguru import logger

from bot.control.address import listening_socket
from bot.control.protocol import REQUEST_BYTES_MAX, Document, Shell, code_of, line_of, request_from
from executor.domain.errors import MilepostError, WrongInput
from executor.engine.replies import Caller

GRACE_S = 2.0  # for requests in flight when it stops


class ControlServer:
    """Answers requests in `folder` through `shell`, from start() to stop(). The folder's lock is held around it."""

    def __init__(self, folder: Path, shell: Shell) -> None:
        self._folder = folder
        self._shell = shell
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        listener = listening_socket(self._folder)
        self._server = await asyncio.start_unix_server(self._serve, sock=listener, limit=REQUEST_BYTES_MAX)

    async def stop(self) -> None:
        """No new connection; what is in flight gets a moment to end."""
        if self._server is None:
            return
        self._server.close()
        if self._connections:
            await asyncio.wait(set(self._connections), timeout=GRACE_S)
        for connection in set(self._connections):
            connection.cancel()
        if self._connections:
            await asyncio.wait(set(self._connections))
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        assert connection is not None
        self._connections.add(connection)
        caller = caller_of(writer.get_extra_info("socket"))
        try:
            while line := await self._line(reader, writer):
                writer.write(line_of(await self._answer(line, caller)))
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass  # the other end is gone, or we stop: either way the command's id makes a repeat safe
        finally:
            self._connections.discard(connection)
            writer.close()

    async def _line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """The next request; empty at the end of the connection, and after a request that is too long."""
        try:
            return await reader.readline()
        except ValueError:
            writer.write(line_of(_failure(WrongInput(f"A request has at most {REQUEST_BYTES_MAX} bytes."))))
            await writer.drain()
            return b""

    async def _answer(self, line: bytes, caller: Caller) -> Document:
        try:
            request = request_from(line)
            result = await self._shell.call(request.method, request.params, caller=caller, command_id=request.id)
        except MilepostError as error:
            return _failure(error)
        except Exception:  # noqa: BLE001 -- a bug behind one command must not end the connection without a word
            logger.exception("A command of the shell failed")
            return _failure(MilepostError("Something went wrong inside Milepost; its log says more."))
        return {"ok": True, "result": result}


def _failure(error: MilepostError) -> Document:
    return {"ok": False, "error": {"code": code_of(error), "sentence": error.public}}


def caller_of(connection: socket.socket) -> Caller:
    """Who is at the other end, as the kernel says; this process's own user where it does not."""
    uid = os.getuid()
    if hasattr(socket, "SO_PEERCRED"):
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        uid = struct.unpack("3i", credentials)[1]
    return this_caller(uid)


def this_caller(uid: int) -> Caller:
    return Caller(person_id=0, name=_name_of(uid) or f"user {uid}", via="shell")


def operator_name() -> str:
    """Who sits at the local chat's page: whoever runs this program. Records name them; the page may say "You"."""
    return _name_of(os.getuid()) or "Operator"


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # a container's user without a name
        return ""
