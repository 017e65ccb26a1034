"""up, migrate, doctor."""

import argparse
import asyncio
import json
import os
import sys
import time

from bot import doctor as checks
from bot.control.protocol import Document
from bot.folder import FolderInUse
from bot.settings import Settings, load
from bot.shell.reach import app, ask, settings_of, usable
from executor.domain.errors import Unconfigured

TOOLS_S = 150.0  # for every tool server to start and to list what it has
COMMAND_S = 2.0  # how long a short command may hold the folder that `up` wants
PAUSE_S = 0.1


def up(given: argparse.Namespace) -> int:
    settings = usable(settings_of(given))
    give_up_at = time.monotonic() + COMMAND_S
    while True:
        try:
            asyncio.run(app().run(settings))
            return 0
        except FolderInUse:
            if time.monotonic() > give_up_at:
                raise
        time.sleep(PAUSE_S)


def migrate(given: argparse.Namespace) -> int:
    document, running = ask(settings_of(given), "migrate", {})
    text = f"The database is up to date (schema {document['schema']}).\n"
    sys.stdout.write(json.dumps(document) + "\n" if given.json else text)
    return 0


def doctor(given: argparse.Namespace) -> int:
    """0: nothing is wrong; 1: something is."""
    try:
        settings: Settings | Unconfigured = load(given.config, os.environ)
    except Unconfigured as error:
        settings = error
    findings = checks.examine(
        settings,
        lambda chosen: app().shelf(chosen),
        try_brain,
        try_tools,
        lambda chosen: app().try_sandbox(chosen),
        fix=given.fix,
    )
    healthy = all(finding.state != "wrong" for finding in findings)
    if given.json:
        document = {"healthy": healthy, "checks": [finding.document() for finding in findings]}
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write("".join(f"{finding.line()}\n" for finding in findings))
    return 0 if healthy else 1


def try_brain(settings: Settings) -> tuple[Document, bool]:
    """By the running Milepost, else here; a reply that does not fit is asked for again twice."""
    return ask(settings, "try_brain", {}, timeout_s=3 * settings.brain.timeout_s + COMMAND_S)


def try_tools(settings: Settings) -> Document:
    """By the running Milepost, else here."""
    if not settings.mcp and not settings.actions:
        return {}
    return ask(settings, "try_tools", {}, timeout_s=TOOLS_S)[0]
