"""Commands about several approvals at once: those that stand on one card."""

from executor.domain.attempt import AttemptState
from executor.domain.decision import Decision
from executor.domain.effect import EffectState
from executor.domain.gathered import answered_together, page_of, round_of, waiting
from executor.engine.asking import answers, intervening
from executor.engine.casework.case import Case
from executor.engine.commands.desk import Desk
from executor.engine.flow import NOT_BEGUN, advance
from executor.engine.replies import Accepted, Caller, Refused, Reply
from executor.engine.turns import TURN

NONE_LEFT = "None of these wait any more. Please look at the card again."
ALL_APART = "Each of these is answered by itself: they are risky."


class RoundCommands(Desk):
    """See the module."""

    async def answer_together(
        self, goal_number: int, first: int, last: int, *, yes: bool, caller: Caller, command_id: str
    ) -> Reply:
        """Let everything run that stands on the goal's card of approvals with a number from `first` to `last` and is
        not risky; or refuse all of them, and skip their tasks."""

        def act(case: Case) -> Reply:
            rounds = [number for one in waiting(case.decisions.values()) if (number := round_of(one)) is not None]
            page = page_of(case.decisions.values(), max(rounds)) if rounds else []
            meant = answered_together(page, first, last, yes=yes)
            if not meant:
                apart = answered_together(page, first, last, yes=False)
                return Refused(code="apart", sentence=ALL_APART) if apart else Refused(code="gone", sentence=NONE_LEFT)
            for decision in meant:
                _answer(case, decision, caller, yes=yes)
            advance(case)
            return Accepted(sentence=_said(meant, yes=yes), goal_number=goal_number)

        return await self._on_goal(goal_number, act, caller=caller, command_id=command_id)


def _answer(case: Case, decision: Decision, caller: Caller, *, yes: bool) -> None:
    """An approval is the same as one that was given by itself. A refused task is skipped, so that no question about
    each of them follows; a single call of an agent is refused as always."""
    if yes or TURN in decision.facts:
        option = "approve" if yes else "reject"
        answers.answer(case, decision, caller, option=option, text=None, revision=decision.revision)
        return
    task = case.tasks[decision.task_ref or ""]
    case.decide(decision.number, caller, option="reject", text=None)
    case.end_attempt(task.ref, AttemptState.FAILED)
    case.settle_effect(task.ref, EffectState.FAILED, NOT_BEGUN)
    intervening.skip(case, task, caller)


def _said(meant: list[Decision], *, yes: bool) -> str:
    numbers = ", ".join(str(decision.number) for decision in meant)
    return f"Approved {numbers}." if yes else f"Rejected {numbers}; their tasks are skipped."
