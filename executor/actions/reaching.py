"""What the commands of a task have to reach beyond the goal's folder, told from their words before a plan is shown.

A sandbox gives a command no network and none of this machine's own folders unless its task says so. Whoever writes
``git clone https://…`` or ``tar czf /backup/x.tgz /srv/shop`` has said so; the plan then shows it, and Start accepts
it. What the words don't tell fails later with a clear cause, and a person is asked.
"""

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from executor.actions.command_words import SimpleCommand, simple_commands
from executor.actions.sandbox.mounts import SYSTEM
from executor.domain.plan import CheckKind, TaskSpec
from executor.domain.reach import NOWHERE, WHERE_KEYS_LIE, Reach, reach_of

_TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_CLIENTS = frozenset(_TABLES["clients"])
_FETCHING: Mapping[str, frozenset[str]] = {name: frozenset(words) for name, words in _TABLES["with"].items()}
_BY_THE_PLACE = frozenset({"rsync"})
_REMOTE = re.compile(r"(?:[\w.-]+@)?[\w.-]+::?[^\\]")
_TALKS = frozenset({"echo", "printf", "cat", "grep", "sed", "awk", "test", "[", "true", ":", "export", "read", "jq"})
_URL = re.compile(r"(?:https?|wss?|ftp|git|ssh)://(?!(?:localhost|127\.|\[?::1|0\.0\.0\.0)\b)", re.IGNORECASE)
_LOCAL_ONLY = re.compile(r"(?:https?://)?(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?=[:/]|$)", re.IGNORECASE)
_PROGRAMS = frozenset({"shell", "python", "wait"})
_IMPORTS = re.compile(
    r"^\s*(?:import|from)\s+(?:aiohttp|boto3|ftplib|httpx|imaplib|paramiko|poplib|requests|smtplib|urllib\.request|urllib3"
    r"|websockets)\b",
    re.MULTILINE,
)
_PYTHON = re.compile(r"python[\d.]*")

_READS = frozenset({"df", "findmnt", "journalctl", "lsblk", "systemctl"})
_LOOKS_AROUND = frozenset({"df", "du", "find", "ls", "ncdu", "tree"})
_WRITES_LAST = frozenset({"cp", "install", "ln", "mv", "rsync"})
_WRITES_FILES = frozenset({"chmod", "chown", "mkdir", "rm", "rmdir", "tee", "touch", "truncate", "unlink", "zip"})
_OUTPUT = re.compile(r"(?:-o|-O|--output|--output-document)$")
_OUTPUT_JOINED = re.compile(r"(?:of|--output|--output-document)=(/.+)")
_OURS = tuple(map(Path, (*SYSTEM, "/proc", "/sys", "/dev", "/etc")))
"""What every sandbox has, in part or as its own."""
_TEMPORARY = (Path("/tmp"), Path("/var/tmp"))
"""Every goal has its own: what is meant is this machine's only where it is there already."""
_TOO_MUCH = frozenset(
    map(Path, ("/", "/boot", "/home", "/media", "/mnt", "/opt", "/root", "/run", "/srv", "/var", "/var/lib"))
)
"""For one command to write to."""


def reach_of_command(command: str, own: Path) -> Reach:
    """`own` is where workspaces lie, which need no leave. Looks whether folders are there."""
    found = list(simple_commands(command))
    writes = {folder for one in found for path in _written(one) if (folder := _folder(path, own)) is not None}
    seen = [path for one in found for path in _paths(one, own) if not any(path.is_relative_to(one) for one in writes)]
    return Reach(
        network=_on_the_network(found, command),
        machine=bool(seen) or any(one.name in _READS for one in found),
        writes=_with_real(sorted(map(str, writes))),
    )


@dataclass(frozen=True, slots=True)
class Reaching:
    """`own`: where workspaces lie."""

    own: Path

    def __call__(self, spec: TaskSpec) -> TaskSpec:
        """The task with what its command and its checks by command have to reach, where the task says nothing of it
        itself. Of a program in Python only what it imports is read."""
        if spec.action not in _PROGRAMS:
            return spec
        if {"network", "machine", "writes"} & spec.parameters.keys():
            return _with_real_places(spec)
        imports = _IMPORTS.search(str(spec.parameters.get("code", ""))) is not None
        needed = join((Reach(network=imports), *(self.of(text) for text in _texts(spec))))
        if needed == NOWHERE:
            return spec
        return replace(spec, parameters={**spec.parameters, **parameters_of(needed)})

    def of(self, command: str) -> Reach:
        return reach_of_command(command, self.own)


def _with_real_places(spec: TaskSpec) -> TaskSpec:
    said = reach_of(spec.parameters).writes
    if (real := _with_real(said)) == said:
        return spec
    return replace(spec, parameters={**spec.parameters, "writes": list(real)})


def parameters_of(reach: Reach) -> dict[str, Any]:
    """As a task says it."""
    said = {"network": reach.network, "machine": reach.machine, "writes": list(reach.writes)}
    return {name: value for name, value in said.items() if value}


def join(several: Iterable[Reach]) -> Reach:
    reach = NOWHERE
    for one in several:
        reach = Reach(
            network=reach.network or one.network,
            machine=reach.machine or one.machine,
            writes=tuple(dict.fromkeys((*reach.writes, *one.writes))),
        )
    return reach


def _texts(spec: TaskSpec) -> Iterator[str]:
    command = spec.parameters.get("command")
    if isinstance(command, str):
        yield command
    for check in (spec.check, spec.when):
        if check is not None and check.kind is CheckKind.COMMAND:
            yield check.command


# -------------------------------------------------------------------------------------------------------- the network


def _on_the_network(found: list[SimpleCommand], command: str) -> bool:
    """What talks only to a server that the same text starts has that in its own sandbox."""
    starts = re.search(r"(?<![&>])&(?![&>])", command) is not None
    return any(_connects(one) and not (starts and _only_here(one)) for one in found)


def _connects(one: SimpleCommand) -> bool:
    name, words = one.name, one.plain
    if _PYTHON.fullmatch(name) and "-m" in one.operands:
        behind = one.operands[one.operands.index("-m") + 1 :]
        return bool(behind) and _connects(SimpleCommand(behind[0], behind[1:]))
    if name in _FETCHING:
        return _fetches(name, words)
    if name in _BY_THE_PLACE:
        return any(_REMOTE.match(word) and not word.startswith("/") for word in words)
    return name in _CLIENTS or (name not in _TALKS and any(_URL.search(word) for word in one.operands))


def _fetches(name: str, words: list[str]) -> bool:
    if name == "yarn" and not words:
        return True
    first = words[:3]  # before it may stand what an option takes, as in git -C folder pull
    return any(word in _FETCHING[name] for word in first)


def _only_here(one: SimpleCommand) -> bool:
    named = [word for word in one.plain if "://" in word or _LOCAL_ONLY.match(word)]
    return bool(named) and all(_LOCAL_ONLY.match(word) for word in named)


# ----------------------------------------------------------------------------------------------------- this machine


def _paths(one: SimpleCommand, own: Path) -> Iterator[Path]:
    """The places of this machine that it names and that are there."""
    if one.name == "case":
        return  # its patterns may look like places
    for word in (*one.operands, *one.into, *one.out_of):
        name = word.rpartition("=")[2] if word.startswith("-") or "=/" in word else word
        if name == "/" and one.name not in _LOOKS_AROUND:
            continue  # it separates, as in tr / -
        if name.startswith("/") and _is_elsewhere(path := Path(os.path.normpath(name)), own) and _is_there(path):
            yield path


def _is_elsewhere(path: Path, own: Path) -> bool:
    return path.parts[:1] == ("/",) and not any(path.is_relative_to(one) for one in (*_OURS, own))


def _is_there(path: Path) -> bool:
    """Or its folder is: it may be a pattern, or made by the command. A pattern of ``awk`` is no place."""
    temporary = any(path.is_relative_to(one) for one in _TEMPORARY)
    try:
        if temporary:
            return path not in _TEMPORARY and path.exists()
        return path.exists() or (len(path.parts) > 2 and path.parent.is_dir())
    except (OSError, ValueError):
        return False


def _written(one: SimpleCommand) -> Iterator[str]:
    yield from one.into
    words = one.plain
    if one.name in _WRITES_FILES:
        yield from words
    if one.name in _WRITES_LAST:
        yield from words[-1:]
    if one.name == "cd":
        yield from (f"{word}/." for word in words[:1])
    if one.name == "tar" and one.operands and re.fullmatch(r"-?[a-zA-Z]*[cru][a-zA-Z]*", one.operands[0]):
        yield from words[1 if not one.operands[0].startswith("-") else 0 :][:1]
    if one.name == "tar" and "-C" in one.operands and re.search("x", one.operands[0]):
        yield from (f"{word}/." for word in one.operands[one.operands.index("-C") + 1 :][:1])
    for option, value in zip(one.operands, one.operands[1:], strict=False):
        if _OUTPUT.match(option):
            yield value
    for word in one.operands:
        if joined := _OUTPUT_JOINED.match(word):
            yield joined[1]


def _folder(name: str, own: Path) -> Path | None:
    """The folder that has to be open for writing there; None: none, or one that is too much to open."""
    if not name.startswith("/"):
        return None
    path = Path(os.path.normpath(name))
    try:
        folder = path if path.is_dir() else path.parent
        there = folder.is_dir()
    except (OSError, ValueError):
        return None
    if not there or _is_too_much(folder) or _is_too_much(Path(os.path.realpath(folder))):
        return None
    return folder if _is_elsewhere(folder, own) else None


def _is_too_much(folder: Path) -> bool:
    home = Path.home()
    if folder in (*_TOO_MUCH, *_TEMPORARY) or folder == home or home.is_relative_to(folder):
        return True
    return any(folder.is_relative_to(home / name) for name in WHERE_KEYS_LIE)


def _with_real(folders: Iterable[str]) -> tuple[str, ...]:
    """Behind a name that is a link, the place that it leads to: whoever reads the plan sees where that is."""
    return tuple(dict.fromkeys(form for one in folders for form in (one, _real(one))))


def _real(folder: str) -> str:
    named = os.path.normpath(Path(folder).expanduser())
    real = os.path.realpath(named)
    return folder if real == named else real
