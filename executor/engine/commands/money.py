"""What a goal may cost: how it stands, and what a person sets anew."""

from dataclasses import replace
from decimal import Decimal

from executor.domain.allowance import Allowance, AllowanceKind, Budget
from executor.domain.decision import DecisionKind
from executor.domain.task import TaskState
from executor.engine.asking.asking import ask_for_allowance
from executor.engine.asking.unplanned import plan_now
from executor.engine.casework.case import Case
from executor.engine.commands.desk import Desk, impossible, no_goal
from executor.engine.replies import Accepted, Caller, Refused, Reply
from executor.ports import Transaction

USD_MAX = Decimal(1_000_000)


class MoneyCommands(Desk):
    """See the module."""

    async def budget(self, goal_number: int) -> Budget | None:
        """None for a goal that does not exist."""
        found = await self._store.budget(goal_number)
        return None if found is None else found.within(self._tools.limits.goal_usd)

    async def set_budget(
        self, goal_number: int, usd: Decimal, *, trusted: bool, caller: Caller, command_id: str
    ) -> Reply:
        """From now on models may cost the goal so much, with all that was allowed before counted in. Only who may let
        things happen (`trusted`) raises it; lowered below what is spent, the next request waits for a person."""

        async def act(transaction: Transaction) -> tuple[Case | None, Reply]:
            case, found = await self._case(transaction, goal_number, caller), await transaction.budget(goal_number)
            if case is None or found is None:
                return None, no_goal(goal_number)
            return case, _set(case, found.within(case.limits.goal_usd), usd, caller, trusted, command_id)

        return await self._in_transaction(command_id, act)


def _set(case: Case, before: Budget, usd: Decimal, caller: Caller, trusted: bool, command_id: str) -> Reply:
    number = case.goal.number
    if case.goal.final:
        return impossible(case, "given another budget")
    if not 0 <= usd <= USD_MAX:
        return Refused(code="wrong_input", sentence=f"A budget is $0 to ${USD_MAX:,}.")
    if usd > before.limit_usd and not trusted:
        sentence = f"Only an approver or an owner may raise it; it is {shown(before.limit_usd)}."
        return Refused(code="not_allowed", sentence=sentence)
    case.set_goal(replace(case.goal, budget_usd=usd))
    if before.allowed_usd:  # what was granted on top is part of the new sum
        case.allow(
            Allowance(
                id=f"budget/{command_id}",
                goal_number=number,
                kind=AllowanceKind.GOAL,
                amount=-before.allowed_usd,
                at=case.now,
            )
        )
    case.event("goal.budget", None, old=str(before.limit_usd), new=str(usd))
    said = f"Models may cost goal {number} {shown(usd)}; {shown(before.spent_usd)} is spent."
    if usd < before.spent_usd:
        ask_for_allowance(case, AllowanceKind.GOAL, f"{shown(before.spent_usd)} of {shown(usd)} is used.")
        return Accepted(sentence=f"{said} It asks before a model is used again.", goal_number=number)
    if usd > before.limit_usd:
        _let_go(case, caller, usd)
    return Accepted(sentence=said, goal_number=number)


def _let_go(case: Case, caller: Caller, usd: Decimal) -> None:
    """What waited for more money goes on; where it is still too little, it asks again."""
    note = f"{caller.name} raised the budget to {shown(usd)}"
    waiting = [d for d in case.open_decisions() if d.kind is DecisionKind.BUDGET and d.facts.get("limit") == "goal"]
    for decision in waiting:
        case.close(decision, note)
    if not waiting:
        return
    for task in [t for t in case.tasks.values() if t.state is TaskState.AWAITING_APPROVAL]:
        if not case.open_decisions(task.ref):
            case.move_task(task.ref, TaskState.QUEUED, summary=note)
    if case.goal.plan_due_at is not None:
        plan_now(case)


def shown(usd: Decimal) -> str:
    """``$1.25``; smaller sums to the hundredth of a cent."""
    return f"${usd:.2f}" if usd == round(usd, 2) else f"${usd:.4f}"
