"""Tasks that may be what ends Milepost: a process that dies takes every running task with it, and one of them may be
the reason.

What tells them from others is how soon it comes. Restarts and power cuts come at any moment of a task; a task that
ends its own process does so soon after its start, and again the next time. So only deaths right after a task's start
count towards the few that park it. Tasks that share two such deaths are tried one after the other, each on its own for
as long as a death would still count, while all that are not suspected go on: the next death then says which one it is.
"""

from collections.abc import Collection, Sequence

from executor.domain.attempt import Attempt
from executor.domain.blockage import BlockageType
from executor.domain.correction import AskPerson
from executor.domain.limits import Limits
from executor.domain.task import Task
from executor.engine.blockages.loops import LOST, LOST_SOON, noted_as

DEATHS_MAX = 3  # right after its start, each time
SUSPECTED_FROM = 2
LOST_MAX = 8  # at any moment: restarts have many reasons, so this takes longest


def died_soon(attempt: Attempt, limits: Limits) -> bool:
    """Whether its process died soon after it began, as far as its lease tells: that is renewed every third of it, so a
    lease that was hardly renewed says that nobody was there any more. Where the clock or the configuration changed in
    between nothing can be said."""
    alive_s = (attempt.lease_until - attempt.started_at).total_seconds() - limits.lease_s
    return -1.0 <= alive_s < _beat_s(limits)


def _beat_s(limits: Limits) -> float:
    return limits.lease_s / 3


def noted_loss(task: Task, *, soon: bool) -> Task:
    """The task with an attempt on its trail that Milepost did not survive."""
    return noted_as(task, LOST_SOON if soon else LOST)


def lost_too_often(task: Task, limits: Limits) -> AskPerson | None:
    """A person, instead of a task during which Milepost dies every time."""
    soon, lost = deaths(task)
    if soon >= DEATHS_MAX:
        how = f"{soon} times in a row within {_beat_s(limits):.0f} s of its start"
    elif lost >= LOST_MAX:
        how = f"{lost} times in a row while it ran"
    else:
        return None
    cause = f"Milepost ended {how}; it may be what ends Milepost"
    return AskPerson(type=BlockageType.RESOURCE, cause=cause, confidence=0.5)


def deaths(task: Task) -> tuple[int, int]:
    """How often in a row, up to now, Milepost died right after its start, and at all."""
    lost = _last_in_a_row(task, (LOST, LOST_SOON))
    return _last_in_a_row(task, (LOST_SOON,)), lost


def _last_in_a_row(task: Task, letters: tuple[str, ...]) -> int:
    count = 0
    for entry in reversed(task.trail):
        if not entry.startswith(letters):
            break
        count += 1
    return count


class Trial:
    """Suspected tasks begin one after the other. Kept in memory: after a death it is begun anew."""

    def __init__(self, limits: Limits) -> None:
        self._ref: str | None = None
        self._until = 0.0  # monotonic
        self._trial_s = 2 * _beat_s(limits)  # by then its lease has been renewed, and says that it was survived
        self.withheld = 0  # in the last round

    def chosen(self, tasks: Sequence[Task], most: int, held: Collection[tuple[str, int]], now: float) -> frozenset[str]:
        """The tasks (refs) of these, in their order, that may begin now, at most so many; the attempts that run are
        `held`. `now` in monotonic seconds."""
        self.withheld = 0
        if now >= self._until or self._ref not in {ref for ref, _ in held}:
            self._ref = None
        let = [task.ref for task in tasks if self._lets(task, now)]
        return frozenset(let[:most])

    def _lets(self, task: Task, now: float) -> bool:
        if deaths(task)[0] < SUSPECTED_FROM:
            return True
        if self._ref is not None:
            self.withheld += 1
            return False
        self._ref, self._until = task.ref, now + self._trial_s
        return True
