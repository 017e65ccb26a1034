"""What models have cost, by task and purpose, and what they may cost."""

import re
from collections.abc import Sequence
from decimal import Decimal

from bot.telegram.access import Role
from bot.telegram.commands.arguments import first_word, goal_number, meant_view, own_view
from bot.telegram.desk import Request, Said, say, say_reply
from bot.telegram.html import bold, escape
from bot.telegram.message import Message, fit
from bot.telegram.words import count
from executor.domain.errors import WrongInput
from executor.ports import Spent

BUDGET = "/budget 12, or /budget 12 $2"
_AMOUNT = re.compile(r"\$?(\d{1,7}(?:[.,]\d{1,6})?)\$?")


async def budget(request: Request) -> Said:
    """``/budget [12]`` shows it, ``/budget [12] $2`` sets it."""
    head, rest = first_word(request.words)
    goal, amount = (head, rest) if goal_number(head) is not None or not head else ("", request.words.strip())
    if not amount:
        view = await meant_view(request, goal, BUDGET)
        return say("\n".join(await _budget_lines(request, view.goal.number, view.goal.title)))
    found = _AMOUNT.fullmatch(amount)
    if found is None:
        raise WrongInput(f"Please write it like this: {BUDGET}")
    view = await own_view(request, goal, BUDGET)
    reply = await request.desk.engine.set_budget(
        view.goal.number,
        Decimal(found[1].replace(",", ".")),
        trusted=request.role >= Role.APPROVER,
        caller=request.caller,
        command_id=request.command_id,
    )
    return say_reply(reply)


async def _budget_lines(request: Request, number: int, title: str) -> list[str]:
    found = await request.desk.engine.budget(number)
    assert found is not None  # the goal is there
    lines = [f"{bold(title)} #{number}", f"{dollars(found.spent_usd)} of {dollars(found.limit_usd)} is spent on models"]
    if found.own_usd is None:
        lines.append("the usual limit of a goal, from the configuration")
    if found.allowed_usd > 0:
        lines.append(f"{dollars(found.allowed_usd)} of it was allowed on the way")
    return [*lines, f"/budget {number} $2 sets another limit · /cost {number} says for what"]


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
