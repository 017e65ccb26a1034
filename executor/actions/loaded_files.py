"""What the named files load in turn: a script's ``. ./lib.sh``, a Makefile's ``include``, an import, a ``require``.

As generous as `named_files` and for the same reason. Only files that look like programs are read for further names, so
that a large text which a command merely works on costs nothing; data that a program reads by a name of its own making
is not followed.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from executor.actions.named_files import named_files

FILES_MAX = 64  # that are read for names
FILE_BYTES_MAX = 65_536
NAMES_MAX = 1_000  # of modules, in one file
_PROGRAM = re.compile(
    r"\.(?:sh|bash|zsh|ksh|fish|py|pyw|pl|pm|rb|js|mjs|cjs|ts|mts|cts|jsx|tsx|php|lua|awk|sed|r|tcl|mk|mak|cmake|gradle"
    r"|just|nix|toml|cfg|ini|ya?ml|json|xml|env|envrc)$"
    r"|(?:^|/)(?:GNU)?[Mm]akefile$|(?:^|/)\.?[Jj]ustfile$|(?:^|/)(?:Rake|Gem|Docker|Proc|Vagrant)file$",
    re.IGNORECASE,
)
_PYTHON = re.compile(
    r"""(?:^|[;'"])[ \t]*(?:from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+([\w, \t]+)|import[ \t]+([\w., \t]+))""",
    re.MULTILINE,
)
_REQUIRED = re.compile(r"""(?:require|import|from)\s*\(?\s*['"](\.{1,2}/[^'"]+)['"]""")
_ENDINGS = (".js", ".mjs", ".cjs", ".ts", ".json", "/index.js")


def involved_files(texts: Iterable[str], workspace: Path) -> list[str]:
    """Paths relative to the workspace: those that the texts name, then those that these load. Reads files."""
    texts = list(texts)
    found = dict.fromkeys(named_files(texts, workspace))
    for text in texts:  # it may be a program itself
        found.update(dict.fromkeys(_there("", _modules(text), workspace)))
    ahead = list(found)
    read = 0
    while ahead and read < FILES_MAX:
        path = ahead.pop(0)
        program = _program(workspace / path)
        if program is None:
            continue
        read += 1
        new = [one for one in _loads(path, program, workspace) if one not in found]
        found.update(dict.fromkeys(new))
        ahead += new
    return list(found)


def _program(path: Path) -> str | None:
    """None: nothing that loads anything."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            return None
        start = os.read(file, FILE_BYTES_MAX)
    except OSError:  # a link to what only looks like a file, in /proc
        return None
    finally:
        os.close(file)
    if not _PROGRAM.search(path.name) and not start.startswith(b"#!"):
        return None
    return start.decode("utf-8", errors="replace")


def _loads(path: str, text: str, workspace: Path) -> Iterator[str]:
    """Names count from the workspace and from the folder of the file itself."""
    yield from named_files([text], workspace)
    folder = os.path.dirname(path)  # noqa: PTH120 - relative, and "" where it is the workspace
    if folder:
        yield from (f"{folder}/{one}" for one in named_files([text], workspace / folder))
    for start in dict.fromkeys((folder, "")):
        yield from _there(start, (*_modules(text), *_required(text)), workspace)


def _there(start: str, names: Iterable[str], workspace: Path) -> Iterator[str]:
    """What there is of these, below `start` and within the workspace."""
    for name in islice(dict.fromkeys(names), NAMES_MAX):
        inner = os.path.normpath(f"{start}/{name}" if start else name)
        if not inner.startswith("..") and os.path.isfile(workspace / inner):  # noqa: PTH113 - no surprise at a NUL
            yield inner


def _modules(text: str) -> Iterator[str]:
    for found in _PYTHON.finditer(text):
        package = f"{found[1]}." if found[1] and not found[1].endswith(".") else found[1]
        inside = [f"{package}{name}" for name in _split(found[2])] if package else []
        for module in (*inside, *([found[1]] if found[1] else _split(found[3]))):
            dots = len(module) - len(module.lstrip("."))
            parts = [part for part in module.split(".") if part]
            up = "../" * (dots - 1)
            for length in range(1, len(parts) + 1):
                inner = up + "/".join(parts[:length])
                yield from (f"{inner}.py", f"{inner}/__init__.py", f"{inner}/__main__.py")


def _split(names: str | None) -> list[str]:
    return [one.split()[0] for one in (names or "").split(",") if one.strip()]


def _required(text: str) -> Iterator[str]:
    for found in _REQUIRED.finditer(text):
        yield found[1]
        yield from (found[1] + ending for ending in _ENDINGS)
