"""Logs: readable lines on a terminal, JSON on demand, goal and task on each, and never a secret.

Everything ends here, the standard library's logging included. Put goal and task on every line of a piece of work with
``with about("12.3"):``.
"""

import json
import logging
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TextIO

from loguru import logger

from executor.domain.errors import SealBroken

if TYPE_CHECKING:
    from loguru import Message, Record

QUIET = (
    *("httpx", "httpcore", "httpx2", "httpcore2", "mcp", "openai"),  # each prints whole addresses, and these hold keys
    *("apscheduler", "aiosqlite", "alembic", "sqlalchemy", "asyncio", "telegram", "multipart"),
)
UVICORN = ("uvicorn", "uvicorn.error", "uvicorn.access")
HIDDEN = "[hidden]"
SECRET_CHARACTERS_MIN = 6  # a shorter value would hide half the log

BOT_TOKEN = re.compile(r"\d{6,}(?::|%3A)[A-Za-z0-9_-]{30,}", re.IGNORECASE)
BOT_ADDRESS = re.compile(r"/bot\d+(?::|%3A)[^/\s\"']+", re.IGNORECASE)
SECRET_NAME = re.compile(r"(?i)token|secret|passw|credential|(^|_)(api|access|private)?_?key$")
PLACE_NAME = re.compile(r"(?i)_(file|path|dir|directory)$")  # where a secret lies is none

LINE = "{time:YYYY-MM-DD HH:mm:ss.SSS} <level>{level: <7}</level> {extra[about]: <6} <dim>{name}</dim> {message}\n"


Hide = Callable[[str], str]
_hides: list[Hide] = []


def hide_too(hide: Hide) -> None:
    """Every line goes through `hide` as well, from now on: it knows what people gave while the program runs."""
    _hides[:] = [hide]


class Redactor:
    """Takes secrets out of text: bot tokens by their shape, the rest by value."""

    def __init__(self, secrets: Iterable[str] = (), environ: Mapping[str, str] | None = None) -> None:
        named = [
            value for name, value in (environ or {}).items() if SECRET_NAME.search(name) and not PLACE_NAME.search(name)
        ]
        values = {line for value in (*secrets, *named) for line in (value, value.strip())}
        known = sorted((value for value in values if len(value) >= SECRET_CHARACTERS_MIN), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        for hide in _hides:
            text = hide(text)
        text = BOT_TOKEN.sub(HIDDEN, BOT_ADDRESS.sub(f"/bot{HIDDEN}", text))
        return self._known.sub(HIDDEN, text) if self._known else text


def start(
    level: str = "info",
    format: str = "text",
    *,
    secrets: Iterable[str] = (),
    environ: Mapping[str, str] | None = None,
    stream: TextIO | None = None,
) -> None:
    """Send every log of this process to `stream` (standard error), `level` and above. Safe to call again."""
    redact = Redactor(secrets, environ)
    out = stream or sys.stderr

    def patch(record: "Record") -> None:
        record["message"] = redact(record["message"])
        extra = record["extra"]
        extra["about"] = str(extra.get("task") or (f"goal {extra['goal']}" if extra.get("goal") else "-"))

    def write(message: "Message") -> None:
        # Redacted once more as a whole: a traceback quotes addresses, and no patcher sees it.
        text = _json(message.record, redact) if format == "json" else redact(str(message))
        out.write(text)
        out.flush()

    logger.remove()
    logger.configure(patcher=patch, extra={"goal": None, "task": None, "about": "-"})
    logger.add(
        write,
        level=level.upper(),
        format=LINE if format == "json" else lambda record: LINE + ("{exception}" if record["exception"] else ""),
        colorize=format == "text" and out.isatty(),
        backtrace=False,
        diagnose=False,  # values of variables hold secrets
    )
    _take_over_standard_logging(level.upper())


def about(place: str | int) -> AbstractContextManager[None]:
    """Every line logged inside, by whatever is called, names this goal (12) or task ("12.3") and its goal."""
    goal, _, step = str(place).partition(".")
    return logger.contextualize(goal=int(goal), task=str(place) if step else None)


def _json(record: "Record", redact: Redactor) -> str:
    line: dict[str, Any] = {
        "at": record["time"].isoformat(),
        "level": record["level"].name.lower(),
        "logger": record["name"],
        "goal": record["extra"].get("goal"),
        "task": record["extra"].get("task"),
        "message": record["message"],
    }
    if error := record["exception"]:
        text = logging.Formatter().formatException((error.type, error.value, error.traceback))  # type: ignore[arg-type]
        line["error"] = redact(text)
    return json.dumps(line, ensure_ascii=False) + "\n"


class _ToLoguru(logging.Handler):
    """One line of the standard library's logging, handed on with its own logger's name."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            level: str | int = logger.level(record.levelname).name
        except ValueError:
            level = record.levelno

        def name_it(line: "Record") -> None:
            line["name"] = record.name

        named = logger.patch(name_it)
        named.opt(exception=record.exc_info).log(level, "{}", _text_of(record))


def _text_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # somebody's arguments do not fit their text; that must not stop their work
        return f"{record.msg} {record.args}"


def _take_over_standard_logging(level: str) -> None:
    logging.basicConfig(handlers=[_ToLoguru()], level=level, force=True)
    logging.captureWarnings(True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in UVICORN:
        server = logging.getLogger(name)
        server.handlers.clear()
        server.propagate = True
        server.setLevel(logging.WARNING)  # that it starts and stops is ours to say


def background_failed(name: str, error: BaseException) -> None:
    logger.opt(exception=error).error("Background work failed: {}", name)


def log_error(what: str, error: Exception) -> None:
    """`what` ends with the number of a goal or task, where there is one."""
    head = what.split(" ")[-1].split(".")[0]
    with about(what.split(" ")[-1] if head.isdecimal() else 0):
        # A key that is gone is told in one line: a trace would say no more.
        logger.opt(exception=None if isinstance(error, SealBroken) else error).error("{}: {}", what, error)
