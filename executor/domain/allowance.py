"""An allowance: what a person grants a goal beyond the limits of what models may cost."""

from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What models may cost a goal: its own limit (None: the configured one), what people allowed on top, and what is
    spent, requests that are still out at their worst. US dollars."""

    own_usd: Decimal | None
    allowed_usd: Decimal
    spent_usd: Decimal
    configured_usd: Decimal = Decimal(0)

    @property
    def limit_usd(self) -> Decimal:
        return (self.configured_usd if self.own_usd is None else self.own_usd) + self.allowed_usd

    def within(self, configured_usd: Decimal) -> "Budget":
        return replace(self, configured_usd=configured_usd)
