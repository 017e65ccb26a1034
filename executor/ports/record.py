"""Everything that is kept about one goal."""

from dataclasses import dataclass

from executor.domain.attempt import Attempt
from executor.domain.blockage import Blockage
from executor.domain.decision import Decision
from executor.domain.event import Event
from executor.domain.plan import Plan
from executor.domain.turn import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalRecord:
    """Oldest first, nothing cut: attempts hold their whole output."""

    plans: tuple[Plan, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    turns: tuple[Turn, ...] = ()  # of tasks that a model worked on call by call
    decisions: tuple[Decision, ...] = ()
    blockages: tuple[Blockage, ...] = ()
    events: tuple[Event, ...] = ()
