"""What turns a draft into a plan."""

from typing import Protocol

from executor.domain.goal import Goal
from executor.domain.plan import GoalDraft, Plan


class Brain(Protocol):
    """Turns a draft into a plan. Raises WrongInput with one clear line where it can't."""

    name: str
    immediate: bool  # answers within milliseconds and without the network: a goal is planned while it is accepted

    async def plan(self, draft: GoalDraft, goal: Goal) -> Plan:
        """A plan for `goal`, tasks acyclic and every criterion covered by a check, a task or a person."""
        ...
