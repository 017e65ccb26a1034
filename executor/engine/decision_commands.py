"""Commands that answer decisions, by button, by text and by name."""

from collections.abc import Callable

from executor.domain.decision import Decision, DecisionKind
from executor.engine import answers
from executor.engine.case import Case
from executor.engine.desk import Desk, goal_of, no_decision
from executor.engine.flow import advance
from executor.engine.replies import Accepted, Caller, Refused, Reply
from executor.ports import Transaction


class DecisionCommands(Desk):
    """See the module."""

    async def answer(
        self,
        decision_number: int,
        *,
        option: str | None = None,
        text: str | None = None,
        revision: int | None = None,
        caller: Caller,
        command_id: str,
    ) -> Reply:
        """Answer an open decision; the first valid answer wins, and later ones hear who decided and when."""

        async def act(transaction: Transaction) -> tuple[Case | None, Reply]:
            decision = await transaction.decision(decision_number)
            if decision is None:
                return None, no_decision(decision_number)
            case = await self._case(transaction, decision.goal_number, caller)
            if case is None or decision_number not in case.decisions:
                return None, answers.closed(decision)
            reply = answers.answer(
                case, case.decisions[decision_number], caller, option=option, text=text, revision=revision
            )
            if isinstance(reply, Accepted):
                advance(case)
            return case, reply

        return await self._in_transaction(command_id, act)

    async def approve(self, decision_number: int, *, caller: Caller, command_id: str) -> Reply:
        """The first option."""
        return await self._pick(decision_number, lambda d: d.options[0].name if d.options else None, caller, command_id)

    async def reject(self, decision_number: int, *, caller: Caller, command_id: str) -> Reply:
        """The refusing option, where there is one."""
        return await self._pick(
            decision_number, lambda d: next((o.name for o in d.options if o.refuses), None), caller, command_id
        )

    async def _pick(
        self, number: int, choose: Callable[[Decision], str | None], caller: Caller, command_id: str
    ) -> Reply:
        decision = await self._store.decision(number)
        if decision is None:
            return no_decision(number)
        option = choose(decision)
        if option is None:
            names = ", ".join(o.name for o in decision.options) or "an answer in your own words"
            return Refused(code="no_such_option", sentence=f"Question {number} takes /answer {number} with: {names}.")
        return await self.answer(number, option=option, caller=caller, command_id=command_id)

    async def start(self, goal_number: int, *, caller: Caller, command_id: str) -> Reply:
        """Press Start on the newest proposal of a goal."""
        view = await self._store.view(goal_number)
        starts = [d for d in view.decisions if d.kind is DecisionKind.START] if view else []
        if not starts:
            state = view.goal.state if view else "unknown"
            return Refused(code="not_waiting", sentence=f"Goal {goal_number} does not wait for Start; it is {state}.")
        return await self.answer(starts[0].number, option="start", caller=caller, command_id=command_id)

    async def done(self, task_ref: str, *, caller: Caller, command_id: str) -> Reply:
        """Done, for a task that waits for a person."""
        return await self._by_hand(task_ref, "done", caller, command_id)

    async def hand_back(self, task_ref: str, *, caller: Caller, command_id: str) -> Reply:
        return await self._by_hand(task_ref, "hand-back", caller, command_id)

    async def _by_hand(self, task_ref: str, option: str, caller: Caller, command_id: str) -> Reply:
        view = await self._store.view(goal_of(task_ref))
        for decision in view.decisions if view else ():
            if decision.task_ref == task_ref and decision.kind is DecisionKind.MANUAL:
                return await self.answer(decision.number, option=option, caller=caller, command_id=command_id)
        return Refused(code="not_by_hand", sentence=f"{task_ref} does not wait for somebody's Done. /why says why.")
