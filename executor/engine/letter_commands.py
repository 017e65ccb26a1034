"""Dead letters: what ended for good, and taking it up again."""

from executor.domain.letter import DeadLetter
from executor.engine.desk import Desk
from executor.engine.replies import Caller, Reply
from executor.engine.taking_up import take_up


class LetterCommands(Desk):
    """See the module."""

    async def dead_letters(self, chat_id: int | None = None, *, offset: int = 0, limit: int = 50) -> list[DeadLetter]:
        """Newest first; of one chat's goals, or of all."""
        return await self._store.dead_letters(chat_id, offset=offset, limit=limit)

    async def take_up(self, goal_number: int, *, caller: Caller, command_id: str) -> Reply:
        """Go on with a goal that failed or was cancelled; finished work is kept."""
        return await self._on_goal(
            goal_number, lambda case: take_up(case, caller), caller=caller, command_id=command_id
        )
