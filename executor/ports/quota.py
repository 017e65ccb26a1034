"""How much disk one goal may take, and whether there is any left."""

from typing import Protocol


class Room(Protocol):
    """Whether the disk that holds everything has room. Asked at every turn, so it costs microseconds."""

    def short(self) -> str | None:
        """A sentence without its full stop where it has so little that nothing new may begin; None: there is room. What
        was said stays true until there is clearly more."""
        ...


class Quota(Room, Protocol):
    async def full(self, goal_number: int) -> str | None:
        """What to say where its folder has outgrown what is allowed; None where it has not. Measures in a thread, and
        seldom: what took long to measure is not measured again soon."""
        ...


class NoQuota:
    """As much as the disk holds, and it holds everything."""

    async def full(self, goal_number: int) -> str | None:
        return None

    def short(self) -> str | None:
        return None
