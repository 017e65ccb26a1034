"""What models have cost, by task and purpose."""

from collections.abc import Sequence
from decimal import Decimal

from bot.telegram.commands.arguments import first_word, meant_view
from bot.telegram.desk import Request, Said
from bot.telegram.html import bold, escape
from bot.telegram.message import Message, fit
from bot.telegram.words import count
from executor.ports import Spent


async def cost(request: Request) -> Said:
    view = await meant_view(request, first_word(request.words)[0], "/cost 12")
    spent = await request.desk.engine.spending(view.goal.number)
    lines = [f"{bold(view.goal.title)} #{view.goal.number}", *cost_lines(spent)]
    return Said(message=fit(Message(html="\n".join(lines)), f"cost-{view.goal.number}.md"))


def cost_lines(spent: Sequence[Spent]) -> list[str]:
    if not spent:
        return ["No model was asked; it has cost nothing."]
    total = sum((one.cost for one in spent), Decimal(0))
    calls = sum(one.calls for one in spent)
    tokens = sum(one.tokens_in + one.tokens_out for one in spent)
    return [f"{dollars(total)} · {count(calls, 'request')} · {tokens:,} tokens", "", *(_line(one) for one in spent)]


def _line(one: Spent) -> str:
    what = f"{one.task_ref} {one.purpose}" if one.task_ref else one.purpose
    tokens = f"{one.tokens_in:,} + {one.tokens_out:,} tokens"
    return f"• {escape(what)}: {dollars(one.cost)} ({count(one.calls, 'request')}, {tokens}, {escape(one.model)})"


def dollars(amount: Decimal) -> str:
    """To the cent, and below it as far as something shows."""
    return f"${amount:.2f}" if amount == 0 or amount >= Decimal("0.1") else f"${amount:.4f}"
