"""What a tool server's command would load from a package registry, and whether it is sure to be the same tomorrow."""

import re
import shlex
from collections.abc import Sequence
from pathlib import PurePath

_OF_NPM = frozenset({"npx", "bunx", "pnpx"})
_OF_PYPI = frozenset({"uvx", "pipx"})
_RUNNING = {"uv": ("tool", "run"), "npm": ("exec",), "pnpm": ("dlx",), "yarn": ("dlx",), "bun": ("x",)}
"""Programs that run packages only with these words."""
_NAMES_IT = frozenset({"--from", "--spec", "--package", "-p"})
_WITH_VALUE = frozenset(
    [
        "--with",
        "--with-requirements",
        "--with-editable",
        "--python",
        "--index",
        "--index-url",
        "--default-index",
        "--extra-index-url",
        "--registry",
        "--exclude-newer",
        "--cache",
        "--cache-dir",
        "--prefix",
        "--userconfig",
        "--directory",
        "--env-file",
        "--call",
        "-c",
        "-P",
    ]
)
_SHELLS = frozenset({"sh", "bash", "dash", "zsh"})
_BOXES = frozenset({"docker", "podman", "nerdctl"})
_EXACT_NPM = re.compile(r"(?:@[^@/]+/)?[^@/]+@\d+\.\d+\.\d+(?:[-+][\w.+-]+)?")
_EXACT_PYPI = re.compile(r"[\w.\[\],-]+(?:===?|@)\d[^*,<>~!]*")
_COMMIT = re.compile(r".*[@#][0-9a-f]{40}(?:#.*)?")
_KNOWN = (
    *(f"@modelcontextprotocol/server-{name}" for name in ("filesystem", "everything", "memory", "github", "postgres")),
    *(f"@modelcontextprotocol/{name}" for name in ("server-sequential-thinking", "server-puppeteer", "inspector")),
    *(f"mcp-server-{name}" for name in ("time", "git", "fetch", "sqlite")),
    *("@playwright/mcp", "@upstash/context7-mcp", "mcp-email-server", "caldav-mcp"),
)
ALIKE_MAX = 2  # letters by which a name passes for another


def package_of(command: Sequence[str]) -> tuple[str, bool]:
    """(the package that a runner would load, as it is written; whether it comes from npm). ("", False): none."""
    words = _unwrapped(command)
    if not words:
        return "", False
    runner = PurePath(words[0]).name
    needed = _RUNNING.get(runner, ())
    if tuple(words[1 : 1 + len(needed)]) != needed or not (needed or runner in _OF_NPM | _OF_PYPI):
        return "", False
    return _first_package(words[1 + len(needed) :]), runner not in _OF_PYPI | {"uv"}


def unpinned(command: Sequence[str]) -> str:
    """What would be loaded in whatever version is newest; "" where nothing is."""
    words = _unwrapped(command)
    if words and PurePath(words[0]).name in _BOXES:
        fixed = any("@sha256:" in word for word in words) or not {"run", "create"} & set(words[1:3])
        return "" if fixed else f"the image of {words[0]}"
    package, npm = package_of(command)
    if not package or package.startswith((".", "/", "~", "file:")) or _COMMIT.fullmatch(package):
        return ""
    return "" if (_EXACT_NPM if npm else _EXACT_PYPI).fullmatch(package) else package


def passes_for(command: Sequence[str]) -> str:
    """The well-known package whose name this one's almost is; "": none."""
    package, _ = package_of(command)
    name = re.split(r"[=<>~!\[]", package)[0].lower()
    name = name if name.startswith("@") and name.count("@") == 1 else name[:1] + name[1:].partition("@")[0]
    if not name or name in _KNOWN:
        return ""
    return next((known for known in _KNOWN if 0 < _distance(name, known) <= ALIKE_MAX), "")


def _unwrapped(command: Sequence[str]) -> list[str]:
    """Without ``env``, a shell or ``sudo`` around it."""
    words = list(command)
    for _ in range(4):
        if not words:
            return []
        match PurePath(words[0]).name:
            case "env" | "sudo" | "nice" | "nohup" | "exec":
                words = words[1:]
                while words and (words[0].startswith("-") or re.fullmatch(r"\w+=.*", words[0], re.DOTALL)):
                    words = words[1:]
            case shell if shell in _SHELLS and len(words) > 2 and re.fullmatch(r"-\w*c", words[1]):
                words = _split(words[2])
            case _:
                return words
    return words


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _first_package(words: Sequence[str]) -> str:
    skip = False
    for place, word in enumerate(words):
        name, equals, value = word.partition("=")
        if skip:
            skip = False
        elif name in _NAMES_IT:
            return value if equals else "".join(words[place + 1 : place + 2])
        elif word in _WITH_VALUE:
            skip = True
        elif word != "run" and not word.startswith("-"):
            return word
    return ""


def _distance(one: str, other: str) -> int:
    """Letters to change, add, leave out or swap; more than ALIKE_MAX is any number above it."""
    if abs(len(one) - len(other)) > ALIKE_MAX:
        return ALIKE_MAX + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        earlier, before, row = before, row, [i]
        for j, there in enumerate(other, start=1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != there))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == there:
                best = min(best, earlier[j - 2] + 1)
            row.append(best)
    return row[-1]
