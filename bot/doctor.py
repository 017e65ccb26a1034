"""The first doctor: looks at the configuration and at this machine, and names a remedy for each fault."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httpx
import tzlocal

from bot.brake import FileBrake
from bot.control.client import ControlClient, NoAnswer, NotRunning
from bot.control.protocol import Document
from bot.exposure import exposure
from bot.finding import Finding
from bot.finding import good as _good
from bot.finding import note as _note
from bot.finding import wrong as _wrong
from bot.folder import holder, prepare
from bot.letterbox import letterbox
from bot.listen import listening_socket
from bot.logs import Redactor
from bot.mounts import shared_disk
from bot.real import RandomIds, SystemClock
from bot.secret_findings import secret_findings
from bot.settings import Settings, unavailable
from bot.telegram.ports import Shelf
from bot.tool_findings import tools
from bot.write_ahead import LARGE_BYTES, READER, REMEDY, said_of
from executor.domain.errors import MilepostError, Unconfigured

DISK_BYTES_LOW = 1_000_000_000
DISK_BYTES_MIN = 200_000_000
CHAT_S = 10.0
SYSTEM_S = 5.0
WAL_RESET_FIXED = (3, 51, 3)
YEAR_MIN = 2026  # a clock before this program was written is wrong


def examine(
    settings: Settings | Unconfigured,
    shelf: Callable[[Settings], Shelf],
    try_brain: Callable[[Settings], tuple[Document, bool]],
    try_tools: Callable[[Settings], Document],
    sandbox: Callable[[Settings], tuple[str, str]],
    *,
    fix: bool = False,
) -> list[Finding]:
    """All checks that can be made; those of a configuration only when there is one. `shelf` reads the workflows as `up`
    does, `try_brain` asks the model and says whether a running Milepost did, `try_tools` asks every tool server; `fix`
    mends what is safe to."""
    if isinstance(settings, Unconfigured):
        faults = [
            _wrong("configuration", line, "correct it; config.example.toml has every key")
            for line in settings.public.splitlines()
        ]
        return [*faults, *_tools(), _sqlite()]
    redact = Redactor(settings.hidden(), os.environ)
    found = [
        *_configuration(settings, fix),
        *_folder(settings, fix),
        *_stop(settings),
        _database(settings),
        *letterbox(settings.database),
        *_workflows(settings, shelf(settings)),
        *_running(settings),
        *_chat(settings),
        *exposure(settings),
        _brain(settings, try_brain),
        *tools(settings, try_tools),
        _clock(settings),
        _sqlite(),
        *_tools(),
        _sandbox(settings, sandbox(settings)),
    ]
    return [
        Finding(check=one.check, state=one.state, seen=redact(one.seen), remedy=redact(one.remedy)) for one in found
    ]


def credentials(settings: Settings, try_brain: Callable[[Settings], tuple[Document, bool]]) -> list[Finding]:
    """Only what has to be tried with somebody else: the chat's token and the model's key."""
    redact = Redactor(settings.hidden(), {})
    return [
        Finding(check=one.check, state=one.state, seen=redact(one.seen), remedy=redact(one.remedy))
        for one in (*_chat(settings), _brain(settings, try_brain))
    ]


# ----------------------------------------------------------------------------------------------------- configuration


def _configuration(settings: Settings, fix: bool) -> Iterator[Finding]:
    yield _good("configuration", str(settings.source) if settings.source else "all defaults, there is no file")
    for line in unavailable(settings):
        yield _wrong("configuration", line, "correct it; milepost up refuses this")
    yield from secret_findings(settings, fix=fix)
    if settings.telegram.token.get_secret_value() and not settings.access.owners:
        yield _note(
            "access", "nobody may use the chat", "send /whoami to the bot and put the number into access.owners"
        )


# ------------------------------------------------------------------------------------------------------- data folder


def _folder(settings: Settings, fix: bool) -> Iterator[Finding]:
    folder = settings.data_dir
    if not folder.exists() and not fix:
        yield _note("data folder", f"{folder} is not there yet", "milepost up makes it")
        return
    try:
        prepare(folder)
    except Unconfigured as error:
        yield _wrong("data folder", error.public, "")
        return
    if folder.stat().st_mode & 0o077:
        if fix:
            folder.chmod(0o700)
        else:
            yield _wrong("data folder", f"others can look into {folder}", f"chmod 700 '{folder}', or --fix")
            return
    if (shared := shared_disk(folder)) is not None:
        yield _wrong(
            "data folder", f"{folder} is on a disk of other machines ({shared})", "set data_dir to a local disk"
        )
        return
    yield _good("data folder", f"{folder} can be written")
    free = shutil.disk_usage(folder).free
    seen, remedy = f"{free / 1e9:.1f} GB free", "make room"
    if free >= DISK_BYTES_LOW:
        yield _good("disk", seen)
    else:
        yield _wrong("disk", seen, remedy) if free < DISK_BYTES_MIN else _note("disk", seen, remedy)


def _stop(settings: Settings) -> Iterator[Finding]:
    clock = SystemClock()
    stop = FileBrake(settings.data_dir, clock.now).held() if settings.data_dir.is_dir() else None
    if stop is not None:
        at = f"{stop.at.astimezone():%Y-%m-%d %H:%M}"
        yield _note("stop", f"everything is stopped by {stop.by} since {at}", "milepost resume, or /resume, goes on")


def _database(settings: Settings) -> Finding:
    """Read-only, beside a program that may be running."""
    file = settings.database
    if not file.exists():
        return _note("database", "there is none yet", "milepost up makes it")
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=SYSTEM_S)) as database:
            faults = database.execute("PRAGMA quick_check(3)").fetchall()
            schema = database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        return _wrong(
            "database", f"{file} can't be read: {error}", "put a backup in its place, or name another data_dir"
        )
    if faults != [("ok",)]:
        return _wrong("database", f"{file} is damaged: {faults[0][0]}", "put a backup in its place")
    log = file.with_name(f"{file.name}-wal")
    if log.exists() and (size := log.stat().st_size) >= LARGE_BYTES:
        return _wrong("database", f"{said_of(size)}, for {READER}", REMEDY)
    return _good("database", f"whole, schema {schema[0] if schema else 'none'}")


def _workflows(settings: Settings, shelf: Shelf) -> Iterator[Finding]:
    for problem in shelf.problems:
        yield _wrong("workflows", problem, f"correct the file in {settings.data_dir / 'workflows'}")
    if not shelf.problems:
        yield _good("workflows", f"{len(shelf.workflows)} can be run")


# ----------------------------------------------------------------------------------------------- running, and its chat


def _running(settings: Settings) -> Iterator[Finding]:
    other = holder(settings.data_dir)
    try:
        lines = ControlClient(settings.data_dir, timeout_s=SYSTEM_S).call("system", {}, command_id=RandomIds().new())[
            "lines"
        ]
    except NotRunning:
        if other:
            yield _note("program", f"{other.who}, and its socket is not open", "it is starting or stopping; look again")
            return
        yield _good("program", "not running")
        yield from _port(settings)
    except (NoAnswer, MilepostError) as error:
        yield _wrong("program", error.public, "look at its log; restart milepost up")
    else:
        pid = f" (pid {other.pid})" if other and other.pid else ""
        yield _good("program", f"running{pid}; " + " ".join(lines))


def _port(settings: Settings) -> Iterator[Finding]:
    if settings.telegram.token.get_secret_value():
        return
    host, port = settings.local_chat.host, settings.local_chat.port
    try:
        listening_socket(host, port, "local_chat").close()
    except Unconfigured as error:
        yield _wrong("port", error.public, "")
    else:
        yield _good("port", f"{host}:{port} is free for the local chat")


def _chat(settings: Settings) -> Iterator[Finding]:
    token = settings.telegram.token.get_secret_value()
    if not token:
        yield _good("chat", "no Telegram token: the local chat")
        return
    try:
        answer = httpx.get(f"{settings.telegram.api_root}/bot{token}/getMe", timeout=CHAT_S)
        document = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        yield _wrong("chat", f"{settings.telegram.api_root} gives no answer: {error}", "check the network and api_root")
        return
    if document.get("ok"):
        yield _good("chat", f"@{document['result'].get('username')} at {settings.telegram.api_root}")
    else:
        said = f"{settings.telegram.api_root} says {document.get('description', answer.status_code)}"
        yield _wrong("chat", said, "copy the token from @BotFather again" if answer.status_code in (401, 404) else "")


def _brain(settings: Settings, try_brain: Callable[[Settings], tuple[Document, bool]]) -> Finding:
    provider = settings.brain.provider
    if provider == "offline":
        return _good("brain", "offline, without a model: goals need numbered lines, criteria or a workflow")
    try:
        tried, running = try_brain(settings)
    except MilepostError as error:  # it says itself what to do
        return _wrong("brain", error.public, "")
    if tried["provider"] != provider:
        return _wrong("brain", f"{provider} is configured, and {tried['provider']} is used", "restart milepost up")
    remedy = tried["remedy"]
    if tried["state"] == "wrong" and running:
        remedy = f"{remedy}; what you change in the configuration counts after a restart"
    return Finding(check="brain", state=tried["state"], seen=tried["seen"], remedy=remedy)


# ------------------------------------------------------------------------------------------------------ this machine


def _clock(settings: Settings) -> Finding:
    now = SystemClock().now()
    if now.year < YEAR_MIN:
        return _wrong("clock", f"it says {now:%Y-%m-%d}", "set the clock: every due time depends on it")
    name = settings.chat.timezone or tzlocal.get_localzone_name()
    try:
        local: datetime = now.astimezone(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError):
        return _wrong("clock", f"the time zone {name} is unknown", 'set chat.timezone, like "Europe/Berlin"')
    return _good("clock", f"{local:%Y-%m-%d %H:%M} in {name}")


def _sqlite() -> Finding:
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < WAL_RESET_FIXED:
        note = "before 3.51.3, two writers could damage a database; Milepost has only one"
        return _good("sqlite", f"{version} ({note})")
    return _good("sqlite", version)


def _sandbox(settings: Settings, told: tuple[str, str]) -> Finding:
    """`told`: what is wrong and what to do, both empty where the sandbox was tried and holds."""
    seen, remedy = told
    if not seen and settings.sandbox.mode == "none":
        return _note("sandbox", "bubblewrap works here and is not used", 'set sandbox.mode = "auto"')
    if not seen:
        return _good("sandbox", "a trial command could not break out")
    if settings.sandbox.mode == "bubblewrap":
        return _wrong("sandbox", seen, remedy)
    return _note("sandbox", f"{seen}, so what nobody has accepted asks each time", remedy)


def _tools() -> Iterator[Finding]:
    shell = shutil.which("bash") or shutil.which("sh")
    yield _good("shell", shell) if shell else _wrong("shell", "neither bash nor sh", "install bash")
    for name, wanted_for in (
        ("git", "/diff and /undo: without it nothing is kept about what a goal changes in its folder"),
    ):
        place = shutil.which(name)
        yield _good(name, place) if place else _note(name, "not installed", f"only needed for {wanted_for}")
