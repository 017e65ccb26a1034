"""Dead letters: what ended for good, and taking it up again."""

from executor.domain.letter import DeadLetter
from executor.engine.asking.taking_up import take_up
from executor.engine.casework.case import Case
from executor.engine.commands.desk import Desk, no_goal
from executor.engine.commands.families import why_not_alone
from executor.engine.replies import Caller, Reply
from executor.ports import Transaction


class LetterCommands(Desk):
    """See the module."""

    async def dead_letters(self, chat_id: int | None = None, *, offset: int = 0, limit: int = 50) -> list[DeadLetter]:
        """Newest first; of one chat's goals, or of all."""
        return await self._store.dead_letters(chat_id, offset=offset, limit=limit)

    async def take_up(self, goal_number: int, *, caller: Caller, command_id: str) -> Reply:
        """Go on with a goal that failed or was cancelled; finished work is kept."""

        async def work(transaction: Transaction) -> tuple[Case | None, Reply]:
            case = await self._case(transaction, goal_number, caller)
            if case is None:
                return None, no_goal(goal_number)
            if (refused := await why_not_alone(transaction, case)) is not None:
                return case, refused
            return case, take_up(case, caller)

        return await self._in_transaction(command_id, work)
