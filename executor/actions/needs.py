"""What a task will need of the machine, from its text alone. Careful rather than complete: a false alarm costs
more than a finding that comes when the task runs."""

import ast
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from executor.actions.named_values import credentials_in
from executor.actions.shell_text import Place, spots
from executor.actions.simple_commands import read_commands
from executor.domain.plan import TaskSpec
from executor.ports.survey import Needs

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_ASSIGNS = re.compile(r"([A-Za-z_]\w*)\+?=")
_VARIABLE = re.compile(
    r"\$\{?([A-Z][A-Z0-9_]*?(?:_TOKEN|_KEY|_SECRET|PASSWORD|_PASSWD|_CREDENTIALS))(?![A-Za-z0-9_\[]|:?[+=-])\}?"
)
_CREDENTIAL = re.compile(r"(?:_TOKEN|_KEY|_SECRET|PASSWORD|_PASSWD|_CREDENTIALS)$")
_KEYWORDS = frozenset({"then", "elif", "else", "do", "{", "!", "time", "exec", "nohup", "command", "builtin"})
_SKIPPED = frozenset(
    [
        "if",
        "while",
        "until",
        "for",
        "select",
        "case",
        "esac",
        "function",
        "done",
        "fi",
        "}",
        "[[",
        "[",
        "test",
        "in",
        "coproc",
        "trap",
    ]
)  # a condition may fail; the others are no commands, or name none
_BUILTINS = frozenset(
    [
        ".",
        ":",
        "alias",
        "bg",
        "bind",
        "break",
        "builtin",
        "caller",
        "cd",
        "command",
        "compgen",
        "complete",
        "compopt",
        "continue",
        "declare",
        "dirs",
        "disown",
        "echo",
        "enable",
        "eval",
        "exec",
        "exit",
        "export",
        "false",
        "fc",
        "fg",
        "getopts",
        "hash",
        "help",
        "history",
        "jobs",
        "kill",
        "let",
        "local",
        "logout",
        "mapfile",
        "popd",
        "printf",
        "pushd",
        "pwd",
        "read",
        "readarray",
        "readonly",
        "return",
        "set",
        "shift",
        "shopt",
        "source",
        "suspend",
        "test",
        "times",
        "trap",
        "true",
        "type",
        "typeset",
        "ulimit",
        "umask",
        "unalias",
        "unset",
        "wait",
    ]
)
_CHANGES_PATH = frozenset({".", "source", "eval", "alias", "activate", "nvm", "conda", "PATH"})
_LOOKED_FOR = re.compile(r"(?:command\s+-[vV]|which|type|hash)\s+(?:-\w+\s+)*([\w.+-]+)")
_INSTALLS = re.compile(
    r"\b(?:apt|apt-get|dnf|yum|zypper|apk|pacman|brew|port|snap|flatpak|nix|nix-env|conda|mamba|micromamba|asdf|mise)\s"
    r"|\b(?:pipx|uv|gem|cargo|go|npm|pnpm|yarn|poetry|pdm|composer|bundle|rustup|make)\s+(?:\S+\s+)*?(?:install|add|i|ci|sync|tool)\b"
    r"|\bpip[\d.]*\s+(?:\S+\s+)*?install\b|\byarn\b|\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b|\bsetup\.(?:sh|py)\b|\binstall\.sh\b|\bln\s+-s"
)
_PYTHON = re.compile(r"(?:python|python3)[\d.]*$")
_STOPS = frozenset({"<<<", ">"})


def needs_of(spec: TaskSpec) -> Needs:
    """Of an action that is not known here: nothing."""
    parameters = spec.parameters
    if spec.action == "shell" and isinstance(text := parameters.get("command"), str):
        return _of_shell(text)
    if spec.action == "python" and isinstance(code := parameters.get("code"), str):
        return Needs(python=frozenset(_imports(code)))
    if spec.action == "http":
        return Needs(hosts=frozenset(_host(parameters)), variables=frozenset(_in_headers(parameters)))
    if spec.action == "install":
        return Needs(provides=frozenset(map(_bare, parameters.get("packages") or ())))
    if spec.action in ("read", "write", "wait", "notify", "ask", "manual", "draft"):
        return Needs()
    return Needs(provides_anything=True)  # an agent, a tool server, somebody's own action: anything may be there then


def _of_shell(text: str) -> Needs:
    read = read_commands(text)
    assigned = {found[1] for words in read.commands for word in words if (found := _ASSIGNS.match(word))}
    for words in read.commands:
        if words[0] in ("read", "export", "for", "local", "declare"):
            assigned |= {word.partition("=")[0] for word in words[1:]} if words[0] != "export" else set()
    unsure = any(word.partition("=")[0] in _CHANGES_PATH for words in read.commands for word in _heads(words))
    commands = () if unsure else [name for words in read.commands for name in _names(words)]
    known = read.functions | set(_LOOKED_FOR.findall(text))
    return Needs(
        commands=frozenset(commands) - known - _BUILTINS - {"which"},
        python=frozenset() if unsure else frozenset(_modules(read.commands)),
        node=frozenset() if unsure else frozenset(_packages(read.commands)),
        variables=frozenset(_credentials(text)) - assigned,
        provides_anything=bool(_INSTALLS.search(text)),
    )


def _heads(words: Sequence[str]) -> Iterator[str]:
    """The first word and the assignments, also those of export."""
    yield words[0]
    yield from (word for word in words if _ASSIGNS.match(word))


def _names(words: Sequence[str]) -> Iterator[str]:
    """The command that these words run, where it is a plain name."""
    for word in words:
        if _ASSIGNS.match(word) or word in _KEYWORDS:
            continue
        if word not in _SKIPPED and word not in _STOPS and _PLAIN.fullmatch(word):
            yield word
        return


def _modules(commands: Sequence[Sequence[str]]) -> Iterator[str]:
    """``python3 -m name`` and the imports of ``python3 -c '…'``."""
    for words in commands:
        name = next(_names(words), "")
        if not _PYTHON.match(name):
            continue
        rest = list(words[words.index(name) + 1 :])
        if len(rest) > 1 and rest[0] == "-m" and _PLAIN.fullmatch(rest[1]):
            yield rest[1].partition(".")[0]
        if len(rest) > 1 and rest[0] == "-c":
            yield from _imports(_unquoted(rest[1]))


def _packages(commands: Sequence[Sequence[str]]) -> Iterator[str]:
    """``node -e "require('x')"``."""
    for words in commands:
        if next(_names(words), "") in ("node", "nodejs") and len(words) > 2 and words[1] in ("-e", "-p", "--eval"):
            for name in re.findall(r"require\(['\"]([^'\"./][^'\"]*)['\"]\)", _unquoted(words[2])):
                if not name.startswith("node:"):
                    yield "/".join(name.split("/")[: 2 if name.startswith("@") else 1])


def _unquoted(word: str) -> str:
    """A whole quoted word without its quotes; "" for what the shell would still put together."""
    if "$" in word and not word.startswith("'"):
        return ""
    try:
        return "".join(shlex.split(word))
    except ValueError:
        return ""


def _imports(code: str) -> Iterator[str]:
    """Top-level modules that are imported in any case: not those in ``try``, in a condition or in a function."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return
    for statement in tree.body:
        if isinstance(statement, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            yield statement.module.partition(".")[0]


def _credentials(text: str) -> Iterator[str]:
    """Variables that the shell would put in, and that are not looked at first."""
    looked_at = set(re.findall(r"-[nzv]\s+\"?\$?\{?([A-Z][A-Z0-9_]*)", text))
    for spot in spots(text, _VARIABLE):
        if spot.place in (Place.WORD, Place.DOUBLE) and spot.key not in looked_at and _CREDENTIAL.search(spot.key):
            yield spot.key


def _host(parameters: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    url = parameters.get("url")
    if not isinstance(url, str) or "${" in url:
        return
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return
    if parts.hostname:
        yield parts.hostname, port


def _in_headers(parameters: Mapping[str, Any]) -> Iterator[str]:
    headers = parameters.get("headers")
    yield from credentials_in(str(one) for one in headers.values()) if isinstance(headers, Mapping) else ()


def _bare(package: object) -> str:
    """``requests`` of ``requests[socks]>=2``."""
    return re.split(r"[\[<>=!~]|(?<=.)@", str(package))[0].lower().replace("-", "_")
