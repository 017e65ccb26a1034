"""Goals of people who were taken off the lists: handed to the first owner, or else the first approver, who is on them.

Looked for at the start, once a minute, and whenever somebody who may nothing writes or presses.
"""

from contextlib import suppress

from loguru import logger

from bot.telegram.access import Access, Role
from bot.telegram.ports import Engine, Wake
from executor.domain.errors import MilepostError
from executor.domain.goal import Goal
from executor.domain.notice import Notice
from executor.engine.replies import Caller, Refused
from executor.ports import Clock

LOOK_S = 60.0


class Departures:
    def __init__(self, engine: Engine, access: Access, clock: Clock, deliver: Wake) -> None:
        self._engine = engine
        self._access = access
        self._clock = clock
        self._deliver = deliver
        self._warned = False

    async def run(self) -> None:
        """For ever."""
        while True:
            with suppress(MilepostError):  # a busy or full database: the next look will do
                await self.look()
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        """Hand over what was left behind. Safe to call again."""
        found = await self._engine.left_behind(self._may)
        if not found:
            return
        heir = self._heir()
        if heir is None:
            if not self._warned:
                logger.warning("Goals of people who are no longer on the lists go on: there is no owner or approver")
            self._warned = True
            return
        for goal in found:
            await self._hand_over(goal, heir)
        self._deliver()

    async def _hand_over(self, goal: Goal, heir: int) -> None:
        private = goal.origin.chat_id is not None and goal.origin.chat_id > 0
        reply = await self._engine.hand_over(
            goal.number,
            Caller(person_id=heir, name="the owner"),
            chat_id=heir if private else None,
            command_id=f"left/{goal.number}/{goal.origin.person_id}/{heir}/{goal.revision}",
        )
        if isinstance(reply, Refused):
            logger.warning("Goal {} could not be handed over: {}", goal.number, reply.sentence)

    def _may(self, person_id: int) -> bool:
        return self._access.role(person_id) is not Role.NOBODY

    def _heir(self) -> int | None:
        return next(iter((*self._access.owners, *self._access.approvers)), None)


def may_hear(access: Access, notice: Notice) -> bool:
    """Whether this may still be told: a private chat of somebody who is not on the lists gets answers alone."""
    if notice.chat_id <= 0 or notice.key.startswith("answer/"):
        return True
    return access.role(notice.chat_id) is not Role.NOBODY
