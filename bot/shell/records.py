"""failed, lessons."""

import argparse
import json
import sys

from bot.control.protocol import Document
from bot.shell.reach import ask, settings_of
from bot.shell.render import Renderer
from executor.domain.tail import readable


def failed(given: argparse.Namespace) -> int:
    return _tell(given, "failed", failed_text)


def lessons(given: argparse.Namespace) -> int:
    return _tell(given, "lessons", lessons_text)


def _tell(given: argparse.Namespace, method: str, as_text: Renderer) -> int:
    document, _ = ask(settings_of(given), method, {})
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n" if given.json else readable(as_text(document))
    sys.stdout.write(text)
    return 0


def failed_text(document: Document) -> str:
    """A line each, and why below it."""
    lines = []
    for one in document["failed"]:
        lines.append(f"{one['subtask_id'] or one['goal_id']}  {one['status']}  {one['description']}")
        lines += [f"    {line}" for line in str(one["cause"]).splitlines()[:3]]
    return "\n".join(lines or ["Nothing has failed for good."]) + "\n"


def lessons_text(document: Document) -> str:
    lines = [f"{one['lesson']}  {one['text']} ({one['score']})" for one in document["lessons"]]
    return "\n".join(lines or ["Nothing was learned yet."]) + "\n"
