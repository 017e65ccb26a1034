"""Children in a sandbox of bubblewrap: few mounts, own namespaces, no network unless granted, limits, nobody's rights.

How a child stands there: bwrap waits outside for its end, and dies with Milepost; the first process inside is a small
shell, the *init*. It waits at the gate, runs the command, gives what the command left running the time to end in good
order, and ends with the command's exit code: with it the whole namespace ends, whatever else lives in it.

As root, bwrap makes no user namespace: its child would still own root's files. It mounts as root, and the command drops
root's ids and capabilities for good before anything of it runs. The init stays root's, with hardly a capability left:
the bwrap outside has none, and could not pass its own death on to anybody else. So the init starts nothing that is
looked for in a folder of the command. As anybody else a user namespace is needed, and none can be made inside of it.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from executor.actions.bounds import Bounds, counted_apart
from executor.actions.identity import Identity, give_all, give_streams, is_mapped
from executor.actions.launcher import OWN_FOLDER, Lasting, Launch, Spawn
from executor.actions.sandbox import index, mounts
from executor.actions.sandbox.etc import Etc
from executor.actions.sandbox.filters import Filters
from executor.actions.sandbox.granted import granted
from executor.actions.sandbox.mounts import Hidden, Mount
from executor.domain.reach import Reach

SHARED_MEMORY_BYTES = 64 * 1024 * 1024
TEMPORARY_BYTES = 256 * 1024 * 1024
NO_USER_NAMESPACES_SINCE = (0, 8)
PLAIN = "LC_ALL"  # so that the programs on the way to a command load no locale, which costs more than they do
ETC_COPIES = "sandbox-etc"  # beside the filter
SLEEP = shutil.which("sleep", path="/bin:/usr/bin:/run/current-system/sw/bin") or "/bin/sleep"

# Left-overs get a fifth of a second, as without a sandbox. `kill -0 -1`: is there anybody else?
INIT = (
    "exec 3>&2 2>/dev/null; IFS= read -r go || exit 125; "
    '"$@" </dev/null 2>&3 3>&-; code=$?; '
    f"for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 -1 || break; {SLEEP} 0.02; done; exit $code"
)
KEPT = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_KILL", "CAP_DAC_READ_SEARCH")
"""Of root's, for becoming somebody else, in a folder of theirs, and for ending them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """What every child gets. `folders` holds the goals' workspaces, one folder each; `filters` is where the filter of
    system calls lies; `network`: all may use it. `identity` None: Milepost is no root."""

    program: str
    version: tuple[int, ...]
    folders: Path
    filters: Path
    hidden: Hidden
    bounds: Bounds
    identity: Identity | None = None
    network: bool = False
    system: Sequence[Mount] = field(default_factory=mounts.system)


class BubblewrapLauncher:
    confined = True

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.bounds = sandbox.bounds
        self._etc = Etc(sandbox.filters.with_name(ETC_COPIES), public=sandbox.identity is not None)
        own = sandbox.identity
        self._nobody = own if own is not None and is_mapped(own.uid) else None
        """Who children run as outside of their namespace, where that is not who we are."""
        self._uid = self._nobody.uid if self._nobody is not None else os.geteuid()
        self._drop = self._nobody.drop() if self._nobody is not None else []
        self._programs: dict[str, list[Mount]] = {}
        self._filters = Filters(sandbox.filters)

    def offline(self, reach: Reach) -> bool:
        return not (reach.network or self._sandbox.network)

    def launch(self, launch: Launch) -> "subprocess.Popen[bytes]":
        opened: list[int] = []
        try:
            words = self._isolation(launch.workspace, launch.environment, launch.reach, opened)
            if filters := self._filters.place(doors=not launch.reach.machine):
                opened.append(os.open(filters, os.O_RDONLY))
                words += ["--seccomp", str(opened[-1])]
            words += ["--as-pid-1", "--", *self._shell(INIT, launch.environment), *self._drop, *launch.arguments]
            self._give(self._goal(launch.workspace) or launch.workspace)
            give_streams(self._nobody, launch.stdin, launch.stdout, launch.stderr)
            return subprocess.Popen(
                words,
                cwd="/",
                env=self._environment(launch.environment, launch.reach.network),
                stdin=launch.stdin,
                stdout=launch.stdout,
                stderr=launch.stderr,
                pass_fds=opened,
                start_new_session=True,
            )
        finally:
            for descriptor in opened:
                os.close(descriptor)

    def leader(self, pid: int) -> int | None:
        """The init: bwrap's only child, in a session of its own."""
        try:
            children = psutil.Process(pid).children()
        except psutil.Error:
            return None
        return children[0].pid if children and _leads(children[0].pid) else None

    def lasting(self, lasting: Lasting) -> Spawn:
        self._give(lasting.workspace)
        words = self._isolation(
            lasting.workspace,
            lasting.environment,
            Reach(network=lasting.network, writes=tuple(map(str, lasting.folders))),
            None,
        )
        shell = self._shell('exec "$@"', lasting.environment, lasting=True)
        inside = ["--", *self._drop, *shell, *lasting.arguments]
        if filters := self._filters.place(doors=True):
            first = ["sh", "-c", 'exec 9<"$0"; exec "$@"', str(filters), *words, "--seccomp", "9"]
            words = first
        return Spawn(
            arguments=(*words, *inside),
            environment=self._environment(_with_short_temporary(lasting), lasting.network),
            folder=Path("/"),
        )

    def _give(self, folder: Path) -> None:
        """What root made as a whole, such as a worktree, belongs to who works in it."""
        own = self._nobody
        if own is not None and folder.stat().st_uid != own.uid:
            give_all(folder, own)

    def _environment(self, given: Mapping[str, str], network: bool) -> dict[str, str]:
        if network or self._sandbox.network:
            given = index.certificates(os.environ) | dict(given)
        return {PLAIN: "C"} | dict(given)

    def _shell(self, script: str, environment: Mapping[str, str], *, lasting: bool = False) -> list[str]:
        """The words before a command that bind it; a shell then runs the `script` with it."""
        shared = self._nobody is not None or not counted_apart()
        first = "" if PLAIN in environment else f"unset {PLAIN}; "
        first += self.bounds.script(lasting=lasting, shared=shared)
        return ["/bin/sh", "-c", first + script, "milepost"]

    def _isolation(
        self, workspace: Path, environment: Mapping[str, str], reach: Reach, opened: list[int] | None
    ) -> list[str]:
        """bwrap's arguments up to the command. What only root can read is copied through descriptors that `opened`
        gets; without it, it is left out."""
        network = not self.offline(reach)
        programs = (
            *self._on_path(environment.get("PATH", "")),
            *self._configured(environment if network else {}, opened),
        )
        shown: list[Mount]
        if reach.machine:
            closed = None if self._nobody is None else mounts.closed_above(workspace)
            shown = [*mounts.machine(self._sandbox.hidden, closed), *(programs if closed else ())]
        else:
            shown = [
                *self._sandbox.system,
                self._etc.mount(),
                *(mounts.names() if network else []),
                *self._temporary(workspace),
                *programs,
            ]
        return [
            self._sandbox.program,
            *self._namespaces(network),
            *mounts.words(
                (
                    *shown,
                    ("--proc", "/proc"),
                    ("--dev", "/dev"),
                    ("--remount-ro", "/dev"),
                    ("--perms", "1777", "--size", str(SHARED_MEMORY_BYTES), "--tmpfs", "/dev/shm"),
                    *granted(reach.writes, self._sandbox.hidden, self._uid, opened, machine=reach.machine),
                    self._own(workspace),
                    ("--remount-ro", "/"),
                )
            ),
            *("--chdir", str(workspace)),
        ]

    def _namespaces(self, network: bool) -> list[str]:
        words = ["--die-with-parent", "--new-session", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
        words += ["--unshare-cgroup-try"]
        if not network:
            words.append("--unshare-net")
        own = self._sandbox.identity
        if self._nobody is not None:
            words += ["--cap-drop", "ALL", *(word for one in KEPT for word in ("--cap-add", one))]
        else:
            words.append("--unshare-user")
            if own is not None:  # root of a container that has no other user
                words += ["--uid", str(own.uid), "--gid", str(own.gid)]
            if self._sandbox.version >= NO_USER_NAMESPACES_SINCE:
                words.append("--disable-userns")
        return words

    def _on_path(self, path: str) -> list[Mount]:
        """Looked for once: programs that are installed later lie in folders that are shown already."""
        if path not in self._programs:
            self._programs[path] = mounts.programs(path, self._sandbox.hidden)
        return self._programs[path]

    def _configured(self, environment: Mapping[str, str], opened: list[int] | None) -> list[Mount]:
        found: list[Mount] = []
        for place in index.places(environment):
            if not self._sandbox.hidden.allows(place) or self._etc.holds(place):
                continue
            if self._sandbox.identity is None or place.stat().st_mode & 0o004:
                self._etc.make_room(place)
                found.append(mounts.shown(place))
            elif place.is_file() and opened is not None:
                self._etc.make_room(place)
                opened.append(_copy(place))
                found.append(("--perms", "0444", "--ro-bind-data", str(opened[-1]), str(place)))
        return found

    def _goal(self, workspace: Path) -> Path | None:
        """The goal's whole folder; None: this is the folder of something that belongs to no goal."""
        root = self._sandbox.folders
        if not workspace.is_relative_to(root) or workspace == root:
            return None
        return root / workspace.relative_to(root).parts[0]

    def _own(self, workspace: Path) -> Mount:
        folder = str(self._goal(workspace) or workspace)
        return ("--bind", folder, folder)

    def _temporary(self, workspace: Path) -> list[Mount]:
        """A /tmp that stays as long as the goal: outside of the goal's folder, where no command can put a link in its
        place."""
        goal = self._goal(workspace)
        link = ("--symlink", "/tmp", "/var/tmp")
        if goal is None:
            return [("--perms", "1777", "--size", str(TEMPORARY_BYTES), "--tmpfs", "/tmp"), link]
        folder = temporary_of(goal)
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._nobody is not None:
                os.chown(folder, self._nobody.uid, self._nobody.gid)
        return [("--bind", str(folder), "/tmp"), link]


TEMPORARY = ".tmp"


def temporary_of(goal: Path) -> Path:
    """What is /tmp for the commands of a goal."""
    return goal.parent / TEMPORARY / goal.name


def installed() -> tuple[str, tuple[int, ...]] | None:
    """bwrap's path and version; None: it is not installed."""
    program = shutil.which("bwrap")
    if program is None:
        return None
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=5).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    numbers = said.split()[-1] if said.split() else ""
    return program, tuple(int(part) for part in numbers.split(".") if part.isdecimal())


def _with_short_temporary(lasting: Lasting) -> dict[str, str]:
    """What stays makes sockets in its temporary folder, whose paths have at most 107 bytes: it gets its own /tmp."""
    given = dict(lasting.environment)
    if given.get("TMPDIR") == str(lasting.workspace / OWN_FOLDER / "tmp"):
        given["TMPDIR"] = "/tmp"
    return given


def _leads(pid: int) -> bool:
    try:
        return os.getpgid(pid) == pid
    except ProcessLookupError:
        return False


def _copy(file: Path) -> int:
    """A descriptor that holds what the file holds, for a reader that may not open it."""
    copy = os.memfd_create(file.name, os.MFD_CLOEXEC)
    os.write(copy, file.read_bytes())
    os.lseek(copy, 0, os.SEEK_SET)
    return copy
