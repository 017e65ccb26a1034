"""What the figures were taken on."""

import os
import platform
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import __version__ as sqlalchemy_version
from telegram import __version__ as telegram_version


def facts() -> list[str]:
    """Sentences for the head of the report."""
    load_1, load_5, _ = os.getloadavg()
    return [
        f"{datetime.now(UTC):%d %B %Y %H:%M} UTC, {platform.system()} {platform.release()}, {_processor()}, "
        f"{os.cpu_count()} cores; load average at the start {load_1:.1f} (1 minute), {load_5:.1f} (5 minutes)",
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, SQLAlchemy {sqlalchemy_version}, "
        f"python-telegram-bot {telegram_version}",
        f"A load above {os.cpu_count()} means that other programs took turns on the processor: a wait for a thread or "
        "for a socket then costs many times what it costs on a quiet machine, and a commit to disk hardly more.",
        "Absolute figures belong to this machine and to what else ran on it; the ratios compare things that were "
        "measured in turns in the same run. Medians, with the middle half or the lowest and highest in brackets.",
    ]


def _processor() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()
