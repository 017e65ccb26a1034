"""Once an hour what is over and old is forgotten: finished goals with all that belongs to them, and what the chat said
long ago."""

from datetime import datetime, timedelta
from typing import Protocol

from loguru import logger

from executor.domain.errors import MilepostError
from executor.ports import Clock, GoalView

INBOX_DAYS = 3  # the chat may repeat an update for a day, and with it a command
EVERY_S = 3_600.0
WORKTREES_EVERY_S = 15.0
GOALS_MAX = 50  # looked at in one go


class InboxRows(Protocol):
    async def prune(self, before: datetime) -> int: ...


class HousekeepingRows(Protocol):
    """What storage can forget. Every method is one small transaction at most, and safe to call again at any time."""

    async def old_goals(self, before: datetime, limit: int) -> list[int]:
        """Goals that were over before then and hold nothing up, the oldest first."""
        ...

    async def forget_goal(self, number: int, before: datetime) -> bool:
        """Delete some of its rows. True: nothing is left to delete."""
        ...

    async def forget_rest(self, before: datetime) -> bool:
        """Delete some of what belongs to no goal. True: nothing is left to delete."""
        ...


class Database(Protocol):
    @property
    def inbox(self) -> InboxRows: ...

    @property
    def housekeeping(self) -> HousekeepingRows: ...

    async def view(self, goal_number: int) -> GoalView | None: ...


class Workspaces(Protocol):
    async def remove(self, goal_number: int) -> None:
        """Raises OSError."""
        ...

    def with_worktrees(self) -> list[int]: ...

    async def remove_worktrees(self, goal_number: int) -> None:
        """Raises OSError."""
        ...


class Housekeeper:
    def __init__(self, database: Database, workspaces: Workspaces, clock: Clock, keep_days: int) -> None:
        self._database = database
        self._workspaces = workspaces
        self._clock = clock
        self._keep = timedelta(days=keep_days)

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.tidy()
            except MilepostError as error:  # a full or busy disk: the next hour will do
                logger.warning("Could not tidy up: {}", error)
            await self._clock.sleep(EVERY_S)

    async def tidy(self) -> None:
        """Forget everything that is due now."""
        await self.end_worktrees()
        now, rows = self._clock.now(), self._database.housekeeping
        await self._database.inbox.prune(now - timedelta(days=INBOX_DAYS))
        long_ago = now - max(self._keep, timedelta(days=INBOX_DAYS))
        while not await rows.forget_rest(long_ago):
            pass
        passed: set[int] = set()
        while found := await rows.old_goals(now - self._keep, GOALS_MAX + len(passed)):
            if not (new := [number for number in found if number not in passed]):
                break
            for number in new:
                passed.add(number)
                await self._forget(number)

    async def run_worktrees(self) -> None:
        """For ever: an ended goal's go soon, however it ended. Worth its while where goals work on repositories."""
        while True:
            await self._clock.sleep(WORKTREES_EVERY_S)
            try:
                await self.end_worktrees()
            except MilepostError as error:
                logger.warning("Could not look after worktrees: {}", error)

    async def end_worktrees(self) -> None:
        """A task that is merged has none; those of failed and skipped ones go when their goal is over."""
        for number in self._workspaces.with_worktrees():
            view = await self._database.view(number)
            if view is None or view.goal.final:
                try:
                    await self._workspaces.remove_worktrees(number)
                except OSError as error:
                    logger.warning("The worktrees of goal {} can't be removed: {}", number, error)

    async def _forget(self, number: int) -> None:
        """The folder first: rows without a folder are forgotten next time, a folder without rows never would be."""
        try:
            await self._workspaces.remove(number)
        except OSError as error:
            logger.warning("The workspace of goal {} can't be removed: {}", number, error)
            return
        while not await self._database.housekeeping.forget_goal(number, self._clock.now() - self._keep):
            pass
        logger.info("Goal {} was over for {} days; it is forgotten", number, self._keep.days)
