"""Everything that `milepost up` runs, from the first connection to the last message."""

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path

from loguru import logger

from bot.alarm import Alarm
from bot.app.doors import ended, home_chat, shell_of
from bot.app.house import House, open_house
from bot.control.server import ControlServer, operator_name
from bot.disk import DiskWatch
from bot.housekeeping import Housekeeper
from bot.localchat import LocalChat, LocalChatError
from bot.real import calm_the_collector, close_to_others
from bot.settings import Settings
from bot.telegram.absence import PollFile
from bot.telegram.access import Access
from bot.telegram.assembly import Chat, Plugs, assemble
from bot.telegram.connection import Connection
from bot.telegram.ports import Example
from bot.write_ahead import LogWatch
from executor.actions.mcp.servers import Servers
from executor.actions.sandbox.choice import Isolation
from executor.domain.errors import Unconfigured
from executor.domain.habits import Hours
from executor.planner.examples import EXAMPLES


async def run(settings: Settings) -> None:
    """Run everything until SIGTERM or Ctrl-C."""
    close_to_others()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with open_house(settings) as house, AsyncExitStack() as stack:
        _say(house.isolation)
        await house.outfit.servers.end_leftovers()
        connection, operator, address = await _connection(settings, stack)
        house.secrets.hide.learn(connection.token)
        chat = assemble(
            connection,
            plugs_of(house, people_of(house, operator)),
            local=operator is not None,
            mode=settings.telegram.mode,
        )
        house.changed.append(chat.courier.wake)
        recovered = await house.executor.recover()
        if recovered:
            logger.info("Took over {} attempt(s) that were interrupted", recovered)
        await _start(house, chat, stack)
        _watch_disk(house, chat, operator)
        control = ControlServer(settings.data_dir, shell_of(house, operator or home_chat(settings)))
        await control.start()
        stack.push_async_callback(control.stop)
        calm_the_collector()
        _announce(address)
        await stopped.wait()
        logger.info("Stopping")


def _say(isolation: Isolation) -> None:
    """Raises Unconfigured where a sandbox is demanded and there is none."""
    if isolation.refused and isolation.problem is not None:
        raise Unconfigured(f"No sandbox: {isolation.problem.seen}. To mend it: {isolation.problem.remedy}.")
    for line in isolation.said:
        logger.warning("{}", line)


async def _connection(settings: Settings, stack: AsyncExitStack) -> tuple[Connection, int | None, str]:
    """Telegram where there is a token, else the local chat: (connection, the local operator's id, where to go)."""
    token = settings.telegram.token.get_secret_value()
    if token:
        return Connection(token=token, api_root=settings.telegram.api_root), None, "Telegram"
    local = LocalChat(
        settings.data_dir,
        host=settings.local_chat.host,
        port=settings.local_chat.port,
        operator_name=operator_name(),
    )
    try:
        await local.start()
    except LocalChatError as error:
        raise Unconfigured(str(error)) from None
    stack.push_async_callback(local.stop)
    return Connection(token=local.bot_token, api_root=local.api_root), local.operator_id, local.url


def people_of(house: House, operator: int | None) -> Access:
    """Who may what: the lists in the settings; `operator` is whoever sits at the local chat, an owner."""
    access = house.settings.access
    return Access(
        owners=(*access.owners, *([operator] if operator is not None else [])),
        approvers=access.approvers,
        requesters=access.requesters,
        viewers=access.viewers,
    )


def plugs_of(house: House, people: Access) -> Plugs:
    """All that the chat needs of this house."""
    return Plugs(
        engine=house.executor,
        store=house.database,
        outbox=house.database.outbox,
        inbox=house.database.inbox,
        chats=house.database.chats,
        habits=house.database.habits,
        quiet_hours=Hours(start=house.settings.quiet_hours.start, end=house.settings.quiet_hours.end),
        clock=house.clock,
        timezone=house.timezone,
        crash_points=house.crash_points,
        start_soon=house.nursery.start,
        access=people,
        describe=house.describe,
        limits=house.executor.limits,
        confidence_min=house.settings.executor.confidence_min if house.settings.executor.autonomy != "full" else 0.0,
        read_goal=house.read_goal,
        read_run=house.read_run,
        workflows=house.workflows,
        secrets=house.secrets,
        examine=house.examine,
        mark=PollFile(Path(house.settings.data_dir) / "last-poll"),
        brake=house.brake,
        examples=[Example(label=label, text=text) for label, text in EXAMPLES],
    )


async def _warn_of_tools(servers: Servers) -> None:
    """Once all of them were asked; the doctor and each card say it too."""
    if looks := servers.look_around():
        await asyncio.wait(looks.values())
    for line in servers.warnings():
        logger.warning("{}", line)


async def _start(house: House, chat: Chat, stack: AsyncExitStack) -> None:
    """Executor, courier, chat, alarm; each is stopped before the one it stands on."""
    house.nursery.start(_warn_of_tools(house.outfit.servers), "tool servers")
    courier = house.nursery.start(chat.courier.run(), "courier")
    stack.push_async_callback(ended, chat.courier.stop, courier)
    loop = house.nursery.start(house.executor.run(), "executor")
    stack.push_async_callback(ended, house.executor.stop, loop)
    await chat.front.start()
    stack.push_async_callback(chat.front.stop)
    keeper = Housekeeper(house.database, house.folders, house.clock, house.settings.storage.keep_days)
    house.nursery.start(keeper.run(), "housekeeping")
    if house.settings.workspace.repositories:
        house.nursery.start(keeper.run_worktrees(), "worktrees")
    alarm = Alarm(house.executor.alarm, house.settings.executor.tick_s, house.clock, house.nursery.start)
    alarm.start()
    stack.push_async_callback(alarm.stop)


def _watch_disk(house: House, chat: Chat, operator: int | None) -> None:
    def wake() -> None:
        house.executor.wake()
        chat.courier.wake()

    watch = DiskWatch(
        house.room,
        house.database,
        house.database.outbox,
        house.clock,
        [operator] if operator is not None else house.settings.access.owners,
        wake=wake,
    )
    house.nursery.start(watch.run(), "disk")
    house.nursery.start(LogWatch(house.database, house.clock).run(), "write-ahead log")


def _announce(address: str) -> None:
    where = f"Open {address}" if address.startswith("http") else f"Milepost listens on {address}"
    print(f"\n  {where}\n  Ctrl-C stops it; nothing is lost.\n", flush=True)  # noqa: T201 - the product's first line
