"""The seam where isolation comes in: how a command line becomes a child process.

The plain launcher runs it as the same user, in its own session, with nothing inherited but three streams.
"""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from executor.actions.survivors import ATTEMPT, WORKSPACE
from executor.ports import Brake

OWN_FOLDER = ".milepost"  # in each workspace: temporary files, and outputs on their way into a command
DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One child to be. `environment` is all it gets. The streams are file descriptors of ours."""

    arguments: Sequence[str]
    workspace: Path
    environment: Mapping[str, str]
    stdin: int
    stdout: int
    stderr: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """A child that stays and speaks over its standard streams, such as a tool server. `workspace` is the one folder
    that it may write to, beside the `folders` that its owner grants it; `environment` is all it gets, made by
    `environment()`. `network`: it may use it."""

    arguments: Sequence[str]
    workspace: Path
    environment: Mapping[str, str]
    network: bool = False
    folders: Sequence[Path] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawn:
    """How somebody else starts a child: exactly these arguments, this environment and this folder, in a session of its
    own. Its streams are inherited."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path


class Launcher(Protocol):
    """Starts a child that leads its own session and process group. Raises OSError where it can't be started. The
    one that is used is wrapped in Braked."""

    def launch(self, launch: Launch) -> "subprocess.Popen[bytes]": ...

    def lasting(self, lasting: Lasting) -> Spawn:
        """How to start a child that stays. It ends with the process that starts it where the system allows that; who
        starts it kills its group at the end all the same."""
        ...


class PlainLauncher:
    """No isolation beyond the process group, the environment and the working folder."""

    def launch(self, launch: Launch) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            list(launch.arguments),
            cwd=launch.workspace,
            env=dict(launch.environment),
            stdin=launch.stdin,
            stdout=launch.stdout,
            stderr=launch.stderr,
            start_new_session=True,
        )

    def lasting(self, lasting: Lasting) -> Spawn:
        return Spawn(
            arguments=tuple(lasting.arguments), environment=dict(lasting.environment), folder=lasting.workspace
        )


class Braked:
    """Whatever launches, nothing is launched while the brake holds: both then raise Stopped."""

    def __init__(self, launcher: Launcher, brake: Brake) -> None:
        self._launcher = launcher
        self._brake = brake

    def launch(self, launch: Launch) -> "subprocess.Popen[bytes]":
        self._brake.check()
        return self._launcher.launch(launch)

    def lasting(self, lasting: Lasting) -> Spawn:
        """Asked for right before the start."""
        self._brake.check()
        return self._launcher.lasting(lasting)


VENV = ".venv"
"""The goal's own Python environment, in its workspace, where something was installed."""


def environment(workspace: Path, attempt: str, extra: Mapping[str, str]) -> dict[str, str]:
    """Everything a child's environment holds. Of our own only PATH is passed on: no token, no key, no proxy."""
    path = os.environ.get("PATH") or DEFAULT_PATH
    if (workspace / VENV / "bin").is_dir():  # what was installed for this goal comes before the machine's own
        path = f"{workspace / VENV / 'bin'}:{path}"
    return {
        "PATH": path,
        "HOME": str(workspace),
        "TMPDIR": str(workspace / OWN_FOLDER / "tmp"),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        **extra,
        ATTEMPT: attempt,
        WORKSPACE: str(workspace),
    }


_STEERING = re.compile(
    r"(?:LD|DYLD|GIT|BASH_FUNC)_.*|PYTHON(?:PATH|HOME|STARTUP|INSPECT|BREAKPOINT|WARNINGS|EXECUTABLE)|NODE_(?:OPTIONS|PATH)"
    r"|(?:PERL5|RUBY)(?:OPT|LIB|DB)|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|BASH_ENV|ENV|IFS|PATH|HOME|SHELL|SHELLOPTS|BASHOPTS"
    r"|PS4|PROMPT_COMMAND|EDITOR|VISUAL|PAGER|TMPDIR|MILEPOST_.*",
    re.IGNORECASE,
)


def harmless(given: Mapping[str, str]) -> dict[str, str]:
    """Values that an attempt is given, without those whose names decide what other programs load and run."""
    return {name: value for name, value in given.items() if _STEERING.fullmatch(name) is None}


def prepare(workspace: Path) -> None:
    """The workspace's own folder, out of the way of version control. A link in its place is not followed."""
    own = workspace / OWN_FOLDER
    for folder in (own, own / "tmp"):
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink():
            raise NotADirectoryError(f"{folder.relative_to(workspace)} is a link")
    ignore = own / ".gitignore"
    if not ignore.is_symlink() and not ignore.exists():
        ignore.write_text("*\n", encoding="ascii")
