"""What happens next to a goal, and when."""

from collections.abc import Sequence
from datetime import datetime

from executor.domain.decision import DecisionState
from executor.domain.goal import GoalState
from executor.engine.spans import moment
from executor.engine.why.unplanned import next_try
from executor.engine.why.values import Around, Code, Known, Reason


def next_step(known: Known, tasks: Sequence[Reason], around: Around) -> tuple[str, datetime | None]:
    """What happens next, and when."""
    goal = known.goal
    if goal.final:
        return "nothing, it is over", None
    if not around.running:
        return "nothing before Milepost runs: start milepost up", None
    if around.stop is not None:
        return "nothing before a person lifts the STOP: /resume", None
    if (tried := next_try(goal, around.now)) is not None:
        return tried
    open_ones = [reason for reason in tasks if not known.tasks[reason.ref or ""].final]
    if due := [reason for reason in open_ones if reason.code is Code.DUE]:
        return f"{due[0].ref} begins with the next tick", around.now
    timed = [reason for reason in open_ones if reason.next_at is not None]
    if timed:
        first = min(timed, key=lambda reason: reason.next_at or around.now)
        assert first.next_at is not None
        said = f"{first.ref} {moment(first.next_at, around.now, around.zone)}"
    else:
        said = ""
    runs = [reason.ref or "" for reason in open_ones if reason.code is Code.RUNNING]
    if runs:
        end = f"{', '.join(runs)} ends" if len(runs) == 1 else f"one of {', '.join(runs)} ends"
        return (f"{said}, or before that {end}" if said else f"{end}, which nobody can time"), _time(timed)
    if said:
        return said, _time(timed)
    return _next_without_time(known, open_ones), None


def _time(timed: Sequence[Reason]) -> datetime | None:
    return min((reason.next_at for reason in timed if reason.next_at), default=None)


def _next_without_time(known: Known, open_ones: Sequence[Reason]) -> str:
    asked = sorted({decision.number for decision in known.decisions if decision.state is DecisionState.OPEN})
    state = known.goal.state
    if state is GoalState.PAUSED:
        return "nothing before it is resumed"
    if state in (GoalState.PENDING, GoalState.PLANNING) and not asked:
        return "its plan, with a Start button"
    if asked:
        return f"nothing by itself: your answer to question {', '.join(map(str, asked))}"
    if any(reason.code is Code.WAITS_FOR_WORKER for reason in open_ones):
        return "the first slot that becomes free"
    return "the look-out for stalls takes it up"
