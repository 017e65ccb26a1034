"""A text that a model wrote, on its way to a person: shown, and where the plan says so waiting for their word."""

from collections.abc import Callable

from executor.domain.outcome import NeedsReview, Outcome, Succeeded
from executor.domain.plan import ExecutionType, TaskSpec

PREVIEW_CHARACTERS = 1_500  # of a draft in its message; the whole is in its file


def shown_first(spec: TaskSpec, outcome: Outcome, tell: Callable[[str], None]) -> Outcome:
    """What a person wants to see before it counts waits for them; a draft that need not is shown all the same."""
    if not isinstance(outcome, Succeeded):
        return outcome
    preview = outcome.result.output[:PREVIEW_CHARACTERS]
    if spec.execution_type is ExecutionType.SEMI_AUTOMATED:
        return NeedsReview(result=outcome.result, evidence=outcome.evidence, preview=preview)
    if spec.action == "draft" and preview.strip():
        more = "…" if len(outcome.result.output) > PREVIEW_CHARACTERS else ""
        tell(f"✍️ {spec.title}\n\n{preview}{more}\n\nThe whole text: {outcome.result.metadata.get('file_path')}")
    return outcome
