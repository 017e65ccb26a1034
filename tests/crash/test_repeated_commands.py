"""A command that is handled again, because a crash came between its commit and the note that it was handled."""

from pathlib import Path

import pytest

from executor.actions.manual import Manual
from executor.actions.subtasks import Subtasks
from executor.engine.replies import Accepted
from tests.builders import ANN, draft, spec
from tests.fakes import ScriptedActions
from tests.world import World, world


async def _start(w: World, number: int) -> object:
    return await w.executor.start(number, caller=ANN, command_id="once")


async def _approve(w: World, number: int) -> object:
    return await w.executor.approve(1, caller=ANN, command_id="once")


async def _reject(w: World, number: int) -> object:
    return await w.executor.reject(1, caller=ANN, command_id="once")


async def _done(w: World, number: int) -> object:
    return await w.executor.done(f"{number}.1", caller=ANN, command_id="once")


async def _hand_back(w: World, number: int) -> object:
    return await w.executor.hand_back(f"{number}.1", caller=ANN, command_id="once")


@pytest.mark.parametrize("command", [_start, _approve, _reject, _done, _hand_back])
async def test_it_hears_its_first_reply_and_changes_nothing(tmp_path: Path, command: object) -> None:
    async with world(tmp_path, registry=ScriptedActions(Manual(), Subtasks())) as w:
        plan = draft(spec("1", "Sign", "manual", parameters={"instructions": "Sign"}))
        number = await (w.start_goal if command in (_done, _hand_back) else w.set_goal)(plan)
        await w.settle()
        first = await command(w, number)  # type: ignore[operator]
        await w.settle()
        states = await w.states(number)
        events = await w.executor.events(number)

        assert isinstance(first, Accepted)
        assert await command(w, number) == first  # type: ignore[operator]
        assert await w.states(number) == states
        assert await w.executor.events(number) == events
