"""Two doors beside the chat: the shell while nothing runs, and the Python library."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import cast

from bot.app.house import House, open_house
from bot.control.commands import ShellCommands
from bot.control.history import HistoryMethods
from bot.control.protocol import Shell
from bot.control.records import RecordMethods
from bot.control.server import operator_name
from bot.localchat.room import open_room
from bot.localchat.shapes import system_clock
from bot.settings import Settings
from executor.domain.goal import Goal
from executor.domain.plan import GoalDraft
from executor.planner.offline import per_criterion
from executor.workers.outside import OutsideWorkers

STOP_S = 3.0  # how long what is under way may take to end by itself when Milepost stops


@asynccontextmanager
async def open_executor(settings: Settings) -> AsyncIterator[Shell]:
    """The shell's commands on the database itself, while nothing runs; `up` goes on from what they leave."""
    async with open_house(settings) as house:
        yield shell_of(house, chat_id=home_chat(settings))


def home_chat(settings: Settings) -> int | None:
    """Where the messages of a goal from the shell go: the first owner, or the local chat's operator."""
    if settings.telegram.token.get_secret_value():
        return settings.access.owners[0] if settings.access.owners else None
    room = open_room(settings.data_dir, system_clock, operator_name())
    try:
        return room.identity.operator_id
    finally:
        room.store.close()


def shell_of(house: House, chat_id: int | None) -> ShellCommands:
    async def schema() -> str:
        return (await house.database.pulse()).schema

    return ShellCommands(
        house.executor,
        house.read_goal,
        house.bodies(),
        schema,
        chat_id=chat_id,
        describe=house.describe,
        zone=house.timezone,
        try_brain=house.try_brain,
        more={
            **HistoryMethods(house.executor, house.describe).methods,
            **RecordMethods(house.executor).methods,
            "try_tools": lambda *_: house.try_tools(),
        },
    )


@dataclass(frozen=True, slots=True)
class Workshop:
    """The house without anything that faces people, and workers that take only what a program asks for by name."""

    house: House
    hands: OutsideWorkers

    def one_task_per_criterion(self, draft: GoalDraft, goal: Goal) -> GoalDraft:
        """The simple decomposition, written into the draft: whatever brain there is plans exactly that."""
        plan = per_criterion(draft, goal)
        return replace(draft, criteria=plan.criteria, tasks=plan.tasks)


@asynccontextmanager
async def open_workshop(settings: Settings) -> AsyncIterator[Workshop]:
    """Raises as open_house does."""
    async with open_house(settings, OutsideWorkers) as house, AsyncExitStack() as stack:
        await house.executor.recover()
        loop = house.nursery.start(house.executor.run(), "executor")
        stack.push_async_callback(ended, house.executor.stop, loop)
        yield Workshop(house, cast(OutsideWorkers, house.workers))


async def ended(stop: Callable[[], Awaitable[None]], loop: "asyncio.Task[None]") -> None:
    """Ask a loop to end, and wait for it for as long as is decent."""
    await stop()
    await asyncio.wait([loop], timeout=STOP_S)
