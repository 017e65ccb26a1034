"""Repairs that are safe without anybody watching: one rule per cause, each from what the command really said.

A fix changes the task that failed, or puts a task before it; either way it becomes a new version of the plan. Nothing
here ever asks for more rights, ends somebody's process or loosens security.
"""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from executor.domain.lesson import Lesson, Recipe
from executor.domain.limits import Service
from executor.domain.outcome import Result
from executor.domain.plan import Check, CheckKind, TaskSpec
from executor.engine.classification import Verdict, package_of

TIMEOUT_S_MAX = 3_600.0  # a limit is raised up to here; beyond that a person decides
PORT_MAX = 65_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """`what` is one line for people. `spec` is the task as it is tried next; `before` a new task ahead of it. `recipe`
    makes it again, and `lesson` is the number of the one that proposed it. `by`: the model that thought of it; empty: a
    rule."""

    what: str
    spec: TaskSpec
    before: TaskSpec | None = None
    recipe: Recipe = Recipe()
    lesson: int | None = None
    by: str = ""

    @property
    def plain(self) -> str:
        """Without the lesson that proposed it."""
        return self.what.partition(" (lesson ")[0] if self.lesson is not None else self.what


@dataclass(frozen=True, slots=True)
class Trouble:
    spec: TaskSpec
    verdict: Verdict
    said: str  # errors, then output

    @property
    def command(self) -> str:
        command = self.spec.parameters.get("command")
        return command if isinstance(command, str) else ""

    def with_command(self, command: str) -> TaskSpec:
        return replace(self.spec, parameters={**self.spec.parameters, "command": command})

    def ahead(self, title: str, action: str, parameters: Mapping[str, Any], when: Check | None = None) -> "Ahead":
        return Ahead(self.spec, title, action, parameters, when)


@dataclass(frozen=True, slots=True)
class Ahead:
    """A task to be put before the one that failed."""

    spec: TaskSpec
    title: str
    action: str
    parameters: Mapping[str, Any]
    when: Check | None

    def as_fix(self, what: str) -> Fix:
        key = f"fix-{self.spec.key}-{_slug(self.title)}"
        before = TaskSpec(
            key=key,
            title=self.title,
            action=self.action,
            parameters=self.parameters,
            depends_on=self.spec.depends_on,
            when=self.when,
            weight=0,
        )
        return Fix(what=what, spec=replace(self.spec, depends_on=(*self.spec.depends_on, key)), before=before)


def find_fix(spec: TaskSpec, result: Result, verdict: Verdict, lessons: Sequence[Lesson] = ()) -> Fix | None:
    """The repair for this failure, or None. The same failure after its repair finds None: nothing changes any more.
    `lessons` come first, in their order."""
    said = "\n".join(str(part) for part in (result.metadata.get("stderr"), result.error, result.output) if part)
    trouble = Trouble(spec, verdict, said[-12_000:])
    for lesson in lessons:
        fix = _by_recipe(trouble, lesson)
        if fix is not None and fix.spec != spec and (fix.before is None or fix.before.key not in spec.depends_on):
            what = f"{fix.what} (lesson {lesson.number}: {lesson.score})"
            return replace(fix, what=what, recipe=lesson.remedy.recipe, lesson=lesson.number)
    for rule in _RULES.get(verdict.subclass, ()):
        fix = rule(trouble)
        if fix is not None and (fix.spec != spec or fix.before is not None):
            fix = replace(fix, recipe=Recipe(rule=_NAMES[rule]))
            return fix if fix.before is None or fix.before.key not in spec.depends_on else None
    return None


def _by_recipe(trouble: Trouble, lesson: Lesson) -> Fix | None:
    """A known repair under its name, or packages for the workspace: nothing else is ever done because of a lesson."""
    recipe = lesson.remedy.recipe
    if recipe.rule:
        rule = next((rule for rule, name in _NAMES.items() if name == recipe.rule), None)
        return rule(trouble) if rule is not None else None
    if not recipe.packages:
        return None
    parameters = {"packages": list(recipe.packages)} | ({"manager": recipe.manager} if recipe.manager else {})
    return trouble.ahead(f"Install {', '.join(recipe.packages)}", "install", parameters).as_fix(lesson.remedy.text)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40]


# ------------------------------------------------------------------------------------------------ what is missing

_MODULE = re.compile(r"No module named '?([A-Za-z_][\w.]*)'?")
_NODE_MODULE = re.compile(r"Cannot find (?:module|package) '((?:@[a-z0-9][\w.-]*/)?[a-z0-9][\w.-]*)'")


def _install_module(trouble: Trouble) -> Fix | None:
    found = _MODULE.search(trouble.said)
    if found is None or found[1].split(".")[0] in {*sys.stdlib_module_names, "pip"}:  # pip would install pip
        return None
    module, package = found[1].split(".")[0], package_of(found[1])
    absent = Check(kind=CheckKind.COMMAND, command=f"test ! -e {module} && test ! -e {module}.py")
    ahead = trouble.ahead(f"Install {package}", "install", {"packages": [package]}, absent)
    return ahead.as_fix(f"The Python module {module} is missing: installing {package} into the goal's own folder")


def _install_node_module(trouble: Trouble) -> Fix | None:
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


def _another_command(trouble: Trouble) -> Fix | None:
    for pattern, instead, message in _INSTEAD:
        if message.search(trouble.said) and pattern.search(trouble.command):
            missing = pattern.search(trouble.command)
            name = missing[0] if missing else ""
            return Fix(
                what=f"{name} is not here: using {instead} instead",
                spec=trouble.with_command(pattern.sub(instead, trouble.command)),
            )
    return None


def _own_environment(trouble: Trouble) -> Fix | None:
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


def _make_folder(trouble: Trouble) -> Fix | None:
    """Something was to be written into a folder that is not there yet. Only inside the workspace."""
    found = _MISSING_TARGET.search(trouble.said)
    if found is None or ".." in found[1].split("/"):
        return None
    if not (_WRITES.search(trouble.command) or re.search(rf">\s*['\"]?{re.escape(found[1])}", trouble.command)):
        return None
    folder = found[1].rpartition("/")[0]
    ahead = trouble.ahead(f"Make the folder {folder}", "shell", {"command": f"mkdir -p -- {folder}"})
    return ahead.as_fix(f"The folder {folder} is missing: making it")


# ---------------------------------------------------------------------------------------------- what is in the way

_NOT_DEFINED = re.compile(r"NameError: name '(\w+)' is not defined")
_IN_FILE = re.compile(r'File "([^"<>]+\.py)", line \d+')


def _add_import(trouble: Trouble) -> Fix | None:
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


def _workspace_path(trouble: Trouble) -> Fix | None:
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


def _another_port(trouble: Trouble) -> Fix | None:
    ports = re.findall(r"(?<![\d.])([1-9]\d{3,4})(?![\d.])", trouble.command)
    taken = next((port for port in ports if port in trouble.said or trouble.verdict.subject == port), None)
    taken = taken or (ports[0] if len(set(ports)) == 1 else None)
    if taken is None or int(taken) >= PORT_MAX:
        return None
    free = str(int(taken) + 1)
    command = re.sub(rf"(?<![\d.]){taken}(?![\d.])", free, trouble.command)
    return Fix(what=f"Port {taken} is taken: using {free}", spec=trouble.with_command(command))


def _free_space(trouble: Trouble) -> Fix | None:
    """Only what the goal's own commands left to be fetched again: caches and temporary files of its own folder."""
    if trouble.spec.action not in ("shell", "python", "install"):
        return None
    there = Check(kind=CheckKind.COMMAND, command=f"ls -d {_CACHES} 2>/dev/null | grep -q .")
    ahead = trouble.ahead("Clear this goal's caches", "shell", {"command": f"rm -rf -- {_CACHES}"}, there)
    return ahead.as_fix("The disk is full: clearing this goal's own caches")


_CACHES = ".cache .npm/_cacache .milepost/tmp/*"


_DOWN = frozenset({"service_not_running", "network", "network_timeout"})
_HERE = r"(?:localhost|127\.0\.0\.\d+|\[?::1\]?)"


def start_service(spec: TaskSpec, result: Result, verdict: Verdict, services: Sequence[Service]) -> Fix | None:
    """The owner's own command for a declared service that does not answer, once per task."""
    if verdict.subclass not in _DOWN or spec.action not in ("shell", "python", "http"):
        return None
    said = "\n".join(str(part) for part in (result.metadata.get("stderr"), result.error, result.output) if part)
    texts = f"{said}\n{spec.parameters.get('url', '')}"
    for service in services:
        host, _, port = service.address.rpartition(":")
        there = rf"(?:{_HERE}|{re.escape(host)})\D{{1,40}}{port}(?!\d)"
        if not re.search(there, texts) and verdict.subject != service.name:
            continue
        ahead = Ahead(spec, f"Start {service.name}", "shell", {"command": service.start}, None)
        fix = ahead.as_fix(f"{service.name} is not running: starting it as configured")
        return fix if fix.before is not None and fix.before.key not in spec.depends_on else None
    return None


def _raise_limit(trouble: Trouble) -> Fix | None:
    own = trouble.spec.parameters.get("timeout_s")
    limit = own if isinstance(own, int | float) else trouble.spec.timeout_s
    if limit is None or limit * 2 > TIMEOUT_S_MAX:
        return None
    raised = float(limit * 2)
    what = f"It ran out of its {limit:g} s: allowing {raised:g} s"
    if own is not None:
        return Fix(what=what, spec=replace(trouble.spec, parameters={**trouble.spec.parameters, "timeout_s": raised}))
    return Fix(what=what, spec=replace(trouble.spec, timeout_s=raised))


Rule = Callable[[Trouble], Fix | None]
_RULES: Mapping[str, tuple[Rule, ...]] = {
    "missing_python_module": (_install_module,),
    "missing_node_module": (_install_node_module,),
    "missing_command": (_another_command,),
    "externally_managed_env": (_own_environment,),
    "missing_file": (_make_folder,),
    "runtime_bug": (_add_import,),
    "permission_denied": (_workspace_path,),
    "read_only_fs": (_workspace_path,),
    "needs_privilege": (_workspace_path,),
    "port_in_use": (_another_port,),
    "disk_full": (_free_space,),
    "time_limit": (_raise_limit,),
}
_NAMES: Mapping[Rule, str] = {rule: rule.__name__.strip("_") for rules in _RULES.values() for rule in rules}
"""What lessons call the rules; stored, so a rule keeps its name."""
