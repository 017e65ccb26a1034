"""Whether a check holds, found out by looking: a command's exit code, a file, an HTTP status."""

import asyncio
import codecs
import os
from pathlib import Path
from typing import assert_never

from executor.actions.http import Http, status_line
from executor.actions.http_parameters import HttpParameters
from executor.actions.launcher import Launcher
from executor.actions.paths import Folder
from executor.actions.reaching import Reaching, join
from executor.actions.shell import run_shell
from executor.domain.errors import WrongInput
from executor.domain.plan import Check, CheckKind
from executor.domain.tail import last_lines
from executor.ports import Context, Seen

CHUNK_BYTES = 1 << 20
SAID_CHARACTERS_MAX = 200


class Looks:
    """The Checks port."""

    def __init__(self, launcher: Launcher, http: Http, reaching: Reaching | None = None) -> None:
        """`reaching` knows what commands need beyond a sandbox."""
        self._launcher = launcher
        self._http = http
        self._reaching = reaching

    async def look(self, check: Check, context: Context) -> Seen:
        """Raises WrongInput for a check that is a matter of opinion."""
        match check.kind:
            case CheckKind.COMMAND:
                return await self._command(check.command, context)
            case CheckKind.FILE:
                return await asyncio.to_thread(_file, check, context.workspace)
            case CheckKind.HTTP:
                return await self._status(check, context)
            case CheckKind.OPINION | CheckKind.HUMAN:
                raise WrongInput(f"A check of the kind {check.kind} can't be settled by looking.")
        assert_never(check.kind)

    async def _command(self, command: str, context: Context) -> Seen:
        reach = context.reach if self._reaching is None else join((context.reach, self._reaching.of(command)))
        result = await run_shell(command, context, self._launcher, context.timeout_s, reach=reach)
        ended = result.error if result.error and "exit code" not in result.error else result.result
        evidence = f"`{command}` → {(ended or '').replace('exit code', 'exit')}"
        if not result.success and (said := last_lines(result.record(), 1)):
            evidence = f"{evidence}: {said[:SAID_CHARACTERS_MAX]}"
        return Seen(met=result.success, evidence=evidence, result=result)

    async def _status(self, check: Check, context: Context) -> Seen:
        try:
            parameters = HttpParameters(url=check.url, expect_status=check.status)
        except ValueError:
            return Seen(met=False, evidence=f"{check.url} is no web address")
        result = await self._http.act(parameters, context)
        status = result.metadata.get("status")
        if not isinstance(status, int):
            return Seen(met=False, evidence=f"{check.url} → {result.error}", result=result)
        met = status == check.status
        expected = "" if met else f", expected {check.status}"
        return Seen(met=met, evidence=f"{check.url} → {status_line(status)}{expected}", result=result)


def _file(check: Check, workspace: Path) -> Seen:
    """It exists and is not empty, or it contains the text."""
    try:
        with Folder(workspace).reading(check.path) as file:
            size = os.fstat(file).st_size
            found = check.contains is None or _contains(file, check.contains)
    except WrongInput as error:
        return Seen(met=False, evidence=error.public.rstrip("."))
    evidence = f"{check.path}, {size:,} bytes"
    if check.contains is None:
        return Seen(met=size > 0, evidence=evidence if size else f"{check.path} is empty")
    return Seen(met=found, evidence=f"{evidence}, {'contains' if found else 'does not contain'} {check.contains!r}")


def _contains(file: int, text: str) -> bool:
    """Piece by piece, so that a file of any size may be looked at."""
    decoder, kept = codecs.getincrementaldecoder("utf-8")("replace"), ""
    while chunk := os.read(file, CHUNK_BYTES):
        kept += decoder.decode(chunk)
        if text in kept:
            return True
        kept = kept[-len(text) :] if text else ""
    return text in kept
