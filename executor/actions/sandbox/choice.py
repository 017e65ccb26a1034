"""Which launcher this machine and this configuration give, found out by trying it, and what is to be said about it."""

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from executor.actions.bounds import Bounds
from executor.actions.identity import Identity, can_drop, is_mapped, unprivileged
from executor.actions.launcher import Lasting, Launch, Launcher, PlainLauncher, Spawn
from executor.actions.sandbox.bubblewrap import BubblewrapLauncher, Sandbox, installed
from executor.actions.sandbox.filters import Filters
from executor.actions.sandbox.mounts import Hidden
from executor.actions.sandbox.obstacles import NOT_INSTALLED, Problem
from executor.actions.sandbox.trial import try_out
from executor.domain.reach import Reach

Mode = Literal["auto", "bubblewrap", "none"]
ELSEWHERE = Path("/var/lib/milepost")
_ASKS = "Commands that nobody has accepted ask each time."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`hidden` is what no command may ever see."""

    mode: Mode
    data_dir: Path
    hidden: tuple[Path, ...]
    bounds: Bounds
    network: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """`folders` is where the workspaces are, `owner` whose they are (None: ours). `said` are sentences for the log,
    once at the start. `problem`: why there is no sandbox although one was wanted; with `refused` nothing may run."""

    launcher: Launcher
    folders: Path
    owner: Identity | None = None
    passable: bool = False
    said: tuple[str, ...] = ()
    problem: Problem | None = None
    refused: bool = False


def isolate(wanted: Wanted) -> Isolation:
    """Takes some hundredths of a second where there is bubblewrap, for its trial. Raises nothing."""
    owner = unprivileged()
    folders = workspaces_of(wanted.data_dir)
    if wanted.mode == "none":
        return _plain(wanted, owner, None)
    found = installed()
    if found is None:
        return _without(wanted, owner, NOT_INSTALLED)
    program, version = found
    filters = wanted.data_dir / "system-calls.bpf"
    launcher = BubblewrapLauncher(
        Sandbox(
            program=program,
            version=version,
            folders=folders,
            filters=filters,
            hidden=Hidden(wanted.hidden),
            bounds=wanted.bounds,
            identity=owner,
            network=wanted.network,
        )
    )
    mapped = owner if owner is not None and is_mapped(owner.uid) else None
    try:
        Filters(filters).write()
    except OSError as error:
        return _without(wanted, owner, Problem(f"{filters} can't be written: {error.strerror}", "make room"))
    problem = try_out(launcher, folders, mapped, network=wanted.network)
    if problem is not None:
        return _without(wanted, owner, problem)
    said = () if owner is None else (f"Milepost runs as root; commands run as nobody (uid {owner.uid}) in a sandbox.",)
    return Isolation(launcher=launcher, folders=folders, owner=mapped, said=said)


def _without(wanted: Wanted, owner: Identity | None, problem: Problem) -> Isolation:
    if wanted.mode == "auto":
        return _plain(wanted, owner, problem)
    reason = f"There is no sandbox, and sandbox.mode demands one: {problem.seen}"
    return Isolation(
        launcher=NoLauncher(reason), folders=workspaces_of(wanted.data_dir), owner=owner, problem=problem, refused=True
    )


def _plain(wanted: Wanted, owner: Identity | None, problem: Problem | None) -> Isolation:
    why = f"No sandbox ({problem.seen}; {problem.remedy})." if problem else 'No sandbox (sandbox.mode = "none").'
    if owner is None:
        return Isolation(
            launcher=PlainLauncher(bounds=wanted.bounds),
            folders=workspaces_of(wanted.data_dir),
            said=(f"{why} {_ASKS}",),
            problem=problem,
        )
    lacking = "setpriv (util-linux) is missing" if not can_drop() else _unmapped(owner)
    folders, moved = _passable(wanted.data_dir, owner)
    if lacking or folders is None:
        reason = lacking or f"other users can't reach {wanted.data_dir}, and {ELSEWHERE} can't be made"
        line = f"Milepost runs as root and can't run commands as anybody else: {reason}. Start it as a normal user."
        return Isolation(
            launcher=NoLauncher(line), folders=workspaces_of(wanted.data_dir), said=(f"{why} {line}",), problem=problem
        )
    where = f" Their folders are in {folders}, which that user can reach." if moved else ""
    python = "" if _reaches_python() else " That user can reach no python3; install one for all users."
    said = f"{why} {_ASKS} Milepost runs as root; commands run as nobody (uid {owner.uid}).{where}{python}"
    return Isolation(
        launcher=PlainLauncher(owner, wanted.bounds),
        folders=folders,
        owner=owner,
        passable=True,
        said=(said,),
        problem=problem,
    )


class NoLauncher:
    """Nothing is ever started; `reason` says why."""

    confined = False
    bounds = None

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def offline(self, reach: Reach) -> bool:
        return False

    def launch(self, launch: Launch) -> "subprocess.Popen[bytes]":
        raise PermissionError(1, self._reason)

    def leader(self, pid: int) -> int | None:
        return None

    def lasting(self, lasting: Lasting) -> Spawn:
        raise PermissionError(1, self._reason)


def _unmapped(owner: Identity) -> str:
    return "" if is_mapped(owner.uid) else "there is no other user in this container"


# ------------------------------------------------------------------------------------------- where the workspaces are


def workspaces_of(data_dir: Path) -> Path:
    """Where they are. Where they were put once they stay."""
    elsewhere = _elsewhere(data_dir)
    return elsewhere if os.geteuid() == 0 and elsewhere.is_dir() else data_dir.absolute() / "workspaces"


def _elsewhere(data_dir: Path) -> Path:
    return ELSEWHERE / hashlib.sha256(str(data_dir.absolute()).encode()).hexdigest()[:12] / "workspaces"


def _passable(data_dir: Path, owner: Identity) -> tuple[Path | None, bool]:
    """A folder for workspaces that another user can reach, and whether it lies outside of the data folder. What is
    there already moves along. None: there is no such place."""
    here = workspaces_of(data_dir)
    if here.is_relative_to(data_dir.absolute()) and not all(_lets_pass(above) for above in here.parents):
        elsewhere = _elsewhere(data_dir)
        try:
            ELSEWHERE.mkdir(mode=0o711, parents=True, exist_ok=True)
            elsewhere.parent.mkdir(mode=0o711, exist_ok=True)
            if here.is_dir():
                shutil.move(here, elsewhere)
            elsewhere.mkdir(mode=0o711, exist_ok=True)
        except OSError:
            return None, True
        here = elsewhere
    return (here if all(_lets_pass(above) for above in here.parents) else None), not here.is_relative_to(data_dir)


def _lets_pass(folder: Path) -> bool:
    return not folder.exists() or bool(folder.stat().st_mode & 0o001)


def _reaches_python() -> bool:
    path = os.environ.get("PATH", os.defpath)
    for folder in map(Path, path.split(":")):
        python = folder / "python3"
        if python.exists() and all(_lets_pass(above) for above in Path(os.path.realpath(python)).parents):
            return True
    return False
