"""What a server that is started consists of: digests by name, taken once it runs, so that a program that changes under
an unchanged version is noticed.

Covered are the files that its command names, the npm or Python package that such a file belongs to, and what `npx` and
`uvx` loaded for it. Of a package's dependencies it is what the installer wrote down (npm's lock, Python's RECORD), not
every file. Interpreters and runners themselves belong to the machine and are not looked at. A server could change what
lies in its own folder; what it was when it was accepted is kept where it can't reach.
"""

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

FILE_BYTES_MAX = 64_000_000
FILES_MAX = 4_000  # of a package, and of what installers wrote down
NAMED_MAX = 3  # in a sentence
_RUNNERS = frozenset(
    [
        "sh",
        "bash",
        "dash",
        "env",
        "node",
        "nodejs",
        "npx",
        "npm",
        "bun",
        "bunx",
        "deno",
        "pnpm",
        "yarn",
        "uv",
        "uvx",
        "pipx",
        "python",
        "python3",
        "docker",
        "podman",
        "java",
    ]
)
_PROGRAMS = frozenset({".js", ".mjs", ".cjs", ".ts", ".py", ".pyz", ".rb", ".sh", ".jar", ".php"})
_NOT_OURS = frozenset({"node_modules", ".git", "__pycache__"})

Program = Mapping[str, str]


def program_of(command: Sequence[str], folder: Path, path: str) -> dict[str, str]:
    """Digests by name. `folder` is the server's own; `path` finds its command. Reads files: call it in a thread. Raises
    nothing: what can't be read is not covered."""
    found: dict[str, str] = {}
    for file in _named(command, path):
        found[str(file) if file.name in found else file.name] = _digest(file)
        found |= _package(file)
        found |= _python(file)
    for lock in islice(folder.glob(".npm/_npx/*/node_modules/.package-lock.json"), FILES_MAX):
        found |= _npm(lock)
    for record in islice(folder.glob(".cache/uv/archive-v0/*/*.dist-info/RECORD"), FILES_MAX):
        found[_dist(record)] = _digest(record)
    return {name: digest for name, digest in found.items() if digest}


def differences(before: Program, after: Program) -> list[str]:
    """What changed, a few words each; empty: nothing."""
    lines = [f"{name} is not what it was" for name in before if name in after and before[name] != after[name]]
    lines += [f"{name} is new" for name in after if name not in before]
    lines += [f"{name} is gone" for name in before if name not in after]
    return lines if len(lines) <= NAMED_MAX else [*lines[:NAMED_MAX], f"and {len(lines) - NAMED_MAX} more changes"]


def _named(command: Sequence[str], path: str) -> Iterator[Path]:
    """The files that a command names, links followed, without what belongs to the machine."""
    for place, word in enumerate(command):
        found = shutil.which(word, path=path) if place == 0 else word
        if not found or (place and not Path(word).is_absolute()):
            continue
        file = Path(os.path.realpath(found))
        if file.is_file() and not _runs_others(Path(found), file) and (place == 0 or _is_program(file)):
            yield file


def _is_program(file: Path) -> bool:
    """And no data: a notebook or a database changes every day."""
    return file.suffix in _PROGRAMS or os.access(file, os.X_OK)


def _runs_others(called: Path, file: Path) -> bool:
    """Whether it is a runner or an interpreter, which is none of the server."""
    names = {called.name, file.name.rstrip("0123456789."), file.name}
    return bool(names & _RUNNERS)


def _package(file: Path) -> dict[str, str]:
    """The npm package that a file belongs to, and its neighbours as npm wrote them down."""
    root = next((one for one in file.parents if one.parent.name == "node_modules" or _scoped(one)), None)
    if root is None:
        return {}
    digest = hashlib.sha256()
    for count, inner in enumerate(_files(root)):
        if count >= FILES_MAX:
            break
        digest.update(f"{inner.relative_to(root)}\0{_digest(inner)}\0".encode(errors="surrogateescape"))
    modules = root.parent if root.parent.name == "node_modules" else root.parent.parent
    return {f"the package {root.name}": digest.hexdigest()} | _npm(modules / ".package-lock.json")


def _scoped(folder: Path) -> bool:
    return folder.parent.name.startswith("@") and folder.parent.parent.name == "node_modules"


def _files(root: Path) -> Iterator[Path]:
    for here, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name not in _NOT_OURS)
        yield from (Path(here) / name for name in sorted(files))


def _python(file: Path) -> dict[str, str]:
    """What is installed in the environment whose ``bin`` a file lies in."""
    if file.parent.name != "bin" or not (file.parent.parent / "pyvenv.cfg").is_file():
        return {}
    records = file.parent.parent.glob("lib/python*/site-packages/*.dist-info/RECORD")
    return {_dist(record): _digest(record) for record in islice(records, FILES_MAX)}


def _dist(record: Path) -> str:
    return record.parent.name.removesuffix(".dist-info").replace("-", " ")


def _npm(lock: Path) -> dict[str, str]:
    """Every package by name and version, as npm's lock has it."""
    try:
        packages = json.loads(_content(lock))["packages"].items()
        return {
            f"{str(place).rpartition('node_modules/')[2]} {one.get('version', '')}": str(one.get("integrity") or "none")
            for place, one in islice(packages, FILES_MAX)
            if place
        }
    except (ValueError, KeyError, AttributeError, RecursionError):
        return {}


def _digest(file: Path) -> str:
    """ "" where it can't be read, or is no file."""
    content = _content(file)
    return hashlib.sha256(content).hexdigest() if content else ""


def _content(file: Path) -> bytes:
    """Of a plain file that is no link: its folder may be a stranger's."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return b""
    with os.fdopen(descriptor, "rb") as opened:
        return opened.read(FILE_BYTES_MAX) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
