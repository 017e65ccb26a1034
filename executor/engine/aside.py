"""Goals whose step a bug breaks: each waits, longer every time, so that no number of them takes the turns of others.

Kept in memory: after a restart the bug may be gone, and each of them has another try.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from executor.domain.correction import pause_s
from executor.engine.capacity import Capacities, due_with_room
from executor.ports import Due, Transaction

FIRST_S = 2.0
LONGEST_S = 300.0


class Aside:
    def __init__(self) -> None:
        self._waiting: dict[int, tuple[int, datetime]] = {}  # times, and until when

    def failed(self, goal_number: int, now: datetime) -> None:
        times = self._waiting.get(goal_number, (0, now))[0] + 1
        wait_s = min(pause_s(times, FIRST_S), LONGEST_S)
        self._waiting[goal_number] = times, now + timedelta(seconds=wait_s)

    def went_well(self, goal_number: int) -> None:
        self._waiting.pop(goal_number, None)

    def waiting(self, now: datetime) -> frozenset[int]:
        return frozenset(number for number, (_, until) in self._waiting.items() if until > now)


async def due_without(
    aside: Collection[int], transaction: Transaction, now: datetime, free: int, capacities: Capacities
) -> list[Due]:
    """As `due_with_room`, without these goals: whoever stands behind their tasks moves up."""
    wanted = free
    while True:
        due = await due_with_room(transaction, now, wanted, capacities)
        others = [one for one in due if one.goal_number not in aside]
        if len(others) >= free or len(due) < wanted:
            return others[:free]
        wanted *= 2
