"""How much disk one goal may take."""

from typing import Protocol


class Quota(Protocol):
    async def full(self, goal_number: int) -> str | None:
        """What to say where its folder has outgrown what is allowed; None where it has not. Measures in a thread, and
        seldom: what took long to measure is not measured again soon."""
        ...


class NoQuota:
    """As much as the disk holds."""

    async def full(self, goal_number: int) -> str | None:
        return None
