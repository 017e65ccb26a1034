"""`milepost stop` and `milepost resume`: a file in the data folder, and nothing else is needed.

A running program sees the file within a moment and ends what it runs. Should it hang, or be gone, or be another
version: the processes that the database names, and those that carry an attempt's mark, are ended from here as well.
"""

import argparse
import json
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from bot.brake import FileBrake
from bot.control.protocol import Document
from bot.control.server import this_caller
from bot.ending import Process, end_processes
from bot.folder import holder
from bot.real import SystemClock
from bot.settings import data_folder
from executor.domain.errors import Unconfigured
from executor.domain.stop import Stop

DATABASE = "milepost.db"
READ_S = 2.0  # for a database that somebody holds
_RUNNING = "SELECT pid, pid_started, task_ref, number FROM task_attempts WHERE state = 'running' AND pid IS NOT NULL"


def stop(given: argparse.Namespace) -> int:
    """The file first: from then on nothing new begins. Then the processes."""
    folder = _folder(given)
    try:
        held, new = _brake(folder).set(_name())
    except OSError as error:
        raise Unconfigured(f"STOP can't be written in {folder}: {error.strerror}.") from None
    ended = end_processes(folder, recorded(folder / DATABASE))
    document: Document = {"stopped": True, "by": held.by, "at": held.at.isoformat(), "new": new, "ended": ended}
    return _print(given, document, _stopped(held, new=new, ended=ended))


def resume(given: argparse.Namespace) -> int:
    folder = _folder(given)
    try:
        lifted = _brake(folder).lift(_name())
    except OSError as error:
        raise Unconfigured(f"STOP can't be removed from {folder}: {error.strerror}.") from None
    if lifted is None:
        return _print(given, {"stopped": False, "lifted": False}, "Nothing is stopped.\n")
    running = holder(folder) is not None
    goes_on = "Everything goes on." if running else "Work goes on when milepost up runs."
    said = f"The STOP by {lifted.by} is lifted. {goes_on}\n"
    return _print(given, {"stopped": False, "lifted": True, "by": lifted.by, "at": lifted.at.isoformat()}, said)


def recorded(database: Path) -> list[Process]:
    """What runs, as the database names it: (pid, its start time, marker). Empty where it can't be read: the marks of
    the processes themselves still are."""
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=READ_S)) as connection:
            rows = connection.execute(_RUNNING).fetchall()
    except sqlite3.Error:
        return []
    return [(int(pid), started, f"{ref}#{number}") for pid, started, ref, number in rows]


def _folder(given: argparse.Namespace) -> Path:
    """A mistake elsewhere in the configuration must not keep anybody from stopping."""
    folder = data_folder(given.config, os.environ)
    if not folder.is_dir():
        raise Unconfigured(f"There is no data folder {folder}. Name another with --config or data_dir.")
    return folder


def _brake(folder: Path) -> FileBrake:
    return FileBrake(folder, SystemClock().now)


def _name() -> str:
    return this_caller(os.getuid()).name


def _stopped(held: Stop, *, new: bool, ended: int) -> str:
    since = "" if new else f" It was stopped already, by {held.by} at {held.at.astimezone():%d %b %H:%M}."
    processes = {0: "No process was left to end", 1: "1 process was ended"}.get(ended, f"{ended} processes were ended")
    return f"Everything is stopped; nothing new begins.{since} {processes}. milepost resume goes on.\n"


def _print(given: argparse.Namespace, document: Document, text: str) -> int:
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n" if given.json else text)
    return 0
