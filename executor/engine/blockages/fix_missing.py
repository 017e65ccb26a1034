"""Repairs where something is missing."""

import re
import sys
from dataclasses import replace

from executor.domain.plan import Check, CheckKind
from executor.engine.blockages.fix import Fix, Trouble
from executor.engine.classification import package_of

_MODULE = re.compile(r"No module named '?([A-Za-z_][\w.]*)'?")
_NODE_MODULE = re.compile(r"Cannot find (?:module|package) '((?:@[a-z0-9][\w.-]*/)?[a-z0-9][\w.-]*)'")


def install_module(trouble: Trouble) -> Fix | None:
    found = _MODULE.search(trouble.said)
    if found is None or found[1].split(".")[0] in {*sys.stdlib_module_names, "pip"}:  # pip would install pip
        return None
    module, package = found[1].split(".")[0], package_of(found[1])
    absent = Check(kind=CheckKind.COMMAND, command=f"test ! -e {module} && test ! -e {module}.py")
    ahead = trouble.ahead(f"Install {package}", "install", {"packages": [package]}, absent)
    return ahead.as_fix(f"The Python module {module} is missing: installing {package} into the goal's own folder")


def install_node_module(trouble: Trouble) -> Fix | None:
    found = _NODE_MODULE.search(trouble.said)
    if found is None:
        return None
    ahead = trouble.ahead(f"Install {found[1]}", "install", {"packages": [found[1]], "manager": "npm"})
    return ahead.as_fix(f"The Node module {found[1]} is missing: installing it into the goal's own folder")


_INSTEAD = (
    (re.compile(r"(?<![\w./-])pip3?(?=\s)"), "python3 -m pip", re.compile(r"\bpip3?: (?:command )?not found")),
    (re.compile(r"(?<![\w./-])python(?=\s|$)"), "python3", re.compile(r"\bpython: (?:command )?not found")),
    (re.compile(r"(?<![\w./-])nodejs(?=\s|$)"), "node", re.compile(r"\bnodejs: (?:command )?not found")),
)


def another_command(trouble: Trouble) -> Fix | None:
    for pattern, instead, message in _INSTEAD:
        if message.search(trouble.said) and pattern.search(trouble.command):
            missing = pattern.search(trouble.command)
            name = missing[0] if missing else ""
            return Fix(
                what=f"{name} is not here: using {instead} instead",
                spec=trouble.with_command(pattern.sub(instead, trouble.command)),
            )
    return None


def own_environment(trouble: Trouble) -> Fix | None:
    """The machine's Python is not ours to change: pip goes to an environment of the goal's own."""
    command = re.sub(r"(?<![\w./-])(?:python3? -m pip|pip3?)(?=\s)", ".venv/bin/python -m pip", trouble.command)
    command = command.replace("/usr/bin/.venv/bin/python", ".venv/bin/python")
    command = re.sub(r"/usr/bin/python3?(?: -m pip)(?=\s)", ".venv/bin/python -m pip", command)
    made = "test -x .venv/bin/pip || python3 -m venv .venv"
    ahead = trouble.ahead("Make a Python environment", "shell", {"command": made})
    fix = ahead.as_fix("The machine's Python is managed by its system: using an environment in the goal's own folder")
    return replace(fix, spec=replace(fix.spec, parameters={**fix.spec.parameters, "command": command}))


_MISSING_TARGET = re.compile(
    r"(?:cannot create(?: regular file| directory)?|line \d+:|No such file or directory:)"
    r" ?['‘\"]?([\w.-]+(?:/[\w.-]+)+)",
)
_WRITES = re.compile(r"\b(?:cp|mv|tee|install)\b|open\(")


def make_folder(trouble: Trouble) -> Fix | None:
    """Something was to be written into a folder that is not there yet. Only inside the workspace."""
    found = _MISSING_TARGET.search(trouble.said)
    if found is None or ".." in found[1].split("/"):
        return None
    if not (_WRITES.search(trouble.command) or re.search(rf">\s*['\"]?{re.escape(found[1])}", trouble.command)):
        return None
    folder = found[1].rpartition("/")[0]
    ahead = trouble.ahead(f"Make the folder {folder}", "shell", {"command": f"mkdir -p -- {folder}"})
    return ahead.as_fix(f"The folder {folder} is missing: making it")
