"""The workflows there are: those of the package and those of the person who runs Milepost, one TOML file each.

A file that is wrong costs one line that names it, and none of the others.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator

from executor.domain.errors import WrongInput
from executor.planner.placeholders import ROUND_NAMES
from executor.planner.shapes import Line, Shape, dropped, what_is_wrong
from executor.planner.validate import faults
from executor.planner.workflow import Parameter, Workflow, plan_for, wrong
from executor.ports import Actions

BUILT_IN = Path(__file__).parent / "workflows"
_FILE_BYTES_MAX = 256_000
_AT_LINE = re.compile(r"(?P<what>.*?)\s*\(at (?:line (?P<line>[0-9]+), column [0-9]+|end of document)\)")
_PLAIN = (str, int, float)


class ParameterShape(Shape):
    description: str = ""
    default: str | None = None
    pattern: str | None = None
    example: str = ""


class WorkflowShape(Shape):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    title: Line
    match: list[Line] = []
    parameters: dict[str, ParameterShape] = {}
    criteria: list[dict[str, Any]] = []
    tasks: list[dict[str, Any]] = Field(min_length=1)
    gates: list[dict[str, Any]] = []

    @field_validator("parameters", mode="before")
    @classmethod
    def _a_default_alone(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        return {name: {"default": one} if isinstance(one, _PLAIN) else one for name, one in given.items()}

    @field_validator("parameters")
    @classmethod
    def _names_and_patterns(cls, given: dict[str, ParameterShape]) -> dict[str, ParameterShape]:
        for name, one in given.items():
            if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name) or name in ROUND_NAMES:
                raise ValueError(f"{name} can't be a name; use small letters, digits and _")
            try:
                re.compile(one.pattern or "")
            except re.error as error:
                raise ValueError(f"the pattern of {name} is wrong: {error}") from None
        return given


@dataclass(frozen=True, slots=True)
class Problem:
    """`line` is 0 where it can't be told. `name` is the workflow's, as far as the file's name says."""

    name: str
    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.what}" if self.line else f"{self.file}: {self.what}"


class Library:
    """An edited file counts at once and needs no restart: each is read anew when its time or size has changed."""

    def __init__(self, *folders: Path, actions: Actions | None = None) -> None:
        """Later folders win by name over earlier ones, and all of them over the package's. With `actions`, a workflow
        whose actions or parameters they refuse is a problem."""
        self._folders = (BUILT_IN, *folders)
        self._actions = actions
        self._known: dict[Path, tuple[tuple[int, int], Workflow | Problem]] = {}

    def load(self) -> tuple[dict[str, Workflow], list[Problem]]:
        """The workflows by name, in the order of their names, and what is wrong with the others."""
        found: dict[str, Workflow] = {}
        problems: list[Problem] = []
        for folder in self._folders:
            names: set[str] = set()
            for path in _files(folder):
                read = self._current(path)
                if isinstance(read, Workflow) and read.name in names:
                    problems.append(Problem(read.name, path.name, 0, f"there is another {read.name} beside it"))
                elif isinstance(read, Workflow):
                    names.add(read.name)
                    found[read.name] = read
                else:
                    problems.append(read)
        return dict(sorted(found.items())), problems

    def get(self, name: str) -> Workflow:
        """Raises WrongInput: naming the known ones, or saying what is wrong with the file of that name."""
        workflows, problems = self.load()
        if name in workflows:
            return workflows[name]
        if broken := [problem for problem in problems if problem.name == name]:
            raise WrongInput(f"The workflow {name} can't be read: {broken[0]}")
        raise WrongInput(f"There is no workflow “{name[:64]}”. There are: {', '.join(workflows)}.")

    def _current(self, path: Path) -> Workflow | Problem:
        try:
            stat = path.stat()
        except OSError as error:
            return Problem(path.stem, path.name, 0, f"it can't be read ({error.strerror})")
        mark = (stat.st_mtime_ns, stat.st_size)
        if path not in self._known or self._known[path][0] != mark:
            self._known[path] = (mark, self._read(path))
        return self._known[path][1]

    def _read(self, path: Path) -> Workflow | Problem:
        try:
            shape = _shape(_text(path))
            workflow = _workflow(shape, path.name)
            if complaints := self._complaints(workflow, shape):
                return _problem(path, complaints[0])
        except WrongInput as error:
            return _problem(path, error.public)
        return workflow

    def _complaints(self, workflow: Workflow, shape: WorkflowShape) -> list[str]:
        """The workflow is tried with its defaults and examples; where it has no example for a value that must be
        given, its actions are not asked about their parameters."""
        values = {one.name: one.default if one.default is not None else one.example for one in workflow.parameters}
        complaints = [
            told for one in workflow.parameters if values[one.name] and (told := wrong(one, values[one.name]))
        ]
        blank = [name for name in workflow.needed if not values[name]]
        plan, notes = plan_for(workflow, values | dict.fromkeys(blank, "1"))
        unknown = [note for name, one in shape.parameters.items() for note in dropped(one, f"parameters.{name}.")]
        return complaints + dropped(shape) + unknown + notes + faults(plan, None if blank else self._actions)


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".toml")
    except OSError:  # most people have no workflows of their own, and so no folder
        return []


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _FILE_BYTES_MAX:
            raise WrongInput(f"it is larger than {_FILE_BYTES_MAX} bytes; no workflow needs that")
        return path.read_text("utf-8")
    except OSError as error:
        raise WrongInput(f"it can't be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise WrongInput("it is not UTF-8 text; save it as UTF-8") from None


def _problem(path: Path, what: str) -> Problem:
    lines = _text_or_nothing(path).splitlines()
    if found := _AT_LINE.fullmatch(what):
        return Problem(path.stem, path.name, int(found["line"] or len(lines)), found["what"])
    return Problem(path.stem, path.name, _line_of(lines, what), what)


def _text_or_nothing(path: Path) -> str:
    try:
        return _text(path)
    except WrongInput:
        return ""


def _shape(text: str) -> WorkflowShape:
    try:
        return WorkflowShape.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise WrongInput(str(error)) from None
    except RecursionError:
        raise WrongInput("its brackets are nested too deeply") from None
    except ValidationError as error:
        raise WrongInput(what_is_wrong(error)) from None


def _workflow(shape: WorkflowShape, source: str) -> Workflow:
    parameters = (
        Parameter(name=name, **one.model_dump(include=set(ParameterShape.model_fields)))
        for name, one in shape.parameters.items()
    )
    return Workflow(
        name=shape.name,
        title=shape.title,
        source=source,
        match=tuple(shape.match),
        parameters=tuple(parameters),
        criteria=tuple(shape.criteria),
        tasks=tuple(shape.tasks),
        gates=tuple(shape.gates),
    )


def _line_of(lines: Sequence[str], what: str) -> int:
    """The line of the task, criterion or gate that a complaint begins with (``task 2 (pack): …``, ``Task pack: …``);
    0: it can't be told."""
    if found := re.match(r"Task (?P<key>[^\s:]+)", what):
        key = re.compile(rf"\s*key\s*=\s*[\"']{re.escape(found['key'])}[\"']")
        return next((at for at, line in enumerate(lines, start=1) if key.match(line)), 0)
    if found := re.match(r"(?P<table>task|criterion|gate) (?P<number>[0-9]+)\b", what):
        header = {"task": "tasks", "criterion": "criteria", "gate": "gates"}[found["table"]]
        return next(iter(_headers(lines, header)[int(found["number"]) - 1 :]), 0)
    return 0


def _headers(lines: Sequence[str], header: str) -> list[int]:
    return [at for at, line in enumerate(lines, start=1) if re.match(rf"\s*\[\[\s*{header}\s*\]\]", line)]
