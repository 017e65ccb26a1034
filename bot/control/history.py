"""The shell's commands about what a goal did and changed: diff, undo, export."""

import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from bot.control import documents
from bot.control.protocol import Document, ShellRefused
from bot.control.record import parts_of, plain, record_document
from bot.facade import GoesBack
from executor.domain.change import Change, Difference
from executor.domain.errors import WrongInput
from executor.engine.commands.history import STATE_CHARACTERS
from executor.engine.replies import Caller, Refused
from executor.ports import GoalRecord, GoalView, Spent

Method = Callable[[Mapping[str, Any], Caller, str], Awaitable[Document]]
"""(parameters, who asks, the command's id)."""


class Facade(GoesBack, Protocol):
    """The part of the engine that these need."""

    async def view(self, goal_number: int) -> GoalView | None: ...

    async def record(self, goal_number: int) -> GoalRecord: ...

    async def spending(self, goal_number: int) -> list[Spent]: ...

    async def changes(self, goal_number: int) -> list[Change]: ...


class HistoryMethods:
    """`describe` says what a task will run. Each raises ShellRefused where the engine says no."""

    def __init__(self, facade: Facade, describe: documents.Describe) -> None:
        self._facade = facade
        self._describe = describe

    @property
    def methods(self) -> Mapping[str, Method]:
        return {"diff": self._diff, "undo": self._undo, "export": self._export}

    async def _diff(self, params: Mapping[str, Any], caller: Caller, command_id: str) -> Document:
        number, task = await self._known(params)
        found = await self._facade.difference(number, task, whole=bool(params.get("whole")))
        if isinstance(found, Refused):
            raise ShellRefused(found.code, found.sentence)
        return {
            "goal_id": str(number),
            "subtask_id": task,
            "files": plain(found.files),
            "changes": plain(found.changes),
            "while_others_ran": list(found.others),
            "patch": readable(found.patch),
            "cut": found.cut,
        }

    async def _undo(self, params: Mapping[str, Any], caller: Caller, command_id: str) -> Document:
        """Without `seen` only what it would do."""
        number, task = await self._known(params)
        state, seen = params.get("state"), params.get("seen")
        if seen:
            reply = await self._facade.undo(
                number, task, state=state, seen=str(seen), caller=caller, command_id=command_id
            )
            if isinstance(reply, Refused):
                raise ShellRefused(reply.code, reply.sentence)
            return {"goal_id": str(number), "subtask_id": task, "undone": True, "message": reply.sentence}
        found = await self._facade.undoing(number, task, state=state)
        if isinstance(found, Refused):
            raise ShellRefused(found.code, found.sentence)
        return {
            "goal_id": str(number),
            "subtask_id": task,
            "undone": False,
            "state": found.now[:STATE_CHARACTERS],
            "files": plain(found.files),
            "lost": list(found.lost),
            "masked": list(found.masked),
        }

    async def _export(self, params: Mapping[str, Any], caller: Caller, command_id: str) -> Document:
        """{record, patch}; the patch in base64, since it may hold any bytes, and None where nothing has changed."""
        number, _ = await self._known(params)
        document: Document = {
            "record": await self._record(number),
            "patch": None,
            "patch_masked": [],
            "patch_withheld": [],
        }
        if params.get("patch") and self._facade.has_changes(number):
            found = await self._facade.difference(number, whole=True)
            if isinstance(found, Refused):
                raise ShellRefused(found.code, found.sentence)
            if found.cut:
                raise ShellRefused("too_long", "The patch is too long for one file; --archive has the whole folder.")
            patch = found.patch.encode("utf-8", "surrogateescape")
            document["patch"] = base64.b64encode(patch).decode("ascii")
            document["patch_masked"] = masked_in(found)
            document["patch_withheld"] = list(found.withheld)
        return document

    async def _record(self, number: int) -> Document | None:
        """With those of the goals that are part of it. None: it was removed, its time being over."""
        view = await self._facade.view(number)
        if view is None:
            return None
        changes = await self._facade.changes(number)
        record, spending = await self._facade.record(number), await self._facade.spending(number)
        parts = [await self._record(part) for part in parts_of(record)]
        document = record_document(view, record, spending, changes, self._describe)
        return document | {"parts": [part for part in parts if part is not None]}

    async def _known(self, params: Mapping[str, Any]) -> tuple[int, str | None]:
        number, task = params.get("goal"), params.get("task")
        if not isinstance(number, int) or not (task is None or isinstance(task, str)):
            raise WrongInput("goal is a number, task a text.")
        view = await self._facade.view(number)
        if view is None:
            raise ShellRefused("no_such_goal", f"There is no goal {number}. milepost goals lists them.")
        if task is not None and task not in {one.ref for one in view.tasks}:
            raise ShellRefused("no_such_task", f"There is no task {task}. milepost show {number} lists them.")
        return number, task


def masked_in(found: Difference) -> list[str]:
    """The files that it shows without their secrets."""
    shown, masked = {one.path for one in found.files}, (path for change in found.changes for path in change.masked)
    return [path for path in dict.fromkeys(masked) if path in shown]


def readable(patch: str) -> str:
    """As a text that any terminal takes."""
    return patch.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
