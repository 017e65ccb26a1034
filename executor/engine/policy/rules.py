"""The owner's rules: patterns of actions, as ``action`` or ``action:pattern``, and whether one covers what would run.

The two kinds err to opposite sides. A rule that lets something run unasked covers what it plainly names and nothing
that merely looks like it. A rule that always asks is not got around by another spelling, or by a command in front.
"""

import posixpath
import re
import shlex
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from executor.engine.policy.starters import starts_another

_SUBJECTS = {"shell": "command", "wait": "command", "python": "code", "read": "path", "write": "path"}
_PROGRAMS = ("shell", "wait")
_CHAINING = frozenset(";|&$`<>()\n\\")
"""What lets one command line run more than the command that it begins with."""
_READING = ("GET", "HEAD")
_METHOD = re.compile(r"([A-Z*]+) +(.*)", re.DOTALL)
_USUAL = {"http": 80, "https": 443}
_WORDS_MAX = 300  # of one command, from each of its words on
_ANSI = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)
_BLANK = re.compile(r"\$(?:\{IFS[^}]*\}|IFS\b)")
_BRACES = re.compile(r"\{[^{}\s]*,[^{}\s]*\}")
_UP = re.compile(r"(?:^|[/\\])(?:\.|%2e){2}(?:[/\\?#]|%2f|$)", re.IGNORECASE)


def runs_unasked(rules: Iterable[str], action: str, parameters: Mapping[str, Any]) -> bool:
    return any(_lets(pattern, action, parameters) for pattern in _of(rules, action))


def always_asks(rules: Iterable[str], action: str, parameters: Mapping[str, Any]) -> bool:
    rules = list(rules)
    patterns = list(_of(rules, action))
    if action == "wait" and parameters.get("command"):  # it runs a command all the same
        patterns += _of(rules, "shell")
    if not patterns:
        return False
    spellings = list(_spellings(action, parameters))
    return any(
        not pattern or any(fnmatchcase(one, wanted) for one in spellings)
        for pattern in patterns
        for wanted in ((pattern, _METHOD.sub(r"\1 \2", pattern)) if action == "http" else (pattern,))
    )


def _of(rules: Iterable[str], action: str) -> Iterator[str]:
    """What stands behind the colon in the rules about this action; "": it is about all of it."""
    for rule in rules:
        name, _, pattern = rule.partition(":")
        if name == action:
            yield pattern.strip()


# ----------------------------------------------------------------------------------------------------- runs unasked


def _lets(pattern: str, action: str, parameters: Mapping[str, Any]) -> bool:
    subject = _subject(action, parameters)
    if action in _PROGRAMS:
        return _lets_command(pattern, subject)
    if not pattern:
        return True
    match action:
        case "python":  # a program may do anything, so only a rule about all of them lets one run
            return False
        case "http":
            return _lets_request(pattern, parameters)
        case "install":
            names = _packages(parameters)
            return bool(names) and all(fnmatchcase(name, pattern) for name in names)
        case "read" | "write":
            return not _UP.search(subject) and fnmatchcase(subject, pattern)
        case _:
            return bool(subject) and fnmatchcase(subject, pattern)


def _lets_command(pattern: str, command: str) -> bool:
    """A rule that names the whole command covers it, whatever it runs. One that fits only its beginning covers neither
    what follows nor another program that it starts (``env -S …``)."""
    if pattern and pattern == command and not any(sign in pattern for sign in "*?["):
        return True
    if any(character in _CHAINING for character in command):
        return False
    if not pattern:
        return True
    return fnmatchcase(command.strip(), pattern) and not starts_another(command)


def _lets_request(pattern: str, parameters: Mapping[str, Any]) -> bool:
    """``https://api.example.com/v1/*``, with a method in front where it is not only about reading. A star in the host
    stands for its beginning, and never for more than the host."""
    said = _METHOD.fullmatch(pattern)
    methods, pattern = ((said[1],), said[2]) if said else (_READING, pattern)
    method = str(parameters.get("method") or "GET").upper()
    read = _read(str(parameters.get("url", "")))
    if read is None or not any(fnmatchcase(method, one) for one in methods):
        return False
    if (
        "@" in read.netloc
        or _UP.search(read.path)
        or any(name.lower() == "host" for name in parameters.get("headers") or ())
    ):
        return False
    scheme, there, rest = pattern.rpartition("://")
    host, slash, path = rest.partition("/")
    if not slash and host.endswith("*") and host != "*":  # its author means what comes behind the host
        host, slash, path = host.rstrip("*"), "/", "*"
    asked = (read.path or "/") + (f"?{read.query}" if read.query else "")
    wanted = f"/{path}" if slash else ("/*" if host == "*" else "/")
    return (
        (not there or fnmatchcase(read.scheme, scheme.lower()))
        and fnmatchcase(_host(read), host.lower())
        and fnmatchcase(asked, wanted)
    )


# ------------------------------------------------------------------------------------------------------ always asks


def _spellings(action: str, parameters: Mapping[str, Any]) -> Iterator[str]:
    """Everything that a rule about this could mean."""
    subject = _subject(action, parameters)
    yield subject
    yield subject.strip()
    match action:
        case "shell" | "wait":
            yield from _commands(subject)
        case "http":
            method = str(parameters.get("method") or "GET").upper()
            for url in (subject, *_urls(subject)):
                yield url
                yield f"{method} {url}"
        case "install":
            for name in _packages(parameters):
                yield from (name, re.sub(r"[-_.]+", "-", name).lower(), re.sub(r"[-_.]+", "_", name).lower())
        case "read" | "write":
            yield posixpath.normpath(subject)


def _commands(text: str) -> Iterator[str]:
    """Every place in the text from which a command could begin, its words one space apart and without quotes."""
    for line in {text, text.replace("\\\n", " "), _expanded(text)}:
        for part in re.split(r"[;|&<>()`\n{}]|\$\(", line):
            for words in _readings(part):
                for start in range(len(words)):
                    yield " ".join(words[start : start + _WORDS_MAX])
                    if start > 1 and words[1].startswith("-"):  # options before its order: git -C there push
                        yield " ".join([words[0], *words[start : start + _WORDS_MAX]])


def _readings(part: str) -> Iterator[Sequence[str]]:
    yield part.replace('"', " ").replace("'", " ").replace("\\", "").split()
    try:
        words = shlex.split(part)
    except ValueError:
        return
    yield words
    yield [posixpath.basename(word) or word for word in words]


def _expanded(text: str) -> str:
    """What a shell makes of it that is written to look like something else: ``curl${IFS}x``, ``{curl,x}``,
    ``$'c\\x75rl'``."""
    text = _BLANK.sub(" ", _ANSI.sub(_unescaped, text))
    return _BRACES.sub(lambda found: found[0].replace(",", " "), text)


def _unescaped(found: re.Match[str]) -> str:
    try:
        return found[1].encode("ascii", "backslashreplace").decode("unicode_escape")
    except UnicodeDecodeError:
        return found[1]


def _urls(url: str) -> Iterator[str]:
    """As it goes out: small letters, no name in front, no usual port, no dot behind the host."""
    read = _read(url)
    if read is not None:
        query = f"?{read.query}" if read.query else ""
        plain = unquote(read.path or "/")
        for path in {read.path or "/", plain, re.sub("/{2,}", "/", posixpath.normpath(plain))}:
            for host in {_host(read), *_other_names(read)}:
                yield f"{read.scheme}://{host}{path}{query}"
                yield f"{host}{path}{query}"


def _other_names(read: SplitResult) -> Iterator[str]:
    """Of the same host, as it is looked up: without signs that stand for ASCII, and an address as it is usually
    written (2130706433 is 127.0.0.1)."""
    host, _, port = _host(read).partition(":") if not (read.hostname or "").count(":") else (_host(read), "", "")
    suffix = f":{port}" if port else ""
    with suppress(UnicodeError):
        yield f"{unquote(host).encode('idna').decode('ascii').lower()}{suffix}"
    with suppress(OSError, UnicodeError):
        yield f"{socket.inet_ntoa(socket.inet_aton(host))}{suffix}"


# ---------------------------------------------------------------------------------------------------------- subjects


def _subject(action: str, parameters: Mapping[str, Any]) -> str:
    """What the part after the colon is held against: ``mcp:notes.read_*`` names a server and a tool."""
    if action == "mcp":
        return f"{parameters.get('server')}.{parameters.get('tool')}"
    if action == "http":
        return str(parameters.get("url", ""))
    return str(parameters.get(_SUBJECTS.get(action, ""), ""))


def _packages(parameters: Mapping[str, Any]) -> list[str]:
    return [str(one) for one in parameters.get("packages") or ()]


def _read(url: str) -> SplitResult | None:
    try:
        read = urlsplit(url)
        read.port  # noqa: B018 - it is read here or raises
    except ValueError:
        return None
    return read if read.hostname else None


def _host(read: SplitResult) -> str:
    host = (read.hostname or "").rstrip(".")
    return host if read.port in (None, _USUAL.get(read.scheme)) else f"{host}:{read.port}"
