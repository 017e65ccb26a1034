"""A goal that says too much: what goes beyond the limits comes as one document, and the goal waits for a word."""

from collections.abc import Sequence

from executor.domain.decision import DecisionState
from executor.domain.flood import COUNTED, IN_A_CHAT, MARK, NEWS, OF_A_GOAL, room
from executor.domain.goal import GOAL_RUNNING, GoalState
from executor.domain.notice import Notice, NoticeKind
from executor.engine.casework.case import Case
from executor.ports import Transaction


async def keep_within_limits(transaction: Transaction, case: Case) -> None:
    """Before a case is saved. It costs nothing where it says nothing that counts."""
    new = [notice for notice in case.notices if _counts(case, notice)]
    if not new:
        return
    of_goal, in_chat = await transaction.said(case.goal.number, new[0].chat_id, case.now)
    news = [notice for notice in new if notice.kind in NEWS]
    beyond = [*new[room(OF_A_GOAL, of_goal) :], *news[room(IN_A_CHAT, in_chat) :]]
    if beyond:
        _dam(case, [notice for notice in new if notice in beyond and notice.kind is NoticeKind.TEXT])


def _counts(case: Case, notice: Notice) -> bool:
    """A new message: a decided question only edits its own."""
    if notice.decision_number is None:
        return notice.kind in COUNTED
    decision = case.decisions.get(notice.decision_number)
    opened = decision is not None and decision.state is DecisionState.OPEN and decision.opened_at == case.now
    return notice.kind in COUNTED and opened


def _dam(case: Case, beyond: Sequence[Notice]) -> None:
    """Questions stay: somebody has to answer them, and no more come while the goal is paused."""
    number = case.goal.number
    kept = {notice.key for notice in beyond}
    case.notices[:] = [notice for notice in case.notices if notice.key not in kept]
    paused = case.goal.state in GOAL_RUNNING
    if paused:
        case.move_goal(GoalState.PAUSED, reason="Paused: it said too much within a short time")
    case.event("goal.flood", None, held=len(beyond), paused=paused)
    facts = {
        "flood": number,
        "title": case.goal.title,
        "paused": paused,
        "texts": [f"{notice.facts.get('ref', '')} {notice.facts.get('text', '')}".strip() for notice in beyond],
    }
    case.tell(NoticeKind.FAILURE, f"{number}{MARK}{case.now:%Y%m%d%H%M%S%f}", facts)
