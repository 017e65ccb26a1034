"""A finished goal taken up again: a new version of its plan, made of what somebody wants changed.

Finished work is kept. What can be looked at by itself and every gate is looked at once more at the end; what a person
has confirmed stays confirmed. The percentage starts again from the share of finished work, no milestone is announced a
second time, and the end comes once more, with a receipt of its own.
"""

from collections.abc import Sequence
from dataclasses import replace

from executor.domain.decision import DecisionKind
from executor.domain.errors import WrongInput
from executor.domain.goal import GoalState
from executor.domain.milestone import PLANNED, progress_of
from executor.domain.plan import TaskSpec
from executor.engine.asking import answers
from executor.engine.casework.case import Case
from executor.engine.commands.decisions import DecisionCommands
from executor.engine.flow import advance
from executor.engine.gates import with_own_keys
from executor.engine.planning.adaptation import adapt, current_plan
from executor.engine.replies import Accepted, Caller, Refused, Reply

OPTION = "rework"
REASON_CHARACTERS_MAX = 120


class ReworkCommands(DecisionCommands):
    """See the module."""

    async def rework(
        self,
        goal_number: int,
        *,
        feedback: str,
        priority: int | None = None,
        caller: Caller,
        command_id: str,
        decision_number: int | None = None,
    ) -> Reply:
        """`priority` is 1..10, None leaves it. `decision_number`: this is the answer to that question, and counts only
        while it is open. Whoever gives this has thereby accepted the new version."""
        if not feedback.strip():
            return Refused(code="empty", sentence=f"Say what should be different: /rework {goal_number} your words")
        if priority is not None and not 1 <= priority <= 10:
            return Refused(code="wrong_input", sentence=f"A priority is between 1 and 10, not {priority}.")
        goal = await self._store.view(goal_number)
        try:
            tasks = await self._tools.mender.rework(feedback, goal.goal) if goal is not None else ()
        except WrongInput as error:
            return Refused(code="wrong_input", sentence=error.public)

        def act(case: Case) -> Reply:
            if case.goal.state is not GoalState.COMPLETED:
                return _not_completed(case)
            if decision_number is not None and decision_number not in case.decisions:
                return Refused(code="already_decided", sentence=f"Question {decision_number} was already decided.")
            if priority is not None:
                case.set_goal(replace(case.goal, priority=priority))
            return _take_up(case, tasks, feedback.strip(), caller)

        return await self._on_goal(goal_number, act, caller=caller, command_id=command_id)

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
        """What should be different about a result is thought about before anything is changed."""
        decision = await self._store.decision(decision_number) if text is not None else None
        if decision is None or decision.kind is not DecisionKind.RESULT or text is None:
            return await super().answer(
                decision_number, option=option, text=text, revision=revision, caller=caller, command_id=command_id
            )
        chosen = decision.find(option) if option else None
        if chosen is None or chosen.name != OPTION:
            return Refused(code="no_such_option", sentence=answers.which(decision))
        return await self.rework(
            decision.goal_number,
            feedback=text,
            caller=caller,
            command_id=command_id,
            decision_number=decision_number,
        )


def _not_completed(case: Case) -> Refused:
    state, number = case.goal.state.replace("_", " "), case.goal.number
    help_ = "Set it again as a new goal." if case.goal.final else f"/status {number} shows how far it is."
    return Refused(
        code="not_completed", sentence=f"Only a completed goal is reworked; goal {number} is {state}. {help_}"
    )


def _take_up(case: Case, tasks: Sequence[TaskSpec], feedback: str, caller: Caller) -> Reply:
    for decision in case.open_decisions():
        if decision.kind is DecisionKind.RESULT:
            case.decide(decision.number, caller, option=OPTION, text=feedback)
    case.set_goal(case.goal.reworked(case.now))
    case.event("goal.reworked", None, feedback=feedback, round=case.goal.reworks)
    new = with_own_keys(case, tasks, f"rework-{case.goal.reworks}")
    line = " ".join(feedback.split())
    reason = line if len(line) <= REASON_CHARACTERS_MAX else line[: REASON_CHARACTERS_MAX - 1] + "…"
    change = adapt(case, [*current_plan(case).tasks, *new], reason=f"{caller.name}: {reason}")
    case.track(max(progress_of(case.tasks.values()).percentage, PLANNED))
    advance(case)
    number = case.goal.number
    part_of = case.goal.parent_task
    keeps = f" Task {part_of}, which it was part of, keeps the result that it had." if part_of else ""
    return Accepted(sentence=f"Goal {number} goes on. {change.line}.{keeps}", goal_number=number)
