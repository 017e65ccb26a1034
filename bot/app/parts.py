"""What the house is made of: the concrete adapters, each as the configuration wants it."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from loguru import logger
from tzlocal import get_localzone_name

from bot.choices import gates_of, policy_of, roles_of
from bot.limits import limits_of
from bot.logs import about, log_error
from bot.own import resolved
from bot.real import RandomIds, SystemClock
from bot.settings import Settings
from bot.telegram.absence import PollFile
from executor.actions.bounds import Bounds
from executor.actions.checks import Looks
from executor.actions.handover import FolderHandover
from executor.actions.history.histories import HISTORIES, Histories
from executor.actions.http import Http
from executor.actions.launcher import Launcher
from executor.actions.mcp.actor import Start
from executor.actions.mcp.servers import Servers
from executor.actions.mcp.session import Place
from executor.actions.outfit import Outfit, outfit
from executor.actions.own import Recipe
from executor.actions.project import ProjectFolder
from executor.actions.quota import DiskUse
from executor.actions.reaching import Reaching
from executor.actions.sandbox.choice import Isolation, Wanted, isolate, workspaces_of
from executor.actions.standard import standard_actions
from executor.actions.survey import Survey
from executor.actions.watches import looks
from executor.actions.workspaces import Folders
from executor.domain.plan import GoalDraft
from executor.engine.nursery import Nursery
from executor.engine.secrecy.secrets import Secrets
from executor.engine.service import Executor
from executor.engine.tick import Ticker
from executor.engine.tools import Tools
from executor.engine.turns import Turns
from executor.planner.goal_text import read_goal
from executor.planner.mending import OfflineMender
from executor.planner.models.build import ModelChoice, model_talk
from executor.planner.models.talk import Talk
from executor.planner.when import read_time
from executor.ports import Actions, Assignment, Brain, Brake, CrashPoints, Mind, Room
from executor.workers.local import LocalWorkers
from storage.purse import Caps
from storage.store import Database


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


def timezone_of(settings: Settings) -> ZoneInfo:
    return settings.chat.zone or ZoneInfo(get_localzone_name() or "UTC")


def tools_of(
    settings: Settings,
    clock: SystemClock,
    points: CrashPoints,
    secrets: Secrets,
    mind: Mind | None,
    brake: Brake,
    launcher: Launcher,
    actions: Actions,
    folders: Folders,
    room: Room,
    reaching: Reaching | None,
) -> Tools:
    return Tools(
        actions=actions,
        checks=Looks(launcher, Http(settings.http.allow, brake), reaching),
        workspaces=folders,
        clock=clock,
        limits=limits_of(settings, timezone_of(settings)),
        crash_points=points,
        secrets=secrets,
        policy=policy_of(settings, actions.names()),
        mind=mind,
        watches=looks(settings.data_dir, settings.http.allow, brake),
        surveyor=Survey(hosts=settings.sandbox.network, anywhere=settings.http.allow),
        project=ProjectFolder(),
        mender=OfflineMender(),
        gates=gates_of(settings),
        brake=brake,
        handover=FolderHandover(folders.folder, settings.data_dir.absolute() / HISTORIES),
        quota=DiskUse(settings.data_dir, clock, settings.workspace.mb_max, workspaces_of(settings.data_dir), room),
        history=Histories(
            settings.data_dir,
            clock,
            not_kept,
            file_bytes_max=settings.workspace.file_mb_max * 1_000_000,
            repositories=settings.workspace.repositories,
            workspaces=workspaces_of(settings.data_dir),
            hide=secrets.hide.in_bytes,
        ),
    )


def not_kept(goal_number: int, error: Exception) -> None:
    with about(goal_number):
        logger.warning("What changed in the folder of goal {} is not kept: {!r}", goal_number, error)


def actions_of(
    settings: Settings,
    launcher: Launcher,
    mind: Mind | None,
    servers: Servers,
    brake: Brake,
    reaching: Reaching | None = None,
) -> Outfit:
    zone = timezone_of(settings)

    def read(text: str) -> GoalDraft:
        return read_goal(text, now=SystemClock().now(), timezone=zone)

    standard = standard_actions(launcher, zone, settings.http.allow, mind, brake, read)
    recipes = [
        Recipe(name=name, command=one.command, parameters=one.parameters, risk=one.risk)
        for name, one in settings.actions.items()
    ]
    found = outfit(
        standard,
        servers,
        recipes,
        launcher,
        reaching,
        networked=settings.sandbox.network,
        letters=settings.drafts.by_tool(),
    )
    for problem in found.problems:
        logger.warning("{}", problem)
    return found


def servers_of(settings: Settings, launcher: Launcher, start: Start, brake: Brake, place: Path) -> Servers:
    variables = settings.variables()
    places = [
        Place(
            name=name,
            command=one.command,
            url=one.url,
            env=resolved(f"mcp.{name}.env", one.env, variables),
            headers=resolved(f"mcp.{name}.headers", one.headers, variables),
            trust=one.trust,
            allow=settings.http.allow,
            network=one.network,
            folders=tuple(map(Path, one.folders)),
        )
        for name, one in settings.mcp.items()
    ]
    folder = place / "mcp"
    return Servers(places, folder=folder, launcher=launcher, start=start, clock=SystemClock(), brake=brake)


def talk_of(settings: Settings, database: Database, clock: SystemClock, brake: Brake) -> Talk | None:
    """The configured model, with its purse; None: there is none. Raises Unconfigured."""
    chosen = settings.brain
    if chosen.provider == "offline":
        return None
    caps = Caps(
        goal_usd=Decimal(str(settings.budget.goal_usd)),
        day_usd=Decimal(str(settings.budget.day_usd)),
        cycles_max=chosen.cycles_max,
        limits=limits_of(settings, timezone_of(settings)),
    )
    purse = database.purse(caps)
    return model_talk(choice_of(settings), purse=purse, clock=clock, ids=RandomIds(), brake=brake)


def choice_of(settings: Settings) -> ModelChoice:
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


def executor_of(
    settings: Settings,
    database: Database,
    tools: Tools,
    brain: Brain,
    nursery: Nursery,
    changed: list[Callable[[], None]],
    kind: type[LocalWorkers],
    folders: Folders,
) -> tuple[Executor, LocalWorkers]:
    executor_id, timezone = RandomIds().new(), timezone_of(settings)
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
