"""A goal whose person is no longer on the lists: it is paused, and belongs to somebody who is.

Nothing runs on the word of somebody who may not give it any more. What was in their private chat moves to the heir's,
the open questions too; in a group everything stays where it is.
"""

from collections.abc import Callable
from dataclasses import replace

from executor.domain.goal import GOAL_RUNNING, Goal, GoalState
from executor.domain.notice import NoticeKind
from executor.engine.casework.case import Case
from executor.engine.commands.desk import Desk, no_goal
from executor.engine.replies import Accepted, Caller, Reply
from executor.ports import Transaction

GOALS_MAX = 10_000  # open ones that are looked through


class LeavingCommands(Desk):
    """See the module."""

    async def left_behind(self, may: Callable[[int], bool]) -> list[Goal]:
        """Open goals of people who may nothing any more. A goal that nobody in particular set is not among them."""
        found = await self._store.goals(open_only=True, limit=GOALS_MAX)
        return [goal for goal in found if goal.origin.person_id and not may(goal.origin.person_id)]

    async def hand_over(self, goal_number: int, heir: Caller, *, chat_id: int | None, command_id: str) -> Reply:
        """Pause it and make it the heir's. `chat_id`: where its messages go from now on; None: where they went."""

        async def act(transaction: Transaction) -> tuple[Case | None, Reply]:
            case = await self._case(transaction, goal_number, None)
            if case is None:
                return None, no_goal(goal_number)
            _hand_over(case, heir, chat_id)
            await transaction.give_to(goal_number, case.goal.origin)
            return case, Accepted(sentence=f"Goal {goal_number} belongs to {heir.name} now.", goal_number=goal_number)

        return await self._in_transaction(command_id, act)


def _hand_over(case: Case, heir: Caller, chat_id: int | None) -> None:
    goal, left = case.goal, case.goal.origin.person_name or "Somebody"
    origin = replace(goal.origin, person_id=heir.person_id, person_name=heir.name)
    if chat_id is not None:
        origin = replace(origin, chat_id=chat_id, thread_id=None, message_id=None)
    case.set_goal(replace(goal, origin=origin))
    paused = goal.state in GOAL_RUNNING
    if paused:
        case.move_goal(GoalState.PAUSED, reason=f"Paused: {left} is no longer on the lists")
    case.event("goal.handed_over", None, left=left, heir=heir.name, paused=paused)
    open_ones = sorted(decision.number for decision in case.open_decisions())
    facts = {"left": left, "heir": heir.name, "title": goal.title, "number": goal.number, "paused": paused}
    key = f"{goal.number}/left/{case.now:%Y%m%d%H%M%S%f}"
    case.tell(NoticeKind.FAILURE, key, facts | {"questions": open_ones})
