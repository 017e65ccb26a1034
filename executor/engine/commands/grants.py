"""The command that takes a grant back."""

from executor.engine.casework.granting import revoke
from executor.engine.commands.desk import Desk
from executor.engine.replies import Caller, Reply


class GrantCommands(Desk):
    """See the module."""

    async def revoke_grant(self, goal_number: int, key: str, *, caller: Caller, command_id: str) -> Reply:
        """Take back what was said about an action for the rest of the goal; `key` is how its digest begins."""
        return await self._on_goal(goal_number, lambda case: revoke(case, key), caller=caller, command_id=command_id)
