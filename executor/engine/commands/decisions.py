"""Commands that answer decisions, by button, by text and by name."""

import re
from collections.abc import Callable

from executor.domain.decision import Decision, DecisionKind
from executor.domain.errors import WrongInput
from executor.engine.asking import answers
from executor.engine.asking.intervening import can_be_done_early, done_early
from executor.engine.casework.case import Case
from executor.engine.commands.desk import Desk, goal_of, no_decision
from executor.engine.flow import advance
from executor.engine.planning.planning import unlike
from executor.engine.replies import Accepted, Caller, Refused, Reply
from executor.ports import Transaction

_FILLING = re.compile(r"(?i)^(?:extend\b\s*)?(?:(?:to|until|till|by)\b\s*)?")
"""What may stand before the moment in an answer: “extend until 21:00”."""


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
        return await self._answer(decision_number, lambda d: option, caller, command_id, text=text, revision=revision)

    async def _answer(
        self,
        number: int,
        choose: Callable[[Decision], str | None],
        caller: Caller,
        command_id: str,
        *,
        text: str | None = None,
        revision: int | None = None,
    ) -> Reply:
        """Everything is looked up in the one transaction: a repeated command hears its first reply, whatever has
        become of the decision since."""

        async def act(transaction: Transaction) -> tuple[Case | None, Reply]:
            decision = await transaction.decision(number)
            if decision is None:
                return None, no_decision(number)
            option = choose(decision)
            if option is None and text is None:
                return None, _which(decision)
            case = await self._case(transaction, decision.goal_number, caller)
            if case is None or number not in case.decisions:
                return None, answers.closed(decision, self._now())
            if (refused := await _not_as_shown(transaction, case, decision, option)) is not None:
                return case, refused
            words = self._as_time(decision, option, text) if decision.kind is DecisionKind.DEADLINE else text
            return case, _give(case, case.decisions[number], caller, option, text=words, revision=revision)

        return await self._in_transaction(command_id, act, decision=number)

    def _as_time(self, decision: Decision, option: str | None, text: str | None) -> str | None:
        """The words of an answer to a deadline as a moment in ISO 8601; None where there are none: then the suggested
        moment is meant. Raises WrongInput."""
        named = decision.find(option) if option else None
        words = (text or "") if named is not None or option is None else f"{option} {text or ''}"
        words = _FILLING.sub("", words.strip())
        if not words:
            return None
        at = self._read_time(words)
        if at is None:
            raise WrongInput(f"“{words[:40]}” is no time. Try 21:00, tomorrow 09:00 or in 2h.")
        return at.isoformat()

    async def approve(self, decision_number: int, *, caller: Caller, command_id: str) -> Reply:
        """The first option."""
        return await self._answer(
            decision_number, lambda d: d.options[0].name if d.options else None, caller, command_id
        )

    async def reject(self, decision_number: int, *, caller: Caller, command_id: str) -> Reply:
        """The refusing option, where there is one."""
        return await self._answer(
            decision_number, lambda d: next((o.name for o in d.options if o.refuses), None), caller, command_id
        )

    async def start(self, goal_number: int, *, caller: Caller, command_id: str) -> Reply:
        """Press Start on the newest proposal of a goal."""

        def refusal(case: Case | None) -> Refused:
            state = case.goal.state if case else "unknown"
            return Refused(code="not_waiting", sentence=f"Goal {goal_number} does not wait for Start; it is {state}.")

        return await self._give_open(goal_number, None, DecisionKind.START, "start", refusal, caller, command_id)

    async def done(self, task_ref: str, *, caller: Caller, command_id: str) -> Reply:
        """Done, for a task that waits for a person, or will."""

        def early(case: Case | None) -> Reply:
            task = case.tasks.get(task_ref) if case else None
            if case is None or task is None or not can_be_done_early(case, task):
                return _not_by_hand(task_ref)
            sentence = done_early(case, task, caller)
            advance(case)
            return Accepted(sentence=sentence, goal_number=case.goal.number, task_ref=task_ref)

        kind = DecisionKind.MANUAL
        return await self._give_open(goal_of(task_ref), task_ref, kind, "done", early, caller, command_id)

    async def hand_back(self, task_ref: str, *, caller: Caller, command_id: str) -> Reply:
        def otherwise(case: Case | None) -> Reply:
            return _not_by_hand(task_ref)

        kind = DecisionKind.MANUAL
        return await self._give_open(goal_of(task_ref), task_ref, kind, "hand-back", otherwise, caller, command_id)

    async def _give_open(
        self,
        goal_number: int,
        task_ref: str | None,
        kind: DecisionKind,
        option: str,
        otherwise: Callable[[Case | None], Reply],
        caller: Caller,
        command_id: str,
    ) -> Reply:
        """Give an option to the open decision of this kind about a task (None: about the goal). `otherwise`: what to
        do where none is open."""

        async def act(transaction: Transaction) -> tuple[Case | None, Reply]:
            case = await self._case(transaction, goal_number, caller)
            found = [d for d in case.open_decisions(task_ref) if d.kind is kind] if case else []
            if case is None or not found:
                return case, otherwise(case)
            if (refused := await _not_as_shown(transaction, case, found[0], option)) is not None:
                return case, refused
            return case, _give(case, found[0], caller, option)

        return await self._in_transaction(command_id, act)


async def _not_as_shown(transaction: Transaction, case: Case, decision: Decision, option: str | None) -> Refused | None:
    """Start is for what the card shows, and the card shows the plan."""
    chosen = decision.find(option) if option and decision.kind is DecisionKind.START else None
    if chosen is None or chosen.name != "start":
        return None
    plans = await transaction.plans(case.goal.number)
    if not plans or not (changed := unlike(plans[-1], case.tasks.values(), case.now)):
        return None
    sentence = f"Not started: {', '.join(changed)} would not run what the card shows. Send the goal again."
    return Refused(code="not_as_shown", sentence=sentence)


def _not_by_hand(task_ref: str) -> Refused:
    return Refused(code="not_by_hand", sentence=f"{task_ref} does not wait for somebody's Done. /why says why.")


def _which(decision: Decision) -> Refused:
    names = ", ".join(o.name for o in decision.options) or "an answer in your own words"
    return Refused(
        code="no_such_option", sentence=f"Question {decision.number} takes /answer {decision.number} with: {names}."
    )


def _give(
    case: Case,
    decision: Decision,
    caller: Caller,
    option: str | None,
    *,
    text: str | None = None,
    revision: int | None = None,
) -> Reply:
    reply = answers.answer(case, decision, caller, option=option, text=text, revision=revision)
    if isinstance(reply, Accepted):
        advance(case)
    return reply
