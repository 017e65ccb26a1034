"""The composition root: the one place that names the concrete adapters, and opens, runs and closes everything in order.

Opening: the data folder's lock, the database, the engine; then what faces people. Closing is the same backwards:
nothing new comes in, what runs is ended and stored, what is to be said is said, the database closes.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import IO, cast
from zoneinfo import ZoneInfo

from loguru import logger
from tzlocal import get_localzone_name

from bot.alarm import Alarm
from bot.brake import FileBrake
from bot.choices import gates_of, roles_of
from bot.control.body import GoalBodies, Readers
from bot.control.commands import ShellCommands
from bot.control.history import HistoryMethods
from bot.control.protocol import Document, Shell
from bot.control.records import RecordMethods
from bot.control.server import ControlServer, operator_name
from bot.doctor import examine
from bot.finding import Finding
from bot.folder import hold
from bot.housekeeping import Housekeeper
from bot.limits import limits_of
from bot.localchat import LocalChat, LocalChatError
from bot.localchat.room import open_room
from bot.localchat.shapes import system_clock
from bot.logs import about, background_failed, hide_too, log_error
from bot.own import resolved
from bot.real import RandomIds, SystemClock, calm_the_collector, crash_points
from bot.settings import Settings
from bot.telegram.absence import PollFile
from bot.telegram.access import Access
from bot.telegram.assembly import Chat, Plugs, assemble
from bot.telegram.connection import Connection
from bot.telegram.ports import Example, Shelf, WorkflowInfo
from executor.actions.checks import Looks
from executor.actions.history.histories import Histories
from executor.actions.http import Http
from executor.actions.launcher import Braked, Launcher, PlainLauncher
from executor.actions.mcp.actor import Start
from executor.actions.mcp.servers import Servers
from executor.actions.mcp.session import Place
from executor.actions.outfit import Outfit, outfit
from executor.actions.own import Recipe
from executor.actions.project import ProjectFolder
from executor.actions.quota import DiskUse
from executor.actions.sandbox.bounds import Bounds
from executor.actions.sandbox.choice import Isolation, Wanted, isolate, workspaces_of
from executor.actions.standard import standard_actions
from executor.actions.survey import Survey
from executor.actions.watches import looks
from executor.actions.workspaces import Folders
from executor.domain.errors import Unconfigured
from executor.domain.goal import Goal
from executor.domain.habits import Hours
from executor.domain.plan import GoalDraft, TaskSpec
from executor.engine.attempt import Tools
from executor.engine.nursery import Nursery
from executor.engine.policy import Policy
from executor.engine.secrets import Secrets
from executor.engine.service import Executor
from executor.engine.tick import Ticker
from executor.engine.turns import Turns
from executor.planner import characters, shapes
from executor.planner.examples import EXAMPLES
from executor.planner.goal_text import read_goal
from executor.planner.mending import OfflineMender
from executor.planner.models.build import ModelChoice, model_brain, model_mind, model_talk
from executor.planner.models.talk import Talk
from executor.planner.models.trial import try_out
from executor.planner.offline import OfflineBrain, per_criterion
from executor.planner.run_text import read_run
from executor.planner.when import read_time
from executor.planner.workflows import Library
from executor.ports import Actions, Assignment, Brain, Brake, CrashPoints, Mind, NoBrake
from executor.workers.local import LocalWorkers
from executor.workers.outside import OutsideWorkers
from storage.purse import Caps
from storage.sealing import FernetSeal
from storage.store import Database

STOP_S = 3.0  # how long what is under way may take to end by itself when Milepost stops


@dataclass(frozen=True, slots=True)
class House:
    """Everything but what faces people. `changed` lists who hears of every commit: the courier is put there."""

    settings: Settings
    clock: SystemClock
    isolation: Isolation
    folders: Folders
    timezone: ZoneInfo
    crash_points: CrashPoints
    database: Database
    secrets: Secrets
    actions: Actions
    library: Library
    nursery: Nursery
    executor: Executor
    workers: LocalWorkers
    changed: list[Callable[[], None]]
    talk: Talk | None
    brake: FileBrake
    outfit: Outfit

    def read_goal(self, text: str) -> GoalDraft:
        """A goal's text as a draft, in the chat's time zone. Raises WrongInput."""
        return read_goal(text, now=self.clock.now(), timezone=self.timezone)

    def bodies(self) -> GoalBodies:
        """The reader of goals in JSON."""
        readers = Readers(
            goal=self.read_goal, task=shapes.read_task, criterion=shapes.read_criterion, clean=characters.cleaned
        )
        return GoalBodies(readers, self.timezone)

    def read_run(self, words: str) -> GoalDraft:
        """What stands after /run as a draft. Raises WrongInput."""
        return read_run(words, library=self.library, now=self.clock.now(), timezone=self.timezone)

    def describe(self, spec: TaskSpec) -> str:
        """What a task will really run."""
        return self.actions.get(spec.action).describe(spec.parameters)

    async def try_brain(self) -> Document:
        """The brain that is used here, and how one question to it went."""
        if self.talk is None:
            return {"provider": "offline"}
        return {"provider": self.talk.provider_key} | asdict(await try_out(self.talk, _choice(self.settings)))

    async def try_tools(self) -> Document:
        """The tool servers, each asked now, and the actions that are not Milepost's own."""
        return await self.outfit.report()

    def workflows(self) -> Shelf:
        return _shelf(self.library)

    async def examine(self) -> list[Finding]:
        """What the doctor finds, beside everything that goes on."""
        brain, tools, shelf = await self.try_brain(), await self.try_tools(), self.workflows()
        return await asyncio.to_thread(
            examine,
            self.settings,
            lambda _: shelf,
            lambda _: (brain, True),
            lambda _: tools,
            try_sandbox,
        )


def _shelf(library: Library) -> Shelf:
    found, problems = library.load()
    for problem in problems:
        logger.warning("{}", problem)
    infos = [
        WorkflowInfo(
            title=workflow.listed_title,
            command=workflow.run_command,
            parameters={one.name: one.description for one in workflow.parameters},
        )
        for workflow in found.values()
    ]
    return Shelf(workflows=infos, problems=[str(problem) for problem in problems])


def shelf(settings: Settings) -> Shelf:
    """The workflows as `run` will read them; opens nothing."""
    launcher, brake = PlainLauncher(), NoBrake()
    servers = _servers(settings, launcher, Nursery(background_failed).start, brake, settings.data_dir)
    found = _actions(settings, launcher, None, servers, brake)
    return _shelf(Library(settings.data_dir / "workflows", actions=found.actions))


def archive(settings: Settings, goal_number: int, target: IO[bytes]) -> None:
    """Write what is kept of a goal's folder as a .tar.gz. Opens no database. Raises NoHistory."""
    Histories(settings.data_dir, SystemClock(), _not_kept, workspaces=workspaces_of(settings.data_dir)).archive(
        goal_number, target
    )


@asynccontextmanager
async def open_house(settings: Settings, workers: type[LocalWorkers] = LocalWorkers) -> AsyncIterator[House]:
    """The engine on its database, under the data folder's lock. Nothing runs yet but what is called.

    Raises FolderInUse, Unconfigured or DataFolderError with one clear sentence; nothing is then left open.
    """
    async with AsyncExitStack() as stack:
        folder = settings.data_dir
        stack.enter_context(hold(folder))
        clock, points = SystemClock(), crash_points(os.environ)
        database = await Database.open(folder, clock, points)
        stack.push_async_callback(database.close)
        nursery = Nursery(background_failed)
        stack.push_async_callback(nursery.stop)
        timezone = _timezone(settings)
        secrets = Secrets(FernetSeal(folder, settings.secrets_key()), settings.variables(), settings.hidden())
        hide_too(secrets.hide)
        brake = FileBrake(folder, clock.now)
        talk = _talk(settings, database, clock, brake)
        if talk is not None:
            stack.push_async_callback(talk.provider.close)
        mind = model_mind(talk) if talk else None
        isolation, folders = isolation_of(settings)
        launcher = Braked(isolation.launcher, brake)
        servers = _servers(settings, launcher, nursery.start, brake, isolation.folders.parent)
        stack.push_async_callback(servers.close)
        found = _actions(settings, launcher, mind, servers, brake)
        actions = found.actions
        tools = _tools(settings, clock, points, secrets, mind, brake, launcher, actions, folders)
        library = Library(folder / "workflows", actions=actions)
        changed: list[Callable[[], None]] = []
        offline = OfflineBrain(library)
        brain = model_brain(talk, offline, actions, tasks_max=tools.limits.tasks_max) if talk else offline
        executor, hands = _executor(settings, database, tools, brain, nursery, changed, workers, folders)
        yield House(
            settings=settings,
            clock=clock,
            isolation=isolation,
            folders=folders,
            timezone=timezone,
            crash_points=points,
            database=database,
            secrets=secrets,
            actions=actions,
            library=library,
            nursery=nursery,
            executor=executor,
            workers=hands,
            changed=changed,
            talk=talk,
            brake=brake,
            outfit=found,
        )


def isolation_of(settings: Settings) -> tuple[Isolation, Folders]:
    """How commands are kept apart here, and where their folders are. A real child tries it out."""
    chosen = settings.sandbox
    isolation = isolate(
        Wanted(
            mode=chosen.mode,
            data_dir=settings.data_dir,
            hidden=settings.never_shown(),
            bounds=Bounds(memory_mb=chosen.memory_mb, cpu_s=chosen.cpu_s),
            network=chosen.network,
        )
    )
    folders = Folders(settings.data_dir, isolation.folders, isolation.owner, passable=isolation.passable)
    return isolation, folders


def try_sandbox(settings: Settings) -> tuple[str, str]:
    """Why there is no sandbox, and how to get one; both empty where there is one."""
    named = settings.sandbox.model_copy(update={"mode": "bubblewrap"})
    return _told(isolation_of(settings.model_copy(update={"sandbox": named}))[0])


def _told(isolation: Isolation) -> tuple[str, str]:
    problem = isolation.problem
    return (problem.seen, problem.remedy) if problem else ("", "")


def _timezone(settings: Settings) -> ZoneInfo:
    return settings.chat.zone or ZoneInfo(get_localzone_name() or "UTC")


def _tools(
    settings: Settings,
    clock: SystemClock,
    points: CrashPoints,
    secrets: Secrets,
    mind: Mind | None,
    brake: Brake,
    launcher: Launcher,
    actions: Actions,
    folders: Folders,
) -> Tools:
    return Tools(
        actions=actions,
        checks=Looks(launcher, Http(settings.http.allow, brake)),
        workspaces=folders,
        clock=clock,
        limits=limits_of(settings, _timezone(settings)),
        crash_points=points,
        secrets=secrets,
        policy=Policy(settings.rules.unasked, settings.rules.always_ask, settings.executor.confidence_min),
        mind=mind,
        watches=looks(settings.data_dir, settings.http.allow, brake),
        surveyor=Survey(hosts=settings.sandbox.network, anywhere=settings.http.allow),
        project=ProjectFolder(),
        mender=OfflineMender(),
        gates=gates_of(settings),
        brake=brake,
        quota=DiskUse(settings.data_dir, clock, settings.workspace.mb_max, workspaces_of(settings.data_dir)),
        history=Histories(
            settings.data_dir,
            clock,
            _not_kept,
            file_bytes_max=settings.workspace.file_mb_max * 1_000_000,
            repositories=settings.workspace.repositories,
            workspaces=workspaces_of(settings.data_dir),
        ),
    )


def _not_kept(goal_number: int, error: Exception) -> None:
    with about(goal_number):
        logger.warning("What changed in the folder of goal {} is not kept: {!r}", goal_number, error)


def _actions(settings: Settings, launcher: Launcher, mind: Mind | None, servers: Servers, brake: Brake) -> Outfit:
    zone = _timezone(settings)

    def read(text: str) -> GoalDraft:
        return read_goal(text, now=SystemClock().now(), timezone=zone)

    standard = standard_actions(launcher, zone, settings.http.allow, mind, brake, read)
    recipes = [
        Recipe(name=name, command=one.command, parameters=one.parameters, risk=one.risk)
        for name, one in settings.actions.items()
    ]
    found = outfit(standard, servers, recipes, launcher)
    for problem in found.problems:
        logger.warning("{}", problem)
    return found


def _servers(settings: Settings, launcher: Launcher, start: Start, brake: Brake, place: Path) -> Servers:
    variables = settings.variables()
    places = [
        Place(
            name=name,
            command=one.command,
            url=one.url,
            env=resolved(f"mcp.{name}.env", one.env, variables),
            headers=resolved(f"mcp.{name}.headers", one.headers, variables),
            trust=one.trust,
            network=one.network,
            folders=tuple(map(Path, one.folders)),
        )
        for name, one in settings.mcp.items()
    ]
    folder = place / "mcp"
    return Servers(places, folder=folder, launcher=launcher, start=start, clock=SystemClock(), brake=brake)


def _talk(settings: Settings, database: Database, clock: SystemClock, brake: Brake) -> Talk | None:
    """The configured model, with its purse; None: there is none. Raises Unconfigured."""
    chosen = settings.brain
    if chosen.provider == "offline":
        return None
    caps = Caps(
        goal_usd=Decimal(str(settings.budget.goal_usd)),
        day_usd=Decimal(str(settings.budget.day_usd)),
        cycles_max=chosen.cycles_max,
        limits=limits_of(settings, _timezone(settings)),
    )
    purse = database.purse(caps)
    return model_talk(_choice(settings), purse=purse, clock=clock, ids=RandomIds(), brake=brake)


def _choice(settings: Settings) -> ModelChoice:
    chosen = settings.brain
    return ModelChoice(
        provider=chosen.provider,
        model=chosen.model,
        api_key=chosen.api_key.get_secret_value(),
        base_url=chosen.base_url,
        timeout_s=chosen.timeout_s,
        price_in=chosen.price_in,
        price_out=chosen.price_out,
        models={str(purpose): model for purpose, model in chosen.models.items()},
        prices=chosen.prices,
        roles=roles_of(settings),
    )


def _executor(
    settings: Settings,
    database: Database,
    tools: Tools,
    brain: Brain,
    nursery: Nursery,
    changed: list[Callable[[], None]],
    kind: type[LocalWorkers],
    folders: Folders,
) -> tuple[Executor, LocalWorkers]:
    executor_id, timezone = RandomIds().new(), _timezone(settings)
    tools = replace(tools, turns=Turns(database, tools.clock, tools.limits, tools.secrets))
    ticker = Ticker(database, tools, executor_id=executor_id, log_failure=log_error)

    async def record(assignment: Assignment, pid: int, pid_started: float, command: str) -> None:
        async with database.transaction("process") as transaction:
            attempt = assignment.attempt
            await transaction.record_process(attempt.task_ref, attempt.number, pid, pid_started, command)

    workers = kind(
        tools,
        nursery,
        concurrency=settings.executor.concurrency,
        report=lambda assignment, outcome, texts: executor.finished(assignment, outcome, texts),
        record=record,
        end_leftovers=folders.end_leftovers,
        log_failure=lambda assignment, error: log_error(assignment.task.ref, error),
    )
    executor = Executor(
        database,
        brain,
        tools,
        workers,
        ticker,
        nursery,
        executor_id=executor_id,
        autonomy=settings.executor.autonomy,
        mark=PollFile(settings.data_dir / "last-tick"),
        read_time=lambda words: read_time(words, tools.clock.now(), timezone),
        changed=lambda: _tell(changed),
        log_error=log_error,
    )
    return executor, workers


def _tell(listeners: list[Callable[[], None]]) -> None:
    for tell in listeners:
        tell()


# -------------------------------------------------------------------------------------------------------- the shell


@asynccontextmanager
async def open_executor(settings: Settings) -> AsyncIterator[Shell]:
    """The shell's commands on the database itself, while nothing runs; `up` goes on from what they leave."""
    async with open_house(settings) as house:
        yield _shell(house, chat_id=_home_chat(settings))


def _home_chat(settings: Settings) -> int | None:
    """Where the messages of a goal from the shell go: the first owner, or the local chat's operator."""
    if settings.telegram.token.get_secret_value():
        return settings.access.owners[0] if settings.access.owners else None
    room = open_room(settings.data_dir, system_clock, operator_name())
    try:
        return room.identity.operator_id
    finally:
        room.store.close()


def _shell(house: House, chat_id: int | None) -> ShellCommands:
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


# ------------------------------------------------------------------------------------------------ the Python library


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
        stack.push_async_callback(_ended, house.executor.stop, loop)
        yield Workshop(house, cast(OutsideWorkers, house.workers))


# --------------------------------------------------------------------------------------------------------- the whole


async def run(settings: Settings) -> None:
    """Run everything until SIGTERM or Ctrl-C."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with open_house(settings) as house, AsyncExitStack() as stack:
        _say(house.isolation)
        await house.outfit.servers.end_leftovers()
        connection, operator, address = await _connection(settings, stack)
        house.secrets.hide.learn(connection.token)
        chat = assemble(connection, _plugs(house, operator), local=operator is not None, mode=settings.telegram.mode)
        house.changed.append(chat.courier.wake)
        recovered = await house.executor.recover()
        if recovered:
            logger.info("Took over {} attempt(s) that were interrupted", recovered)
        await _start(house, chat, stack)
        control = ControlServer(settings.data_dir, _shell(house, operator or _home_chat(settings)))
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


def _plugs(house: House, operator: int | None) -> Plugs:
    access = house.settings.access
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
        access=Access(
            owners=(*access.owners, *([operator] if operator is not None else [])),
            approvers=access.approvers,
            requesters=access.requesters,
            viewers=access.viewers,
        ),
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


async def _start(house: House, chat: Chat, stack: AsyncExitStack) -> None:
    """Executor, courier, chat, alarm; each is stopped before the one it stands on."""
    house.outfit.servers.look_around()
    courier = house.nursery.start(chat.courier.run(), "courier")
    stack.push_async_callback(_ended, chat.courier.stop, courier)
    loop = house.nursery.start(house.executor.run(), "executor")
    stack.push_async_callback(_ended, house.executor.stop, loop)
    await chat.front.start()
    stack.push_async_callback(chat.front.stop)
    keeper = Housekeeper(house.database, house.folders, house.clock, house.settings.storage.keep_days)
    house.nursery.start(keeper.run(), "housekeeping")
    alarm = Alarm(house.executor.alarm, house.settings.executor.tick_s, house.clock, house.nursery.start)
    alarm.start()
    stack.push_async_callback(alarm.stop)


async def _ended(stop: Callable[[], Awaitable[None]], loop: "asyncio.Task[None]") -> None:
    """Ask a loop to end, and wait for it for as long as is decent."""
    await stop()
    await asyncio.wait([loop], timeout=STOP_S)


def _announce(address: str) -> None:
    where = f"Open {address}" if address.startswith("http") else f"Milepost listens on {address}"
    print(f"\n  {where}\n  Ctrl-C stops it; nothing is lost.\n", flush=True)  # noqa: T201 - the product's first line
