"""diff, undo, export."""

import argparse
import base64
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from bot.control.protocol import Document
from bot.shell.reach import app, ask, settings_of
from executor.domain.change import Archived
from executor.domain.errors import WrongInput
from executor.domain.secret import MASK
from executor.domain.tail import readable

NAMES_SHOWN = 10
PATCH_S = 180.0  # a long history takes its time


def diff(given: argparse.Namespace) -> int:
    number, task = given.goal
    document, _ = ask(settings_of(given), "diff", {"goal": number, "task": task}, timeout_s=PATCH_S)
    if given.json:
        return _print(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    if document["cut"]:
        sys.stderr.write(f"It is longer: milepost export {number} --archive FILE has the whole folder.\n")
    if document["while_others_ran"]:
        sys.stderr.write(f"Some of it may be of {', '.join(document['while_others_ran'])}, which ran meanwhile.\n")
    return _print(readable(document["patch"]) if sys.stdout.isatty() else document["patch"])


def undo(given: argparse.Namespace) -> int:
    number, task = given.goal
    params = {"goal": number, "task": task, "state": given.to, "seen": given.yes}
    document, _ = ask(settings_of(given), "undo", params, timeout_s=PATCH_S)
    if given.json:
        return _print(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    return _print(f"{document['message']}\n" if document["undone"] else _asked(given, document))


def _asked(given: argparse.Namespace, document: Document) -> str:
    lines = ["This would become of the goal's folder:"]
    lines += [f"  {'-' if one['gone'] else '+' if one['new'] else '~'} {one['path']}" for one in document["files"]]
    lines += [f"  gone for good, kept nowhere: {path}" for path in document["lost"]]
    lines += [f"  with {MASK} in place of its secrets: {path}" for path in document["masked"]]
    name = document["subtask_id"] or document["goal_id"]
    to = f" --to {given.to}" if given.to else ""
    return "\n".join([*lines, f"To do it: milepost undo {name}{to} --yes {document['state']}"]) + "\n"


def export(given: argparse.Namespace) -> int:
    """The record, and on request the patch and the archive; each file appears whole or not at all."""
    if not (given.output or given.patch or given.archive):
        raise WrongInput("Say where to: -o FILE for the record (- for standard output), --patch FILE, --archive FILE.")
    settings, number = settings_of(given), given.goal
    document, _ = ask(settings, "export", {"goal": number, "patch": bool(given.patch)}, timeout_s=PATCH_S)
    text = json.dumps(document["record"], ensure_ascii=False, indent=2).encode("utf-8", "replace") + b"\n"
    if given.output:
        _write(given.output, lambda file: file.write(text))
    if given.patch:
        patch = base64.b64decode(document["patch"] or "")
        _write(given.patch, lambda file: file.write(patch))
        _tell("Not in the patch, since each holds a secret", document["patch_withheld"])
        _tell(f"In the patch with {MASK} in place of secrets", document["patch_masked"])
    if given.archive:
        found: list[Archived] = []
        _write(given.archive, lambda file: found.append(app().archive(settings, number, file)))
        _tell("Not in the archive", found[0].left_out)
        _tell(f"In the archive with {MASK} in place of secrets", found[0].masked)
    return 0


def _tell(what: str, names: Sequence[str]) -> None:
    """On standard error: standard output may be the file itself."""
    if names:
        more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
        sys.stderr.write(f"{what}: {', '.join(names[:NAMES_SHOWN])}{more}\n")


def _write(name: str, fill: Callable[[BinaryIO], object]) -> None:
    """Raises WrongInput where the file can't be written."""
    if name == "-":
        fill(sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    place = Path(name).absolute()
    try:
        descriptor, part = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    except OSError as error:
        raise WrongInput(f"{name} can't be written: {error.strerror}.") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            fill(file)
        Path(part).replace(place)
    except OSError as error:
        raise WrongInput(f"{name} can't be written: {error.strerror}.") from None
    finally:
        Path(part).unlink(missing_ok=True)


def _print(text: str) -> int:
    sys.stdout.write(text)
    sys.stdout.flush()
    return 0
