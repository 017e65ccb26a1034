"""What has to come first: a missing file that another task makes, circles, and parents that never finish."""

import re
from collections.abc import Iterator
from dataclasses import replace

from executor.domain.outcome import Stumbled
from executor.domain.plan import CheckKind, TaskSpec
from executor.domain.task import Task, TaskKind, TaskState
from executor.engine.blockages.fix import Fix
from executor.engine.casework.case import Case
from executor.engine.classification import Verdict, classify

_ABOUT_FILES = frozenset(
    {"missing_file", "missing_python_module", "import_path", "missing_command", "missing_config", "missing_node_module"}
)
_WORD = r"['‘\"]?([\w./-]*\w)['’\"]?"
_MISSING = (
    re.compile(rf"{_WORD}: No such file or directory"),
    re.compile(rf"No such file or directory: {_WORD}"),
    re.compile(rf"(?:cannot|can't|could not|failed to) (?:open|stat|access|find|read)(?: file)? {_WORD}"),
    re.compile(r"(?:^|\s)([\w./-]+/[\w.-]+): (?:command )?not found", re.M),
)
_MODULE = re.compile(r"No module named '?([A-Za-z_]\w*)")
_MAKES = (
    re.compile(rf">>?\s*{_WORD}"),
    re.compile(rf"(?:^|\s)(?:-o|--output)[= ]{_WORD}"),
    re.compile(rf"\b(?:tee(?:\s+-a)?|touch|mkdir(?:\s+-p)?)\s+(?:--\s+)?{_WORD}"),
    re.compile(rf"\b(?:cp|mv)\s+(?:-\w+\s+)*\S+\s+{_WORD}"),
    re.compile(rf"\btar\s+-?\w*c\w*f\w*\s+{_WORD}"),
    re.compile(rf"\bgit\s+clone\s+(?:-\S+\s+)*\S+\s+{_WORD}"),
)


def run_first(case: Case, task: Task, outcome: Stumbled) -> Fix | None:
    """The task behind the one that makes what it misses; None where no task of the plan does, or only one behind it."""
    found = _maker(case, task, outcome)
    if found is None or task.spec.key in _before(case, found[0]):
        return None
    maker, path = found
    what = f"{task.ref} needs {path}, which {maker.ref} makes: {maker.ref} goes first"
    return Fix(what=what, spec=replace(task.spec, depends_on=(*task.spec.depends_on, maker.spec.key)))


def circle_of(case: Case, task: Task, outcome: Stumbled) -> str | None:
    """What is missing is made by a task that itself waits for this one."""
    found = _maker(case, task, outcome)
    if found is None or task.spec.key not in _before(case, found[0]):
        return None
    maker, path = found
    return f"{task.ref} needs {path}, which {maker.ref} makes, and {maker.ref} waits for {task.ref}: a circle"


def _maker(case: Case, task: Task, outcome: Stumbled) -> tuple[Task, str] | None:
    """An unfinished task that makes something which this one misses, and what that is."""
    if task.kind is not TaskKind.WORK or task.taken_over or outcome.result.success:
        return None
    verdict = classify(outcome.result)
    if verdict.subclass not in _ABOUT_FILES:
        return None
    missing = list(_missing(outcome, verdict))
    for other in case.work:
        if other.final or other.ref == task.ref or other.spec.key in task.spec.depends_on:
            continue
        made = set(_made(other.spec))
        for path in missing:
            if any(path == one or path.endswith(f"/{one}") or one.endswith(f"/{path}") for one in made):
                return other, path
    return None


def _missing(outcome: Stumbled, verdict: Verdict) -> Iterator[str]:
    said = f"{outcome.result.metadata.get('stderr') or ''}\n{outcome.result.error or ''}"
    if verdict.subject:
        yield verdict.subject
    for pattern in _MISSING:
        yield from (_plain(found) for found in pattern.findall(said))
    for module in _MODULE.findall(said):
        yield f"{module}.py"


def _made(spec: TaskSpec) -> Iterator[str]:
    """Paths that the task will have made when it is over, as far as its text says so."""
    path, command = spec.parameters.get("path"), spec.parameters.get("command")
    if spec.action in ("write", "draft") and isinstance(path, str):
        yield _plain(path)
    if spec.action == "shell" and isinstance(command, str):
        for pattern in _MAKES:
            yield from (_plain(found) for found in pattern.findall(command))
    if spec.check is not None and spec.check.kind is CheckKind.FILE:
        yield _plain(spec.check.path)


def _plain(path: str) -> str:
    return path.removeprefix("./")


def _before(case: Case, task: Task) -> set[str]:
    """The keys of everything that is over when the task runs."""
    before: set[str] = set()
    ahead = [*task.spec.depends_on, *task.spec.only_if]
    while ahead:
        if (key := ahead.pop()) not in before:
            before.add(key)
            other = case.by_key(key)
            ahead += [*other.spec.depends_on, *other.spec.only_if] if other is not None else []
    return before


# ------------------------------------------------------------------------------------------ what is never released


def dead_parents(case: Case, task: Task) -> list[Task]:
    """Tasks over without success that this one needs, directly or through others, the nearest first."""
    dead: list[Task] = []
    seen, ahead = {task.ref}, _needs(case, task)
    while ahead:
        other = ahead.pop(0)
        if other.ref not in seen:
            seen.add(other.ref)
            if other.final:
                dead.append(other)
            else:
                ahead += _needs(case, other)
    return dead


def why_never(case: Case, task: Task) -> str:
    """Why a task that waits for others will never begin, and what would change that."""
    if dead := dead_parents(case, task):
        names = ", ".join(f"{other.ref} {other.spec.title} ({other.state})" for other in dead)
        failed = [other.ref for other in dead if other.state is TaskState.FAILED]
        way = f"Retry tries {', '.join(failed)} again first" if failed else "Retry runs it without"
        return f"It needs {names}, which will not finish. {way}, Skip goes on without {task.ref}"
    if circle := _circle(case, task):
        return f"{' waits for '.join(circle)}: a circle that never begins. Retry or Take over breaks it at {task.ref}"
    return "Nothing will ever release it. Retry runs it now"


def _circle(case: Case, task: Task) -> list[str]:
    """A circle of waiting tasks, its first ref again at the end; empty where there is none."""
    path = [task]
    while needs := [other for other in _needs(case, path[-1]) if not other.final]:
        path.append(needs[0])
        refs = [one.ref for one in path]
        if refs[-1] in refs[:-1]:
            return refs[refs.index(refs[-1]) :]
    return []


def _needs(case: Case, task: Task) -> list[Task]:
    found = (case.by_key(key) for key in (*task.spec.depends_on, *task.spec.only_if))
    return [other for other in found if other is not None and not other.frees(task)]
