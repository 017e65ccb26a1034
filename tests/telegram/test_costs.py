from decimal import Decimal

from bot.telegram.commands.money import cost_lines
from executor.ports import Spent


def spent(ref: str | None, purpose: str, calls: int, cost: str) -> Spent:
    return Spent(
        task_ref=ref, purpose=purpose, model="m-1", calls=calls, tokens_in=1200, tokens_out=34, cost=Decimal(cost)
    )


def test_the_costs_of_a_goal_are_told_by_task_and_purpose() -> None:
    lines = cost_lines([spent(None, "plan", 2, "0.25"), spent("1.2", "draft", 1, "0.0042")])

    assert lines == [
        "$0.25 · 3 requests · 2,468 tokens",
        "",
        "• plan: $0.25 (2 requests, 1,200 + 34 tokens, m-1)",
        "• 1.2 draft: $0.0042 (1 request, 1,200 + 34 tokens, m-1)",
    ]
