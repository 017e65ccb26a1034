"""The parts of the engine's façade that more than one front needs, told once. A command that was carried out once under
its `command_id` returns the same reply again."""

from typing import Protocol

from executor.domain.change import Difference, Undoing
from executor.domain.goal import Origin
from executor.domain.plan import GoalDraft
from executor.engine.replies import Caller, Refused, Reply


class TakesGoals(Protocol):
    """Goals come in, and so do answers to what is asked about them."""

    async def set_goal(self, draft: GoalDraft, *, origin: Origin, caller: Caller, command_id: str) -> Reply: ...

    async def replace_draft(self, goal_number: int, draft: GoalDraft, *, caller: Caller, command_id: str) -> Reply: ...

    async def answer(
        self,
        decision_number: int,
        *,
        option: str | None,
        text: str | None,
        revision: int | None,
        caller: Caller,
        command_id: str,
    ) -> Reply: ...


class GoesBack(Protocol):
    """What a goal changed in its folder, and the way back."""

    def has_changes(self, goal_number: int) -> bool: ...

    async def difference(
        self, goal_number: int, task_ref: str | None = None, *, whole: bool = False
    ) -> Difference | Refused: ...

    async def undoing(
        self, goal_number: int, task_ref: str | None = None, *, state: str | None = None
    ) -> Undoing | Refused: ...

    async def undo(
        self,
        goal_number: int,
        task_ref: str | None = None,
        *,
        state: str | None = None,
        seen: str,
        caller: Caller,
        command_id: str,
    ) -> Reply: ...
