"""Checks and commands in the words of a log or a question."""

import shlex
from collections.abc import Mapping
from typing import Any

from executor.domain.plan import Check, CheckKind


def said(check: Check | None) -> str:
    """A check in one line for people."""
    if check is None:
        return ""
    match check.kind:
        case CheckKind.COMMAND:
            return check.command
        case CheckKind.FILE:
            contains = f" contains {check.contains!r}" if check.contains else " exists and is not empty"
            return f"{check.path}{contains}"
        case CheckKind.HTTP:
            return f"{check.url} answers {check.status}"
        case CheckKind.OPINION | CheckKind.HUMAN:
            return check.question


def shown_command(parameters: Mapping[str, Any]) -> str:
    """What an attempt ran, for the log: the command, the URL or the path among its parameters."""
    for name in ("command", "code", "url", "path", "question", "instructions", "text"):
        if isinstance(value := parameters.get(name), str):
            return value
    if {"server", "tool"} <= parameters.keys():  # of a tool server
        given = parameters.get("arguments") or {}
        return " ".join([f"{parameters['server']}: {parameters['tool']}", *(f"{key}={given[key]}" for key in given)])
    return shlex.join(f"{key}={value}" for key, value in parameters.items()) if parameters else ""
