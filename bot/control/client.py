"""The shell's end of the control socket: one request, one answer."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.control.address import connected_socket
from bot.control.protocol import REQUEST_BYTES_MAX, Document, ShellRefused, line_of
from executor.domain.errors import MilepostError, WrongInput


class NotRunning(MilepostError):
    """Nobody listens on the control socket."""


class NoAnswer(MilepostError):
    """Milepost is running but did not answer in time. Try again in a moment."""


class ControlClient:
    """Calls the `milepost up` that runs on `folder`."""

    def __init__(self, folder: Path, timeout_s: float = 60.0) -> None:
        self._folder = folder
        self._timeout_s = timeout_s

    def call(self, method: str, params: Mapping[str, Any], *, command_id: str) -> Document:
        """Raises NotRunning before anything was sent; NoAnswer after, and then the same `command_id` may be used to
        ask again; WrongInput or ShellRefused with the other end's reason."""
        request = line_of({"id": command_id, "method": method, "params": params})
        if len(request) > REQUEST_BYTES_MAX:
            raise WrongInput(f"That is too long: {len(request)} bytes, and at most {REQUEST_BYTES_MAX} fit.")
        try:
            connection = connected_socket(self._folder, self._timeout_s)
        except OSError as error:
            raise NotRunning(detail=str(error)) from None
        try:
            with connection, connection.makefile("rb") as answers:
                connection.sendall(request)
                line = answers.readline()
        except OSError as error:
            raise NoAnswer(detail=str(error)) from None
        return _result(line)


def _result(line: bytes) -> Document:
    if not line.endswith(b"\n"):
        raise NoAnswer(detail="the connection ended early")
    answer = json.loads(line)
    if not answer["ok"]:
        code, sentence = answer["error"]["code"], answer["error"]["sentence"]
        raise WrongInput(sentence) if code == "wrong_input" else ShellRefused(code, sentence)
    result: Document = answer["result"]
    return result
