"""The seam where isolation comes in: how a command line becomes a child process.

The plain launcher runs it as the same user, in its own session, with nothing inherited but three streams; where
Milepost is root, as somebody else. The sandbox of `executor.actions.sandbox` shows it as little as it can.
"""

import errno
import os
import stat
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from executor.actions.bounds import Bounds
from executor.actions.identity import Identity, give, give_all, give_streams
from executor.actions.survivors import ATTEMPT, WORKSPACE
from executor.domain.reach import NOWHERE, Reach
from executor.domain.secret import steers
from executor.ports import Brake

OWN_FOLDER = ".milepost"  # in each workspace: temporary files, and outputs on their way into a command
DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One child to be. It waits at its gate until a line comes on `stdin`; without one it ends and has done nothing.
    `environment` is all it gets. The streams are file descriptors of ours."""

    arguments: Sequence[str]
    workspace: Path
    environment: Mapping[str, str]
    stdin: int
    stdout: int
    stderr: int
    reach: Reach = NOWHERE


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

    @property
    def confined(self) -> bool:
        """Whether what it starts is kept in a sandbox."""
        ...

    @property
    def bounds(self) -> Bounds | None:
        """What a command may take; None: whatever there is."""
        ...

    def offline(self, reach: Reach) -> bool:
        """Whether what it starts with this reach has no network."""
        ...

    def launch(self, launch: Launch) -> "subprocess.Popen[bytes]": ...

    def leader(self, pid: int) -> int | None:
        """The first process of the command itself, which leads its group, where `pid` was launched; None: there is
        none yet, or no more."""
        ...

    def lasting(self, lasting: Lasting) -> Spawn:
        """How to start a child that stays. It ends with the process that starts it where the system allows that; who
        starts it kills its group at the end all the same."""
        ...


GATE = 'IFS= read -r go || exit 125; exec "$@" </dev/null'


class PlainLauncher:
    """No isolation beyond the process group, the environment and the working folder. `identity`: who its children run
    as; `bounds`: what each of them may take."""

    confined = False

    def __init__(self, identity: Identity | None = None, bounds: Bounds | None = None) -> None:
        self._identity = identity
        self._drop = identity.drop() if identity else []
        self.bounds = bounds

    def offline(self, reach: Reach) -> bool:
        return False

    def launch(self, launch: Launch) -> "subprocess.Popen[bytes]":
        give_streams(self._identity, launch.stdin, launch.stdout, launch.stderr)
        child = subprocess.Popen(
            [*self._drop, "sh", "-c", GATE, "milepost", *launch.arguments],
            cwd=launch.workspace,
            env=dict(launch.environment),
            stdin=launch.stdin,
            stdout=launch.stdout,
            stderr=launch.stderr,
            start_new_session=True,
        )
        if self.bounds is not None:
            self.bounds.put_on(child.pid)
        return child

    def leader(self, pid: int) -> int | None:
        return pid

    def lasting(self, lasting: Lasting) -> Spawn:
        if self._identity is not None and lasting.workspace.stat().st_uid != self._identity.uid:
            give_all(lasting.workspace, self._identity)
        arguments = (*self._drop, *lasting.arguments)
        return Spawn(arguments=arguments, environment=dict(lasting.environment), folder=lasting.workspace)


class Braked:
    """Whatever launches, nothing is launched while the brake holds: both then raise Stopped."""

    def __init__(self, launcher: Launcher, brake: Brake) -> None:
        self._launcher = launcher
        self._brake = brake

    @property
    def confined(self) -> bool:
        return self._launcher.confined

    @property
    def bounds(self) -> Bounds | None:
        return self._launcher.bounds

    def offline(self, reach: Reach) -> bool:
        return self._launcher.offline(reach)

    def launch(self, launch: Launch) -> "subprocess.Popen[bytes]":
        self._brake.check()
        return self._launcher.launch(launch)

    def leader(self, pid: int) -> int | None:
        return self._launcher.leader(pid)

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
        # Python takes compiled code for fresh when its source has the same size and second: a program that is corrected
        # at once (a - b, a + b) would run as it was.
        "PYTHONDONTWRITEBYTECODE": "1",
        **extra,
        ATTEMPT: attempt,
        WORKSPACE: str(workspace),
    }


def harmless(given: Mapping[str, str]) -> dict[str, str]:
    """Values that an attempt is given, without those whose names decide what other programs load and run."""
    return {name: value for name, value in given.items() if not steers(name)}


def prepare(workspace: Path) -> None:
    """The workspace's own folder, out of the way of version control. A link in its place is not followed."""
    with own_folder(workspace) as own:
        os.close(_made(own, "tmp", f"{OWN_FOLDER}/tmp"))
        with suppress(FileExistsError):
            ignore = os.open(".gitignore", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=own)
            with os.fdopen(ignore, "w", encoding="ascii") as file:
                give(ignore, own)
                file.write("*\n")


@contextmanager
def own_folder(workspace: Path) -> Iterator[int]:
    """A descriptor of `OWN_FOLDER` there, made where it is missing; it belongs to whom the workspace belongs."""
    folder = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        own = _made(folder, OWN_FOLDER, OWN_FOLDER)
    finally:
        os.close(folder)
    try:
        yield own
    finally:
        os.close(own)


def _made(folder: int, name: str, shown: str) -> int:
    made = False
    with suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=folder)
        made = True
    try:
        inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            kind = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
            what = "a link" if stat.S_ISLNK(kind) else "no folder"
            raise NotADirectoryError(f"{shown} is {what}") from None
        raise
    if made:
        give(inner, folder)
    return inner
