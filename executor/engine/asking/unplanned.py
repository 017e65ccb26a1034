"""A goal that can't be planned yet, because the model could not be asked: it waits, or a person decides."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from executor.domain.decision import Decision, DecisionKind, Option
from executor.domain.goal import GoalState
from executor.domain.model_outage import BRAIN
from executor.domain.notice import NoticeKind
from executor.engine.asking.asking import ask_for_allowance
from executor.engine.casework.case import Case
from executor.engine.correction.outages import told_key
from executor.engine.flow import end
from executor.engine.replies import Caller
from executor.ports import PASSING, BrainFailed, Failure

FIRST_PAUSE_S = 30.0
PAUSE_S_MAX = 600.0
UNTIL_ANSWERED = datetime(9999, 1, 1, tzinfo=UTC)
_OPTIONS = (Option("retry", "Retry"), Option("cancel", "Cancel", refuses=True))


def plan_later(case: Case, failed: BrainFailed) -> None:
    """What passes by itself is waited for, with growing pauses and one word to the chat; the rest is asked about."""
    if case.goal.state is GoalState.PENDING:
        case.move_goal(GoalState.PLANNING)
    case.event("plan.failed", None, kind=str(failed.kind), error=failed.public)
    if failed.kind in PASSING:
        _wait(case, failed)
        return
    case.set_goal(replace(case.goal, plan_due_at=UNTIL_ANSWERED, reason=failed.public))
    if failed.kind in (Failure.BUDGET, Failure.CYCLES):
        ask_for_allowance(case, failed.limit, failed.public)
    else:
        question = f"“{case.goal.title}” can't be planned. {failed.public}"
        facts = {"title": case.goal.title, "type": "external", "cause": failed.public}
        case.ask(DecisionKind.BLOCKAGE, task_ref=None, question=question, facts=facts, options=_OPTIONS)


def _wait(case: Case, failed: BrainFailed) -> None:
    """While the model is gone for everybody, the pause is everybody's, and so is the word to the chat."""
    goal = case.goal
    if failed.since is not None:
        pause_s = failed.wait_s or FIRST_PAUSE_S
    else:
        pause_s = max(failed.wait_s or 0.0, min(FIRST_PAUSE_S * 2**goal.plan_tries, PAUSE_S_MAX))
    if goal.plan_tries == 0:
        text = f"{failed.public} Goal {goal.number} waits, and is planned as soon as that is over."
        case.tell(NoticeKind.TEXT, told_key(case, BRAIN, failed.since or case.now), {"text": text})
    due_at = case.now + timedelta(seconds=pause_s)
    case.set_goal(replace(goal, plan_due_at=due_at, plan_tries=goal.plan_tries + 1, reason=failed.public))


def plan_now(case: Case) -> None:
    """Nothing stands in the way any more."""
    case.set_goal(replace(case.goal, plan_due_at=None, plan_tries=0, reason=""))


def decide_about_plan(case: Case, decision: Decision, caller: Caller, option: str) -> str:
    case.decide(decision.number, caller, option=option, text=None)
    if option == "retry":
        plan_now(case)
        return f"Planning goal {case.goal.number} again."
    end(case, GoalState.CANCELLED, reason=f"Cancelled by {caller.name} before it was planned.")
    return f"Goal {case.goal.number} is cancelled; nothing was run."
