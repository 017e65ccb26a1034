"""What a command gets from the goal's folder without naming it: the modules that a program imports, what stands before
the machine's own programs in PATH, the settings that a program reads in its home, a whole folder that it sends away.

Which program loads what can't be told from its text alone (``from b import (…)``, ``. "$here/lib.sh"``, a plug-in that
is merely there). So what runs programs is bound to everything in the folder that may be one. A few plain tools load
nothing but their settings, and are bound to those: to ask about a web request again because a script has changed
meanwhile would help nobody.
"""

import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from executor.actions.launcher import OWN_FOLDER, VENV

ENTRIES_MAX = 100_000  # of one folder that are looked at
INSTALLED = frozenset({VENV, "venv", "node_modules", ".tox", "site-packages"})
"""What package managers fill: thousands of files, told apart by size and time of change and not by reading them."""

_RUNS_NOTHING = frozenset(
    {"http", "mcp", "notify", "read", "write", "draft", "ask", "manual", "goal", "workflow", "agent"}
)
_PROGRAM = re.compile(
    r"\.(?:a?sh|bash|zsh|ksh|fish|pyw?|pyc|pyi|pth|so|pyd|dll|wasm|node|pl|pm|t|rb|gemspec|php|phar|lua|tcl|awk|sed|r|jl"
    r"|[cm]?[jt]sx?|vue|svelte|coffee|rs|go|c|h|cc|hh|cpp|hpp|cxx|m|mm|java|class|jar|war|kts?|scala|groovy|gradle|cs|fsx?"
    r"|swift|hs|ml|exs?|erl|clj|zig|nim|d|pas|f\d\d|asm|s|sql|proto|tf|tfvars|hcl|ipynb|ps1|bat|cmd|mk|mak|inc|cmake|just"
    r"|nix|toml|cfg|conf|ini|ya?ml|xml|env|envrc|service|rules|spec|j2|jinja|tmpl|tpl|m4|am|ac|ninja|bazel|bzl|star)$"
    r"|(?:^|/)(?:package(?:-lock)?|composer|[jt]sconfig|deno|bower|turbo|nx|angular|project|\.\w+)\.json$",
    re.IGNORECASE,
)
_DROPPED = frozenset({OWN_FOLDER, ".git", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"})
_OF_GIT = ("config", "HEAD", "packed-refs", "info/attributes", "hooks", "refs/heads")
"""What git runs and what it hands on; its index changes whenever somebody looks."""

_PLAIN_TOOLS = """
curl wget echo printf cat head tail wc cut tr grep date sleep true false test pwd ls du df stat touch mkdir rmdir rm
cp mv tee base64 md5sum sha1sum sha256sum sha512sum jq dig host nslookup ping uname whoami id basename dirname realpath
seq
"""
_PLAIN = frozenset(_PLAIN_TOOLS.split())
_HEEDLESS_TOOLS = "date dig echo false host id ls mkdir nslookup ping printf pwd sleep touch true uname whoami"
_HEEDLESS = frozenset(_HEEDLESS_TOOLS.split())
"""Whose doing no file's content decides."""
_SEPARATES = re.compile(r"[;|&\n]+")
_SENDS = re.compile(
    r"(?<![\w.-])(?:rsync|scp|sftp|lftp|ftp|rclone|restic|borg|duplicity|aws|s3cmd|s5cmd|gsutil|gcloud|az|azcopy|tar|zip|7z"
    r"|cp|docker|podman|buildah|kubectl|helm|terraform|tofu|ansible-playbook|netlify|vercel|surge|firebase|wrangler|gh|git"
    r"|twine|npm)(?![\w.-])"
)
_GOES_TO = re.compile(r"(?<![\w.-])(?:(?:cd|pushd|mkdir(?:\s+-\w+)*)\s+|-C\s*)[^\s;|&]+")
_OPERAND = re.compile(r"[^\s'\"`;|&<>()$={}:@,]+")


def surroundings(action: str, parameters: Mapping[str, Any], workspace: Path) -> list[str]:
    """Paths relative to the workspace, sorted: all that it may run or read of the folder unnamed. Reads folders."""
    if action in _RUNS_NOTHING:
        return []
    command = str(parameters.get("command") or "") if action in ("shell", "wait") else None
    if command == "":
        return []  # it waits for a time
    found = set(_settings(workspace))
    if command is not None and is_plain(command):
        found |= set(_in_front(command, workspace))
    else:
        found |= {path for path, mode in _walk(workspace, "") if _may_run(path, mode)}
        found |= set(_of_git(workspace))
    if command is not None and _SENDS.search(command):
        found |= set(_sent(command, workspace))
    return sorted(found)


def is_plain(command: str) -> bool:
    """It starts nothing but tools that load no programs. False also where that can't be told."""
    return _only(command, _PLAIN)


def is_heedless(command: str) -> bool:
    """It does the same whatever its files hold. False also where that can't be told."""
    return "<" not in command and _only(command, _HEEDLESS)


def _only(command: str, tools: Collection[str]) -> bool:
    if any(sign in command for sign in ("$(", "`", "<(", ">(", "\\\n")):
        return False
    parts = [part.split() for part in _SEPARATES.split(command) if part.strip()]
    return all(words[0] in tools for words in parts)


def is_installed(path: str) -> bool:
    return not INSTALLED.isdisjoint(path.split("/"))


def _may_run(path: str, mode: int) -> bool:
    name = path.rpartition("/")[2]
    unnamed = "." not in name or name.startswith(".")  # a script, a Makefile, a hook, a file of settings
    return is_installed(path) or unnamed or bool(mode & 0o111) or _PROGRAM.search(path) is not None


def _settings(workspace: Path) -> Iterator[str]:
    """The folder is the home of what runs in it."""
    with os.scandir(workspace) as entries:
        yield from sorted(one.name for one in entries if one.name.startswith(".") and _is_file(one))
    yield from (path for path, _ in _walk(workspace, ".config"))


def _in_front(command: str, workspace: Path) -> Iterator[str]:
    """Programs of the goal's own environment, which PATH has before the machine's."""
    names = {words[0] for part in _SEPARATES.split(command) if (words := part.split())}
    yield from (path for name in names if (workspace / (path := f"{VENV}/bin/{name}")).is_file())


def _of_git(workspace: Path) -> Iterator[str]:
    if not (workspace / ".git").is_dir():
        return
    for name in _OF_GIT:
        place = f".git/{name}"
        if (workspace / place).is_file():
            yield place
        yield from (path for path, _ in _walk(workspace, place))


def _sent(command: str, workspace: Path) -> Iterator[str]:
    """Every file of the folders that it names, and of all of it where it names that."""
    words = set(_OPERAND.findall(_GOES_TO.sub(" ", command)))
    folders = {os.path.normpath(word).rstrip("/*") or "." for word in words if not word.startswith("/")}
    if {".", "*"} & {word.rstrip("/") or "/" for word in words}:
        folders.add(".")
    for folder in sorted(folders):
        inner = "" if folder == "." else folder
        if not inner.startswith("..") and (workspace / inner).is_dir():
            yield from (path for path, _ in _walk(workspace, inner))


def _walk(workspace: Path, start: str) -> Iterator[tuple[str, int]]:
    """(path, mode) of each file below `start`, links to files among them; links to folders are not followed."""
    yield from islice(_below(workspace, start), ENTRIES_MAX)


def _below(workspace: Path, start: str) -> Iterator[tuple[str, int]]:
    ahead = [start]
    while ahead:
        here = ahead.pop()
        for entry in _entries(workspace / here):
            path = f"{here}/{entry.name}" if here else entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _DROPPED:
                    ahead.append(path)
            elif _is_file(entry):
                yield path, entry.stat(follow_symlinks=False).st_mode & (0 if entry.is_symlink() else 0o111)


def _entries(folder: Path) -> Iterable["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:  # none, or not ours to read
        return []


def _is_file(entry: "os.DirEntry[str]") -> bool:
    """Or what a link to one leads to; a link that leads nowhere counts, because it may lead somewhere later."""
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
        return stat.S_ISREG(mode) or (stat.S_ISLNK(mode) and not entry.is_dir())
    except OSError:
        return False
