"""What goes over the control socket, and what both of its ends agree on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from executor.domain.errors import MilepostError, WrongInput
from executor.engine.replies import Caller

REQUEST_BYTES_MAX = 1_000_000  # a goal of 8,000 characters with room to spare

Document = dict[str, Any]
"""A JSON object, as `--json` prints it."""


class Shell(Protocol):
    """Carries out the shell's commands: submit_goal {text | body}, state, show {goal}, log and why {goal, task?},
    goals {open?}, decide {decision, option, text?}, system, migrate, try_brain, try_tools.

    Called twice with the same `command_id`, a command is carried out once. Raises MilepostError; ShellRefused when the
    engine said no.
    """

    async def call(self, method: str, params: Mapping[str, Any], *, caller: Caller, command_id: str) -> Document: ...


class ShellRefused(MilepostError):
    """The command changed nothing."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class Request:
    id: str
    method: str
    params: Mapping[str, Any]


def request_from(line: bytes) -> Request:
    """Raises WrongInput for what is no request."""
    try:
        document = json.loads(line)
        given_id, method, params = document["id"], document["method"], document.get("params", {})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise WrongInput('A request is one line: {"id": "…", "method": "…", "params": {…}}.') from None
    if not (isinstance(given_id, str) and given_id and isinstance(method, str) and isinstance(params, dict)):
        raise WrongInput("A request's id and method are texts, its params an object.")
    return Request(given_id, method, params)


def line_of(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def code_of(error: MilepostError) -> str:
    """Stable: what a script may look at."""
    if isinstance(error, ShellRefused):
        return error.code
    return "wrong_input" if isinstance(error, WrongInput) else "failed"
