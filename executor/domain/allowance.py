"""An allowance: what a person grants a goal beyond the limits of what models may cost."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class AllowanceKind(StrEnum):
    GOAL = "goal"  # US dollars for this goal
    DAY = "day"  # US dollars for all goals, on the day of the grant
    CYCLES = "cycles"  # reasoning cycles of this goal


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """`id` names the decision that granted it: written twice, it counts once. `amount` is dollars or cycles."""

    id: str
    goal_number: int
    kind: AllowanceKind
    amount: Decimal
    at: datetime
