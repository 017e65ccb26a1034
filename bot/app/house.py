"""The house: the engine on its database, opened and closed in order."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from typing import IO
from zoneinfo import ZoneInfo

from loguru import logger

from bot.app.parts import (
    actions_of,
    choice_of,
    executor_of,
    isolation_of,
    not_kept,
    servers_of,
    talk_of,
    timezone_of,
    tools_of,
    try_sandbox,
)
from bot.brake import FileBrake
from bot.control.body import GoalBodies, Readers
from bot.control.protocol import Document
from bot.doctor import examine
from bot.finding import Finding
from bot.folder import hold
from bot.logs import background_failed, hide_too
from bot.real import SystemClock, crash_points
from bot.settings import Settings
from bot.telegram.ports import Shelf, WorkflowInfo
from executor.actions.history.histories import Histories
from executor.actions.launcher import Braked, PlainLauncher
from executor.actions.outfit import Outfit
from executor.actions.reaching import Reaching
from executor.actions.room import DiskRoom
from executor.actions.sandbox.choice import Isolation, workspaces_of
from executor.actions.workspaces import Folders
from executor.domain.change import Archived
from executor.domain.plan import GoalDraft, TaskSpec
from executor.engine.nursery import Nursery
from executor.engine.secrecy.masking import Masker
from executor.engine.secrecy.secrets import Secrets
from executor.engine.service import Executor
from executor.planner import characters, shapes
from executor.planner.goal_text import read_goal
from executor.planner.models.build import model_brain, model_mind
from executor.planner.models.talk import Talk
from executor.planner.models.trial import try_out
from executor.planner.offline import OfflineBrain
from executor.planner.run_text import read_run
from executor.planner.workflows import Library
from executor.ports import Actions, CrashPoints, NoBrake
from executor.workers.local import LocalWorkers
from storage.sealing import FernetSeal
from storage.store import Database


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
    room: DiskRoom

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
        return {"provider": self.talk.provider_key} | asdict(await try_out(self.talk, choice_of(self.settings)))

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
    servers = servers_of(settings, launcher, Nursery(background_failed).start, brake, settings.data_dir)
    found = actions_of(settings, launcher, None, servers, brake)
    return _shelf(Library(settings.data_dir / "workflows", actions=found.actions))


def archive(settings: Settings, goal_number: int, target: IO[bytes]) -> Archived:
    """Write what is kept of a goal's folder as a .tar.gz, without configured secrets; those that people gave were never
    kept. Opens no database. Raises NoHistory."""
    hide = Masker((*settings.variables().values(), *settings.hidden())).in_bytes
    places = workspaces_of(settings.data_dir)
    return Histories(settings.data_dir, SystemClock(), not_kept, workspaces=places, hide=hide).archive(
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
        room = DiskRoom(folder)
        if room.short() is not None:
            room.give_up()  # or the database could not even be opened
        database = await Database.open(folder, clock, points)
        database.when_full(room.filled)
        stack.push_async_callback(database.close)
        nursery = Nursery(background_failed)
        stack.push_async_callback(nursery.stop)
        timezone = timezone_of(settings)
        secrets = Secrets(FernetSeal(folder, settings.secrets_key()), settings.variables(), settings.hidden())
        hide_too(secrets.hide)
        brake = FileBrake(folder, clock.now)
        talk = talk_of(settings, database, clock, brake)
        if talk is not None:
            stack.push_async_callback(talk.provider.close)
        mind = model_mind(talk) if talk else None
        isolation, folders = isolation_of(settings)
        launcher = Braked(isolation.launcher, brake)
        reaching = Reaching(isolation.folders) if launcher.confined else None
        servers = servers_of(settings, launcher, nursery.start, brake, isolation.folders.parent)
        stack.push_async_callback(servers.close)
        found = actions_of(settings, launcher, mind, servers, brake, reaching)
        actions = found.actions
        tools = tools_of(settings, clock, points, secrets, mind, brake, launcher, actions, folders, room, reaching)
        library = Library(folder / "workflows", actions=actions)
        changed: list[Callable[[], None]] = []
        offline = OfflineBrain(library, reaching)
        brain = model_brain(talk, offline, actions, tasks_max=tools.limits.tasks_max) if talk else offline
        executor, hands = executor_of(settings, database, tools, brain, nursery, changed, workers, folders)
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
            room=room,
        )
