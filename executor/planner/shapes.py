"""The customs post: tasks and checks in the JSON shape of contract section 5, turned into domain values.

Unknown fields are dropped, and named in the notes, so that the caller decides what they mean: a model's whim, or a
typing mistake in somebody's workflow file. `null` means the default. Only key, title, action and parameters are
required.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from executor.domain.errors import WrongInput
from executor.domain.gate import Gate, gate_spec
from executor.domain.limits import TITLE_CHARACTERS_MAX
from executor.domain.plan import Check, CheckKind, Criterion, ExecutionType, TaskSpec
from executor.planner.characters import cleaned, one_line
from executor.planner.values import storable

ATTEMPTS_MAX = 20
TIMEOUT_S_MAX = 7 * 24 * 3600.0
_BY_HAND = ("manual", "ask")


def _clean(given: Any) -> Any:
    return cleaned(given) if isinstance(given, str) else given


def _clean_line(given: Any) -> Any:
    return one_line(cleaned(given)) if isinstance(given, str) else given


Text = Annotated[str, Field(min_length=1), BeforeValidator(_clean)]
Line = Annotated[str, Field(min_length=1), BeforeValidator(_clean_line)]
Title = Annotated[str, Field(min_length=1, max_length=TITLE_CHARACTERS_MAX), BeforeValidator(_clean_line)]
Given = Annotated[dict[str, Any], AfterValidator(storable)]
Key = Annotated[str, Field(pattern=r"^[^\s${}]{1,64}$")]


class Shape(BaseModel):
    """What comes from outside: unknown fields are kept aside for the notes, null is left out, 1 may stand for "1"."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _without_null(cls, given: Any) -> Any:
        return {k: v for k, v in given.items() if v is not None} if isinstance(given, Mapping) else given


class CommandCheck(Shape):
    kind: Literal["command"]
    command: Text


class FileCheck(Shape):
    kind: Literal["file"]
    path: Line
    contains: str | None = None


class HttpCheck(Shape):
    kind: Literal["http"]
    url: Line
    status: int = Field(ge=100, le=599)


class OpinionCheck(Shape):
    kind: Literal["opinion"]
    question: Text


class HumanCheck(Shape):
    kind: Literal["human"]
    question: Text


CheckShape = Annotated[
    CommandCheck | FileCheck | HttpCheck | OpinionCheck | HumanCheck, Field(discriminator="kind", title="Check")
]


class CriterionShape(Shape):
    text: Line
    check: CheckShape | None = None
    covered_by: Key | None = None


class TaskShape(Shape):
    key: Key
    title: Title
    action: Line
    parameters: Given
    depends_on: list[Key] = []
    when: CheckShape | None = None
    role: str | None = None
    assignee: str | None = None
    execution_type: ExecutionType | None = None
    confidence: float = Field(default=1.0, ge=0, le=1)
    expected_outcome: str = ""
    check: CheckShape | None = None
    critical: bool = False
    optional: bool = False
    weight: float = Field(default=1.0, ge=0, le=1000)
    needs: list[str] = []
    attempts_max: int | None = Field(default=None, ge=1, le=ATTEMPTS_MAX)
    timeout_s: float | None = Field(default=None, gt=0, le=TIMEOUT_S_MAX)
    estimated_minutes: float | None = Field(default=None, ge=0)


class GateShape(Shape):
    """A gate that a plan asks for: its command, and what is done each time that it says no."""

    gate: Gate
    command: Line | None = None
    rework: list[TaskShape] = []


_CHECK: TypeAdapter[Shape] = TypeAdapter(CheckShape)


def read_task(raw: object) -> tuple[TaskSpec, list[str]]:
    """The task, and a note for each field that was dropped. Raises WrongInput with one line that names every wrong
    field."""
    try:
        shape = TaskShape.model_validate(raw)
    except ValidationError as error:
        raise WrongInput(what_is_wrong(error)) from None
    return task_of(shape), dropped(shape)


def read_check(raw: object) -> tuple[Check, list[str]]:
    """Like `read_task`, for a check alone."""
    try:
        shape = _CHECK.validate_python(raw)
    except ValidationError as error:
        raise WrongInput(what_is_wrong(error)) from None
    return check_of(shape), dropped(shape)


def read_criterion(raw: object) -> tuple[Criterion, list[str]]:
    """Like `read_task`, for a criterion."""
    try:
        shape = CriterionShape.model_validate(raw)
    except ValidationError as error:
        raise WrongInput(what_is_wrong(error)) from None
    return criterion_of(shape), dropped(shape)


def criterion_of(shape: CriterionShape) -> Criterion:
    check = check_of(shape.check) if shape.check else None
    return Criterion(text=shape.text, check=check, covered_by=shape.covered_by)


def read_gate(raw: object) -> tuple[TaskSpec, list[str]]:
    """Like `read_task`, for a gate."""
    try:
        shape = GateShape.model_validate(raw)
    except ValidationError as error:
        raise WrongInput(what_is_wrong(error)) from None
    notes = [note for one in (shape, *shape.rework) for note in dropped(one)]
    return gate_spec(shape.gate, shape.command or "", tuple(task_of(one) for one in shape.rework)), notes


def check_of(shape: Shape) -> Check:
    fields = shape.model_dump(include=set(type(shape).model_fields))
    return Check(**fields | {"kind": CheckKind(fields["kind"])})


def task_of(shape: TaskShape) -> TaskSpec:
    fields = {name: getattr(shape, name) for name in TaskShape.model_fields}
    by_hand = ExecutionType.MANUAL if shape.action in _BY_HAND else ExecutionType.FULLY_AUTOMATED
    return TaskSpec(
        **fields
        | {
            "depends_on": tuple(dict.fromkeys(shape.depends_on)),
            "needs": tuple(shape.needs),
            "when": check_of(shape.when) if shape.when else None,
            "check": check_of(shape.check) if shape.check else None,
            "execution_type": shape.execution_type or by_hand,
        }
    )


def dropped(shape: Shape, at: str = "") -> list[str]:
    """One note for each unknown field, wherever it stands."""
    notes = [f"{at}{name} is no known field and was dropped" for name in shape.model_extra or {}]
    for name in type(shape).model_fields:
        if isinstance(value := getattr(shape, name), Shape):
            notes += dropped(value, f"{at}{name}.")
    return notes


def what_is_wrong(error: ValidationError) -> str:
    """Every complaint on one line: ``depends_on.0: Input should be a valid string; title: Field required``."""
    complaints = (
        f"{'.'.join(map(str, one['loc'])) or 'value'}: {one['msg'].removeprefix('Value error, ').rstrip('.')}"
        for one in error.errors(include_url=False, include_context=False, include_input=False)
    )
    return one_line("; ".join(complaints))
