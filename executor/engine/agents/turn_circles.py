"""Going in circles within one task: the same call with the same result, again and again. The model is told before it
is stopped."""

from collections.abc import Sequence

from executor.domain.outcome import Result
from executor.domain.plan import TaskSpec
from executor.domain.turn import Turn, calls
from executor.engine.blockages.loops import circle_of
from executor.engine.blockages.signatures import parameters_of, signature_of


def circle_in(turns: Sequence[Turn]) -> str | None:
    """What goes round, in a sentence; None: nothing does."""
    found = circle_of(_trail(turns))
    return None if found is None else f"{found}: {calls(turns)[-1].does}"


def warning_in(turns: Sequence[Turn]) -> str:
    """For the model: one more of the same, or one more change of the two, would be the end. Empty: all is well."""
    trail = _trail(turns)
    if len(trail) > 1 and (circle_of([*trail, trail[-1]]) or circle_of([*trail, trail[-2]])):
        return (
            "You repeat yourself: the same calls bring the same results. Once more and the work is stopped. Do "
            "something else, or finish with success false and say what is missing."
        )
    return ""


def _trail(turns: Sequence[Turn]) -> list[str]:
    """As the trail of a task: a letter, what was done, what came of it."""
    return [
        f"{'s' if turn.succeeded else 'f'}.{parameters_of(_spec(turn))}.{signature_of(_result(turn))}"
        for turn in calls(turns)
        if not turn.open
    ]


def _spec(turn: Turn) -> TaskSpec:
    return TaskSpec(key="", title="", action=turn.action, parameters=turn.parameters)


def _result(turn: Turn) -> Result:
    record = turn.result or {}
    return Result(
        success=bool(record.get("success")),
        output=str(record.get("output") or ""),
        error=str(record.get("error") or ""),
        metadata=record.get("metadata") or {},
    )
