"""Other engines on the same work, each in an environment of its own that is made here and thrown away with `build/`.

Whatever is missing (the package index, PostgreSQL) costs that engine its figure, with the reason in its place.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers import postgres

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parents[1] / "build" / "benchmarks"
INSTALL_S_MAX = 180
RUN_S_MAX = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """`rate` in tasks per second; None: not measured, and `why`."""

    name: str
    rate: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Engine:
    """`script` runs in an environment with `packages`, once per variant: (its words on the command line, its name)."""

    script: str
    packages: Sequence[str]
    variants: Sequence[tuple[str, str]]
    postgres: bool = False


ENGINES = (
    _Engine(
        script="procrastinate_run",
        packages=("procrastinate==3.10.0", "psycopg[binary]==3.3.9"),
        variants=(("100", "Procrastinate 3.10 on PostgreSQL, concurrency 100"),),
        postgres=True,
    ),
    _Engine(
        script="dbos_run",
        packages=("dbos==3.4.0",),
        variants=(
            ("default", "DBOS 3.4 on SQLite, as it comes"),
            ("tuned", "DBOS 3.4 on SQLite, polling every 50 ms, concurrency 100"),
        ),
    ),
    _Engine(
        script="huey_run",
        packages=("huey==3.5.4",),
        variants=(("fsync", "Huey 3.5 on SQLite, 4 threads, synchronous=FULL"),),
    ),
)


def measure(folder: Path) -> list[Peer]:
    """All of them, one after the other."""
    return [peer for engine in ENGINES for peer in _measure(engine, folder / engine.script)]


def _measure(engine: _Engine, folder: Path) -> list[Peer]:
    folder.mkdir(parents=True)
    python = ENVIRONMENTS / engine.script / "bin" / "python"
    try:
        install(python, engine.packages)
        if not engine.postgres:
            return [_run(python, engine.script, name, words, str(folder)) for words, name in engine.variants]
        with postgres.server() as address:
            return [_run(python, engine.script, name, words, address) for words, name in engine.variants]
    except (OSError, subprocess.SubprocessError, postgres.NoPostgres) as error:
        return [Peer(name=name, why=reason(error)) for _, name in engine.variants]


def install(python: Path, packages: Sequence[str]) -> None:
    if python.exists() and said([str(python), "-m", "pip", "freeze"], 30).count("==") >= len(packages):
        return
    folder = python.parents[1]
    said([sys.executable, "-m", "venv", str(folder)], INSTALL_S_MAX)
    pip = ["-m", "pip", "--disable-pip-version-check", "--no-input", "-q"]
    said([str(python), *pip, "install", *packages], INSTALL_S_MAX)


def _run(python: Path, script: str, name: str, words: str, place: str) -> Peer:
    """The script's last line is JSON with `tasks` and `seconds`."""
    try:
        printed = said([str(python), str(HERE / f"{script}.py"), words, place], RUN_S_MAX)
        result = json.loads(printed.strip().splitlines()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError) as error:
        return Peer(name=name, why=reason(error))
    return Peer(name=name, rate=result["tasks"] / result["seconds"])


def said(command: Sequence[str], seconds: int) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds).stdout


def reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = (error.stderr or error.stdout or "").strip().splitlines()
        return lines[-1][:120] if lines else f"exit {error.returncode}"
    if isinstance(error, subprocess.TimeoutExpired):
        return f"not done within {error.timeout:g} s"
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
