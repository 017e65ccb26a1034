"""How a command reaches Milepost: through the socket of a running one, else by opening the database itself."""

import argparse
import asyncio
import importlib
import os
import time
from collections.abc import Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from typing import IO, Any, Protocol, cast

from bot import logs
from bot.control.client import ControlClient, NoAnswer, NotRunning
from bot.control.protocol import Document, Shell
from bot.control.server import this_caller
from bot.folder import FolderInUse
from bot.real import RandomIds
from bot.settings import Settings, load, unavailable
from bot.telegram.ports import Shelf
from executor.domain.change import Archived
from executor.domain.errors import MilepostError, Unconfigured

PATIENCE_S = 15.0  # with a program that is just starting, or being restarted
ANSWER_S = 60.0
RESTART_S = 60.0  # how long a restart may take while somebody waits for a goal
PAUSE_S = 0.2


class App(Protocol):
    """The composition root, bot.app: loaded only where it is needed, because it brings everything with it."""

    def run(self, settings: Settings) -> Coroutine[Any, Any, None]:
        """Run everything until a signal. Holds the data folder's lock; raises FolderInUse where another one does."""
        ...

    def try_sandbox(self, settings: Settings) -> tuple[str, str]:
        """Why there is no sandbox, and how to get one; both empty where there is one."""
        ...

    def shelf(self, settings: Settings) -> Shelf:
        """The workflows as `run` will read them; opens nothing."""
        ...

    def archive(self, settings: Settings, goal_number: int, target: IO[bytes]) -> Archived:
        """Write what is kept of a goal's folder as a .tar.gz. Raises MilepostError where nothing is."""
        ...

    def open_executor(self, settings: Settings) -> AbstractAsyncContextManager[Shell]:
        """The shell's commands on the database itself, under the same lock; nothing runs."""
        ...


def app() -> App:
    return cast(App, importlib.import_module("bot.app"))


def settings_of(given: argparse.Namespace) -> Settings:
    """The settings, with the logs started as they say; short commands are quieter than `up`."""
    settings = load(given.config, os.environ)
    level = "warning" if settings.log.level == "info" and given.command != "up" else settings.log.level
    logs.start(level, settings.log.format, secrets=settings.hidden(), environ=os.environ)
    return settings


def usable(settings: Settings) -> Settings:
    """Raises Unconfigured where the settings ask for what this version lacks."""
    if lines := unavailable(settings):
        raise Unconfigured("\n".join(lines))
    return settings


def ask(
    settings: Settings, method: str, params: Mapping[str, Any], *, timeout_s: float = ANSWER_S
) -> tuple[Document, bool]:
    """The answer, and whether a running Milepost gave it. However often it has to be asked, a command is carried out
    once. Raises MilepostError."""
    command_id = RandomIds().new()
    give_up_at = time.monotonic() + PATIENCE_S
    while True:
        try:
            return ControlClient(settings.data_dir, timeout_s).call(method, params, command_id=command_id), True
        except NotRunning:
            try:
                return asyncio.run(_offline(settings, method, params, command_id)), False
            except FolderInUse as starting:  # its socket will be there in a moment
                trouble: MilepostError = NoAnswer(f"{starting.who} but does not answer yet. Try again in a moment.")
        except NoAnswer as lost:  # perhaps it has just ended
            trouble = lost
        if time.monotonic() > give_up_at:
            raise trouble
        time.sleep(PAUSE_S)


def ask_running(settings: Settings, method: str, params: Mapping[str, Any]) -> Document:
    """Only through the socket, and patient with a restart: whoever waits must not hold the database meanwhile."""
    give_up_at = time.monotonic() + RESTART_S
    while True:
        try:
            return ControlClient(settings.data_dir).call(method, params, command_id=RandomIds().new())
        except (NotRunning, NoAnswer):
            if time.monotonic() > give_up_at:
                raise NoAnswer("Milepost has stopped. The goal is stored, and goes on when milepost up runs.") from None
        time.sleep(PAUSE_S)


async def _offline(settings: Settings, method: str, params: Mapping[str, Any], command_id: str) -> Document:
    async with app().open_executor(usable(settings)) as shell:
        return await shell.call(method, params, caller=this_caller(os.getuid()), command_id=command_id)
