"""What a sandbox kept from a command and a person may give it: the network, this machine's files, a folder to write to.

Never given without a word where the plan was accepted: it is more than what was on it.
"""

import re
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from executor.domain.outcome import Result
from executor.domain.plan import TaskSpec
from executor.domain.reach import WHERE_KEYS_LIE, reach_of
from executor.engine.blockages.fix import Fix
from executor.engine.classification import Verdict

_PROGRAMS = frozenset({"shell", "python", "wait"})
_UNWRITTEN = frozenset({"read_only_fs", "permission_denied", "needs_privilege"})
_READ_ONLY = re.compile(r"(?<![^\s'\":(])(/[^\s'\":;]+)['\"]?: (?:Read-only file system|read-only file system)")
_READ_ONLY_TOLD = re.compile(r"(?:Read-only file system|EROFS)[^\n]*?['\"](/[^'\"]+)['\"]")
_NOT_THERE = re.compile(r"(?<![^\s'\":(])(/[^\s'\":;]+)['\"]?: No such file or directory")
_NOT_THERE_TOLD = re.compile(r"No such file or directory: ['\"](/[^'\"]+)['\"]")
_OWN_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/proc", "/dev", "/sys", "/etc", "/tmp", "/var/tmp")
_TOO_MUCH = frozenset({"/", "/home", "/root", "/var", "/opt", "/srv", "/mnt", "/media", "/run", "/boot"})


def wider(spec: TaskSpec, result: Result, verdict: Verdict) -> Fix | None:
    """None: it did not fail because of the sandbox, or it has all of that already."""
    if spec.action not in _PROGRAMS or result.metadata.get("sandbox") is not True:
        return None
    reach, said = reach_of(spec.parameters), _said(result)
    if verdict.subclass == "network_disabled" and not reach.network:
        return _with(spec, "It has no network in its sandbox: letting this task use the network", network=True)
    if verdict.subclass in _UNWRITTEN and (path := _first(said, _READ_ONLY, _READ_ONLY_TOLD)) is not None:
        folder = str(PurePath(path).parent)
        if not (folder in _TOO_MUCH or folder in reach.writes or _in(path, _OWN_FOLDERS) or _is_key(path)):
            what = f"{folder} can only be read in its sandbox: letting this task write there"
            return _with(spec, what, writes=[*reach.writes, folder])
    if verdict.subclass == "missing_file" and not reach.machine:
        path = _first(said, _NOT_THERE, _NOT_THERE_TOLD)
        if path is not None and path in _text(spec) and not _in(path, _OWN_FOLDERS) and not _is_key(path):
            what = f"{path} is not in its sandbox: letting this task read this machine's files"
            return _with(spec, what, machine=True)
    return None


def _text(spec: TaskSpec) -> str:
    return "\n".join(str(spec.parameters.get(name, "")) for name in ("command", "code"))


def _with(spec: TaskSpec, what: str, **more: Any) -> Fix:
    return Fix(what=what, spec=replace(spec, parameters={**spec.parameters, **more}))


def _said(result: Result) -> str:
    return "\n".join(str(part) for part in (result.metadata.get("stderr"), result.error, result.output) if part)


def _first(said: str, *patterns: re.Pattern[str]) -> str | None:
    found = (match for pattern in patterns for match in pattern.finditer(said))
    return next((next(group for group in match.groups() if group) for match in found), None)


def _is_key(path: str) -> bool:
    """Of whatever home: it stays hidden, so more rights would not help."""
    return any(f"/{name}/" in f"{path}/" for name in WHERE_KEYS_LIE)


def _in(path: str, folders: tuple[str, ...]) -> bool:
    return any(PurePath(path).is_relative_to(folder) for folder in folders)
