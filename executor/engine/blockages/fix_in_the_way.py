"""Repairs where something is in the way: a name, a right, a port, a full disk, a limit."""

import re
import sys
from dataclasses import replace

from executor.domain.plan import Check, CheckKind
from executor.engine.blockages.fix import Fix, Trouble

TIMEOUT_S_MAX = 3_600.0  # a limit is raised up to here; beyond that a person decides
PORT_MAX = 65_000
_NOT_DEFINED = re.compile(r"NameError: name '(\w+)' is not defined")
_IN_FILE = re.compile(r'File "([^"<>]+\.py)", line \d+')


def add_import(trouble: Trouble) -> Fix | None:
    """A module of the standard library that is used and not imported."""
    found, files = _NOT_DEFINED.search(trouble.said), _IN_FILE.findall(trouble.said)
    if found is None or found[1] not in sys.stdlib_module_names or not files:
        return None
    name, file = found[1], files[-1]
    path = file.rsplit("/", 1)[-1] if file.startswith("/") else file
    outside = ".." in path.split("/") or path.startswith("-")
    if outside or not re.fullmatch(r"[\w./-]+", path):
        return None
    if not re.search(rf"(?<![\w./-]){re.escape(path)}(?![\w./-])", trouble.command):  # not ../app.py, not myapp.py
        return None
    place = f"$(grep -n '^from __future__' {path} | tail -n 1 | cut -d: -f1)"
    line = f"$(( ${{n:-$(head -n 1 {path} | grep -c '^#!')}} + 1 ))"
    command = f'n={place}; sed -i "{line}i import {name}" {path}'
    ahead = trouble.ahead(f"Import {name} in {path}", "shell", {"command": command})
    return ahead.as_fix(f"{path} uses {name} without importing it: adding the import")


_DENIED = re.compile(
    r"(?:[Pp]ermission denied|Read-only file system|Errno 13|Errno 30)[^\n]*?['‘\"](/[\w./-]+)|"
    r"['‘\" ](/[\w./-]+)['’\"]?: (?:Permission denied|Read-only file system)"
)


_READING = re.compile(
    r"(?:\S*sh: (?:line \d+: )?)?"
    r"(?:awk|cat|cd|cmp|comm|cut|diff|du|file|find|g?awk|[ef]?grep|head|less|ls|more|od|rg|sed|sha\d+sum|sort|source|stat|tail|wc"
    r"|xxd|\.): "
)
"""What such a program may not do is read: the goal's own folder does not have it either."""


def workspace_path(trouble: Trouble) -> Fix | None:
    """What may not be written elsewhere goes into the goal's own folder, under the same name."""
    found = _DENIED.search(trouble.said)
    if found is not None and _READING.match(trouble.said[trouble.said.rfind("\n", 0, found.start()) + 1 :]):
        return None
    path = next((part for part in found.groups() if part), "") if found else ""
    folder = path.rstrip("/")
    while folder and folder not in trouble.command:
        folder = folder.rpartition("/")[0]
    if folder.count("/") < 1 or len(folder) < 3 or folder.startswith(("/dev", "/proc", "/sys")):
        return None
    instead = f'"$HOME"{folder}'
    command = re.sub(rf"(?<![\w.$\"/-]){re.escape(folder)}(?=[\s/;|&>)]|$)", lambda _: instead, trouble.command)
    if command == trouble.command:
        return None
    parent = folder.rpartition("/")[0]
    made = f'mkdir -p "$HOME"{parent} && ' if parent else ""
    return Fix(
        what=f"{folder} may not be written: using the same path in the goal's own folder",
        spec=trouble.with_command(made + command),
    )


def another_port(trouble: Trouble) -> Fix | None:
    ports = re.findall(r"(?<![\d.])([1-9]\d{3,4})(?![\d.])", trouble.command)
    taken = next((port for port in ports if port in trouble.said or trouble.verdict.subject == port), None)
    taken = taken or (ports[0] if len(set(ports)) == 1 else None)
    if taken is None or int(taken) >= PORT_MAX:
        return None
    free = str(int(taken) + 1)
    command = re.sub(rf"(?<![\d.]){taken}(?![\d.])", free, trouble.command)
    return Fix(what=f"Port {taken} is taken: using {free}", spec=trouble.with_command(command))


_CACHES = ".cache .npm/_cacache .milepost/tmp/*"


def free_space(trouble: Trouble) -> Fix | None:
    """Only what the goal's own commands left to be fetched again: caches and temporary files of its own folder."""
    if trouble.spec.action not in ("shell", "python", "install"):
        return None
    there = Check(kind=CheckKind.COMMAND, command=f"ls -d {_CACHES} 2>/dev/null | grep -q .")
    ahead = trouble.ahead("Clear this goal's caches", "shell", {"command": f"rm -rf -- {_CACHES}"}, there)
    return ahead.as_fix("The disk is full: clearing this goal's own caches")


def raise_limit(trouble: Trouble) -> Fix | None:
    own = trouble.spec.parameters.get("timeout_s")
    limit = own if isinstance(own, int | float) else trouble.spec.timeout_s
    if limit is None or limit * 2 > TIMEOUT_S_MAX:
        return None
    raised = float(limit * 2)
    what = f"It ran out of its {limit:g} s: allowing {raised:g} s"
    if own is not None:
        return Fix(what=what, spec=replace(trouble.spec, parameters={**trouble.spec.parameters, "timeout_s": raised}))
    return Fix(what=what, spec=replace(trouble.spec, timeout_s=raised))
