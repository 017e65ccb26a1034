"""Dollars as whole millionths, and allowances as rows."""

from datetime import UTC, datetime
from decimal import Decimal

from executor.domain.allowance import Allowance, AllowanceKind
from storage.rows.kinds import Values

MICRO = 1_000_000


def micro(dollars: Decimal) -> int:
    return int((Decimal(dollars) * MICRO).to_integral_value())


def day_of(at: datetime) -> str:
    """The day in UTC: what a day's money is counted by."""
    return f"{at.astimezone(UTC):%Y-%m-%d}"


def allowance_values(allowance: Allowance) -> Values:
    whole = int(allowance.amount) if allowance.kind is AllowanceKind.CYCLES else micro(allowance.amount)
    return {
        "id": allowance.id,
        "goal_number": allowance.goal_number,
        "kind": allowance.kind.value,
        "amount": whole,
        "day": day_of(allowance.at),
        "at": allowance.at,
    }
