"""The replies of contract section 5 as types: what a model must send, and what becomes of it.

One place for both directions: the JSON schema that goes with a request is made from the same types that read the
reply. Unknown fields are dropped and noted; null means the default.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, ValidationError

from executor.domain.errors import WrongInput
from executor.domain.plan import ExecutionType
from executor.planner.models.outline import trimmed
from executor.planner.shapes import (
    CheckShape,
    CriterionShape,
    Given,
    Line,
    Shape,
    TaskShape,
    Text,
    dropped,
    what_is_wrong,
)

S = TypeVar("S", bound=Shape)

Share = Annotated[float, Field(ge=0, le=1)]
SUMMARY_CHARACTERS_MAX = 2_000


def _short(given: Any) -> Any:
    return given[:SUMMARY_CHARACTERS_MAX] if isinstance(given, str) else given


Summary = Annotated[str, BeforeValidator(_short)]


class PlannedCriterion(CriterionShape):
    """As a model sends it."""


class MilestoneShape(Shape):
    title: Line
    after: list[str] = []


class AlternativeShape(Shape):
    name: Line
    rationale: Summary = ""
    probability: Share | None = None
    estimated_minutes: float | None = Field(default=None, ge=0)
    estimated_usd: float | None = Field(default=None, ge=0)
    tasks: list[TaskShape]


class PlanReply(Shape):
    summary: Summary = ""
    criteria: list[PlannedCriterion] = []
    milestones: list[MilestoneShape] = []
    alternatives: Annotated[list[AlternativeShape], Field(min_length=1)]
    chosen: Line


class CallShape(Shape):
    action: Line
    parameters: Given


class FinishShape(Shape):
    success: bool
    summary: Summary
    insights: list[str] = []


class ActReply(Shape):
    thought: Summary = ""
    call: CallShape | None = None
    finish: FinishShape | None = None


class FixShape(Shape):
    kind: Literal["retry", "change_parameters", "insert_task", "replace_task", "ask_human", "give_up"]
    parameters: Given | None = None
    task: TaskShape | None = None
    question: str | None = None


class DiagnoseReply(Shape):
    blockage_type: Literal["dependency", "resource", "error", "external"]
    cause: Line
    confidence: Share
    fix: FixShape


class JudgeReply(Shape):
    deviation: Share
    met: bool
    evidence: Summary


class AdaptReply(Shape):
    reason: Summary
    plan: PlanReply


class IssueShape(Shape):
    title: Line
    detail: Summary = ""
    severity: Literal["low", "medium", "high"] = "medium"


class ReviewReply(Shape):
    approved: bool
    issues: list[IssueShape] = []


class ExtractedTask(Shape):
    title: Line
    execution_type: ExecutionType = ExecutionType.MANUAL
    confidence: Share = 1.0
    context: str = ""


class ExtractReply(Shape):
    tasks: list[ExtractedTask]


class OpportunityShape(Shape):
    kind: Literal["opportunity", "issue", "improvement"]
    title: Line
    detail: Summary = ""
    goal: str | None = None


class ProposeReply(Shape):
    opportunities: list[OpportunityShape]


def schema_of(model: type[Shape]) -> Mapping[str, Any]:
    """Its JSON schema, self-contained."""
    return trimmed(model.model_json_schema())


def read_as(model: type[S], raw: object) -> tuple[S, list[str]]:
    """The reply and a note for each field that was dropped. Raises WrongInput naming everything that does not fit."""
    try:
        reply = model.model_validate(raw)
    except ValidationError as error:
        raise WrongInput(what_is_wrong(error)) from None
    return reply, dropped(reply)


__all__ = [
    "ActReply",
    "AdaptReply",
    "AlternativeShape",
    "CheckShape",
    "DiagnoseReply",
    "ExtractReply",
    "JudgeReply",
    "PlanReply",
    "ProposeReply",
    "ReviewReply",
    "Text",
    "read_as",
    "schema_of",
]
