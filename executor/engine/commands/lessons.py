"""What was learned: looking at it, and taking it back."""

from dataclasses import asdict

from executor.domain.event import Event
from executor.domain.lesson import Calibration, Lesson
from executor.engine.commands.desk import Desk, read_reply
from executor.engine.replies import Accepted, Caller, Refused, Reply
from executor.ports import Changes


class LessonCommands(Desk):
    """See the module."""

    async def lessons(self) -> list[Lesson]:
        """The last used first."""
        return await self._store.lessons()

    async def calibrations(self) -> list[Calibration]:
        """How sure plans were, and how it went."""
        return await self._store.calibrations()

    async def revoke_lesson(self, number: int, *, caller: Caller, command_id: str) -> Reply:
        """It is never used again, and not learned anew."""
        async with self._store.transaction("command") as transaction:
            if (stored := await transaction.reply_to(command_id)) is not None:
                return read_reply(stored)
            lesson = next((one for one in await transaction.lessons() if one.number == number), None)
            if lesson is None:
                return Refused(code="no_such_lesson", sentence=f"There is no lesson {number}. /lessons lists them.")
            reply = Accepted(sentence=f"Lesson {number} is revoked: {lesson.remedy.text}.")
            event = Event(
                name="lesson.revoked",
                goal_number=lesson.goal_number,
                executor_id=str(caller.person_id),
                executor_type="user",
                at=self._now(),
                result={"lesson": number, "by": caller.name},
            )
            changes = Changes(
                revoked_lessons=[(number, caller.name, self._now())],
                events=[event],
                commands=[(command_id, asdict(reply))],
            )
            await transaction.save(changes)
        self._wake()
        return reply
