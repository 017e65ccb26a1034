"""Attempts and effects whose end is not clear, for tests."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Mapping
from typing import Any

from executor.domain.outcome import Result, Waiting
from executor.domain.plan import Check
from executor.ports import Context, Seen
from tests.builders import draft, spec
from tests.fakes import ScriptedAction, ScriptedChecks
from tests.world import World

OK = Result(success=True)


class Lingering(ScriptedAction):
    """Runs until it is ended, and takes its time over that: a child that must be killed."""

    def __init__(self, *, repeatable: bool = True) -> None:
        super().__init__(repeatable=repeatable)
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()

    async def run(self, parameters: Mapping[str, Any], context: Context) -> Result | Waiting:
        self.runs.append(context.task_ref)
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await self.may_end.wait()
            raise
        raise AssertionError("unreachable")


async def attempts(w: World, ref: str = "1.1") -> list[str]:
    return [str(attempt.state) for attempt in await w.executor.attempts(1, ref)]


def effects(w: World) -> list[str]:
    """Their states, as they lie in the database."""
    with contextlib.closing(sqlite3.connect(w.database.path)) as connection:
        return [str(row[0]) for row in connection.execute("SELECT state FROM effects ORDER BY id")]


async def unknown_effect(w: World, **more: Any) -> None:
    """Goal 1 with one task, whose outside effect nobody saw the end of."""
    await w.start_goal(draft(spec("1", **more)))
    await w.settle()
    assert await w.states(1) == {"1.1": "awaiting_approval"}


def lost() -> ScriptedAction:
    """An outside effect whose answer never came."""
    result = Result(success=False, error="The connection was lost", metadata={"outcome_unknown": True})
    return ScriptedAction(behaviour=lambda parameters, context: result, repeatable=False)


class HangingChecks(ScriptedChecks):
    async def look(self, check: Check, context: Context) -> Seen:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")
