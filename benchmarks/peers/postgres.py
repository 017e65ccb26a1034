"""A PostgreSQL server of our own for a moment: on a socket in a temporary folder, durable as it comes."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START_S_MAX = 30


class NoPostgres(Exception):
    """Its message says what is missing."""


@contextmanager
def server() -> Iterator[str]:
    """Its connection string. Raises NoPostgres where this machine has no server, or no user that it may run as."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="milepost-bench-pg-"))
    try:
        become = _become(folder)
        data = folder / "data"
        _do([*become, str(programs / "initdb"), "-D", str(data), "-U", "bench", "-A", "trust", "-E", "UTF8"])
        control = [*become, str(programs / "pg_ctl"), "-D", str(data), "-w", "-s"]
        _do([*control, "-l", str(folder / "log"), "-o", f"-k {folder} -c listen_addresses=", "start"])
        try:
            yield f"host={folder} user=bench dbname=postgres"
        finally:
            _do([*control, "-m", "fast", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = shutil.which("initdb")
    if installed:
        return installed[-1].parent
    if found:
        return Path(found).parent
    raise NoPostgres("there is no PostgreSQL server on this machine")


def _become(folder: Path) -> list[str]:
    """The server refuses to run as root."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        user = None
    if user is None or setpriv is None:
        raise NoPostgres("PostgreSQL does not run as root, and there is no user postgres to run it as")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return [setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _do(command: Sequence[str]) -> None:
    # Its output goes nowhere: the server would inherit a pipe and hold it open.
    subprocess.run(
        command, check=True, timeout=START_S_MAX, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
