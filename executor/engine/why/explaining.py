"""Why a goal is where it is, from its state alone: what waits for what, since when, and what happens next and when.

`explain` gives the whole answer as values; `Why.lines` is the same for people, with long chains in one line.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from executor.engine.spans import ago
from executor.engine.why.lines import chain, named, said, task_lines
from executor.engine.why.next_step import next_step
from executor.engine.why.of_goal import known_of, why_goal
from executor.engine.why.of_task import reason_of
from executor.engine.why.values import Around, Reason, stopped_words
from executor.ports import GoalView

_LATE_TICKS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """`tasks` holds an answer for every task, in the order of the plan; `next_at` is None where nobody can know."""

    goal: Reason
    tasks: tuple[Reason, ...]
    next: str
    next_at: datetime | None
    engine: str
    running: bool
    ticked_at: datetime | None
    slots: int
    busy: tuple[str, ...]
    limit_usd: Decimal | None
    spent_usd: Decimal
    lines: tuple[str, ...]

    def about(self, ref: str) -> Reason | None:
        return next((reason for reason in self.tasks if reason.ref == ref), None)


def explain(view: GoalView, around: Around, only: str | None = None) -> Why:
    """The answer for a goal; `only` names the one task whose lines are wanted."""
    known = known_of(view.goal, view.tasks, view.attempts, view.decisions)
    tasks = {task.ref: reason_of(task, known, around) for task in view.tasks}
    tasks = {ref: said(reason, tasks, known) for ref, reason in tasks.items()}
    goal = why_goal(known, tuple(tasks.values()), around)
    step, at = next_step(known, tuple(tasks.values()), around)
    engine = _engine(around)
    if only is None:
        shown = [named(goal, f"Goal {view.goal.number}"), *task_lines(view, tasks)]
    else:
        shown = [f"{ref} {tasks[ref].title}: {tasks[ref].sentence}" for ref in chain(only, tasks)]
    if not view.goal.final:
        shown += [f"Next: {step}", engine, _budget(around)]
    return Why(
        goal=goal,
        tasks=tuple(tasks.values()),
        next=step,
        next_at=at,
        engine=engine,
        running=around.running,
        ticked_at=around.ticked_at,
        slots=around.slots,
        busy=around.busy,
        limit_usd=around.limit_usd,
        spent_usd=around.spent_usd,
        lines=tuple(f"{line.rstrip('.')}." for line in shown if line),
    )


def _engine(around: Around) -> str:
    """Who works, and when the last tick was."""
    if around.stop is not None:
        return f"Everything is {stopped_words(around.stop, around)}"
    last = f"last tick {ago(around.ticked_at, around.now)} ago" if around.ticked_at else "it has not run yet"
    if not around.running:
        return f"Milepost is not running; {last}"
    silent_s = (around.now - around.ticked_at).total_seconds() if around.ticked_at else 0.0
    late = silent_s > _LATE_TICKS * around.tick_s
    busy = f" ({', '.join(around.busy)})" if around.busy else ""
    sentence = f"1 worker, {len(around.busy)} of {around.slots} slots busy{busy}; {last}"
    return f"{sentence}, which is late" if late else sentence


def _budget(around: Around) -> str:
    limit = f"${around.limit_usd:.2f}" if around.limit_usd is not None else "no limit"
    return f"Budget: ${around.spent_usd:.2f} of {limit} used"
