"""Repairs that are safe without anybody watching: one rule per cause, each from what the command really said.

A fix changes the task that failed, or puts a task before it; either way it becomes a new version of the plan. Nothing
here ever asks for more rights, ends somebody's process or loosens security.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from executor.domain.lesson import Lesson, Recipe
from executor.domain.limits import Service
from executor.domain.outcome import Result
from executor.domain.plan import TaskSpec
from executor.engine.blockages.fix import Ahead, Fix, Trouble
from executor.engine.blockages.fix_in_the_way import add_import, another_port, free_space, raise_limit, workspace_path
from executor.engine.blockages.fix_missing import (
    another_command,
    install_module,
    install_node_module,
    make_folder,
    own_environment,
)
from executor.engine.classification import Verdict


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


Rule = Callable[[Trouble], Fix | None]
_RULES: Mapping[str, tuple[Rule, ...]] = {
    "missing_python_module": (install_module,),
    "missing_node_module": (install_node_module,),
    "missing_command": (another_command,),
    "externally_managed_env": (own_environment,),
    "missing_file": (make_folder,),
    "runtime_bug": (add_import,),
    "permission_denied": (workspace_path,),
    "read_only_fs": (workspace_path,),
    "needs_privilege": (workspace_path,),
    "port_in_use": (another_port,),
    "disk_full": (free_space,),
    "time_limit": (raise_limit,),
}
_NAMES: Mapping[Rule, str] = {rule: rule.__name__ for rules in _RULES.values() for rule in rules}
"""What lessons call the rules; stored, so a rule keeps its name."""
