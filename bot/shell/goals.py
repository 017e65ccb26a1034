"""goal, goals, show, why, log, decide."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from bot.control.protocol import REQUEST_BYTES_MAX, Document
from bot.settings import Settings
from bot.shell import render
from bot.shell.reach import ask, ask_running, settings_of
from executor.domain.errors import WrongInput
from executor.domain.tail import readable

COMPLETED, NOT_COMPLETED, WAITS_FOR_PERSON = 0, 3, 4
LOOK_EVERY_S = 0.5
NOBODY_WORKS = "Milepost is not running, so nobody works on it: start milepost up.\n"


def goal(given: argparse.Namespace) -> int:
    settings = settings_of(given)
    submitted, running = ask(settings, "submit_goal", _goal_of(given.file))
    if not given.wait:
        return _print(given, submitted, render.submitted)
    if not running:
        sys.stderr.write(NOBODY_WORKS)
        document, _ = ask(settings, "show", {"goal": int(submitted["goal_id"])})
        _print(given, document, render.ending)
        return WAITS_FOR_PERSON
    return _wait(given, settings, int(submitted["goal_id"]))


def goals(given: argparse.Namespace) -> int:
    return _print(given, ask(settings_of(given), "goals", {"open": given.open})[0], render.goals)


def show(given: argparse.Namespace) -> int:
    return _print(given, ask(settings_of(given), "show", {"goal": given.goal})[0], render.show)


def why(given: argparse.Namespace) -> int:
    number, task = given.goal
    return _print(given, ask(settings_of(given), "why", {"goal": number, "task": task})[0], render.why)


def log(given: argparse.Namespace) -> int:
    number, task = given.goal
    return _print(given, ask(settings_of(given), "log", {"goal": number, "task": task})[0], render.log)


def decide(given: argparse.Namespace) -> int:
    text = " ".join(given.text)
    if text == "-":  # a secret has no place among the arguments, which every user of the machine can read
        text = _text_of("-").strip()
    params = {"decision": given.decision, "option": given.option, "text": text or None}
    document, running = ask(settings_of(given), "decide", params)
    if not running:
        sys.stderr.write(NOBODY_WORKS)
    return _print(given, document, render.message)


def _wait(given: argparse.Namespace, settings: Settings, number: int) -> int:
    """Look until it is over or only a person can move it; what changes meanwhile goes to standard error."""
    seen = ""
    while True:
        state = ask_running(settings, "state", {"goal": number})
        if (line := render.state(state)) != seen:
            sys.stderr.write(line)
            seen = line
        if (ending := ending_of(state)) is not None:
            _print(given, ask_running(settings, "show", {"goal": number}), render.ending)
            return ending
        time.sleep(LOOK_EVERY_S)


def ending_of(state: Document) -> int | None:
    """The exit code of `goal --wait`; None: not yet."""
    if state["status"] == "completed":
        return COMPLETED
    if state["status"] in ("failed", "cancelled"):
        return NOT_COMPLETED
    return WAITS_FOR_PERSON if state["waits_for_person"] else None


def _goal_of(file: str) -> dict[str, Any]:
    """The parameters of submit_goal: a text, or a body where the text is a JSON object. Raises WrongInput."""
    text = _text_of(file)
    if not text.lstrip().startswith("{"):
        return {"text": text}
    try:
        return {"body": json.loads(text)}
    except (ValueError, RecursionError) as error:
        raise WrongInput(f"{_named(file)} starts like JSON but is none: {error}.") from None


def _text_of(file: str) -> str:
    try:
        content = sys.stdin.buffer.read(REQUEST_BYTES_MAX + 1) if file == "-" else _head(Path(file))
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise WrongInput(f"{_named(file)} is not a text in UTF-8; save it as such.") from None
    except OSError as error:
        raise WrongInput(f"{_named(file)} can't be read: {error.strerror}.") from None
    if len(content) > REQUEST_BYTES_MAX:
        raise WrongInput(f"{_named(file)} is too long: at most {REQUEST_BYTES_MAX} bytes make a goal.")
    return text


def _head(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(REQUEST_BYTES_MAX + 1)


def _named(file: str) -> str:
    return "Standard input" if file == "-" else file


def _print(given: argparse.Namespace, document: Document, as_text: render.Renderer) -> int:
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n" if given.json else readable(as_text(document))
    sys.stdout.write(text)
    sys.stdout.flush()
    return 0
