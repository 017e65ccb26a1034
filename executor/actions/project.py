"""The Project port: what kind of project lies in a goal's folder, told by its files alone."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from executor.actions.launcher import DEFAULT_PATH, OWN_FOLDER, VENV
from executor.actions.paths import Folder
from executor.domain.errors import WrongInput
from executor.domain.gate import Gate

NOT_OURS = frozenset({OWN_FOLDER, VENV, ".git", "node_modules", "__pycache__", ".pytest_cache", "target", "venv"})
"""Folders that hold what was installed, made or remembered: nothing in them is looked at."""
DEEP_MAX = 6
FILES_MAX = 5_000  # looked at in all; a folder with more than that is not reviewed by a list anyway
READ_BYTES_MAX = 200_000
_NO_NPM_TEST = "no test specified"  # what npm init writes where there is none
_TEST_FILE = re.compile(r"test_\w+\.py|\w+_test\.py")
_TARGET = re.compile(r"^test\s*:", re.M)


class ProjectFolder:
    """See the module. `which` finds a program as a task would, on the path of the goal's folder."""

    def __init__(self, which: Callable[[str, Path], bool] | None = None) -> None:
        self._which = which or _installed

    def command_for(self, gate: Gate, folder: Path) -> str | None:
        match gate:
            case Gate.TESTS:
                return next((command for command in _tests(folder, list(_files(folder)))), None)
            case Gate.SECURITY:
                found = [
                    command for scanner, command in _scans(folder, list(_files(folder))) if self._which(scanner, folder)
                ]
                return " && ".join(found) or None
            case Gate.REVIEW:
                return None

    def files(self, folder: Path) -> Sequence[str]:
        found = sorted(_files(folder), key=lambda path: (-_changed(path), path))
        return [f"{path.relative_to(folder)}, {_size(path)}" for path in found]


def _tests(folder: Path, files: Sequence[Path]) -> Iterator[str]:
    """The most telling sign first: a Makefile's own target says best how this project is tested."""
    if any(_TARGET.search(_text(folder / name)) for name in ("Makefile", "makefile", "GNUmakefile")):
        yield "make test"
    if _npm_test(_text(folder / "package.json")):
        yield "npm test"
    if (folder / "Cargo.toml").is_file():
        yield "cargo test"
    if (folder / "go.mod").is_file():
        yield "go test ./..."
    if any(_TEST_FILE.fullmatch(path.name) for path in files):
        yield "python3 -m pytest -q"


def _npm_test(text: str) -> bool:
    try:
        scripts = json.loads(text).get("scripts", {})
    except (ValueError, AttributeError, RecursionError):
        return False
    test = scripts.get("test") if isinstance(scripts, Mapping) else None
    return isinstance(test, str) and bool(test.strip()) and _NO_NPM_TEST not in test


def _scans(folder: Path, files: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """(the scanner, its command) for each kind of thing there is to scan."""
    if (folder / "requirements.txt").is_file():
        yield "pip-audit", "pip-audit -r requirements.txt"
    if any(path.suffix == ".py" for path in files):
        yield "bandit", f"bandit -q -r . -x {','.join(f'./{name}' for name in sorted(NOT_OURS))}"
    if (folder / "package-lock.json").is_file():
        yield "npm", "npm audit"


def _installed(program: str, folder: Path) -> bool:
    path = os.environ.get("PATH") or DEFAULT_PATH
    return shutil.which(program, path=f"{folder / VENV / 'bin'}:{path}") is not None


def _files(folder: Path) -> Iterator[Path]:
    """Plain files, links left out, at most `FILES_MAX` of them."""
    left = FILES_MAX
    for place, folders, names in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if name not in NOT_OURS and depth < DEEP_MAX)
        for name in sorted(names):
            path = Path(place) / name
            if left and not path.is_symlink() and path.is_file():
                left -= 1
                yield path


def _text(path: Path) -> str:
    """Of a file that really lies there, and not of a pipe, which nobody may ever write to."""
    try:
        with Folder(path.parent).reading(path.name) as file:
            return os.read(file, READ_BYTES_MAX).decode("utf-8", "replace")
    except (WrongInput, OSError):
        return ""


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> str:
    try:
        size = path.stat().st_size
    except OSError:
        return "gone"
    return f"{size} bytes" if size < 1_000 else f"{size / 1_000:.1f} kB" if size < 1_000_000 else f"{size / 1e6:.1f} MB"
