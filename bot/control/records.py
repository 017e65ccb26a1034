"""The shell's readings of what stays after goals: what ended without being done, and what was learned."""

from collections.abc import Mapping
from typing import Any, Protocol

from bot.control.history import Method
from bot.control.protocol import Document
from executor.domain.lesson import Lesson
from executor.domain.letter import DeadLetter
from executor.engine.replies import Caller

LETTERS_MAX = 50


class Records(Protocol):
    """The part of the engine that this needs."""

    async def dead_letters(self, chat_id: int | None = None, *, offset: int = 0, limit: int = ...) -> list[DeadLetter]:
        """Newest first."""
        ...

    async def lessons(self) -> list[Lesson]:
        """The last used first."""
        ...


class RecordMethods:
    def __init__(self, records: Records) -> None:
        self._records = records

    @property
    def methods(self) -> Mapping[str, Method]:
        return {"failed": self._failed, "lessons": self._lessons}

    async def _failed(self, params: Mapping[str, Any], caller: Caller, command_id: str) -> Document:
        found = await self._records.dead_letters(limit=LETTERS_MAX)
        return {"failed": [_letter(one) for one in found], "total": len(found)}

    async def _lessons(self, params: Mapping[str, Any], caller: Caller, command_id: str) -> Document:
        found = await self._records.lessons()
        return {"lessons": [_lesson(one) for one in found], "total": len(found)}


def _letter(letter: DeadLetter) -> Document:
    goal, task = letter.goal, letter.task
    return {
        "goal_id": str(goal.number),
        "subtask_id": task.ref if task is not None else None,
        "description": task.spec.title if task is not None else goal.title,
        "status": str(task.state if task is not None else goal.state),
        "cause": (task.summary if task is not None else goal.reason) or "",
        "at": letter.at.isoformat(),
        "can_be_taken_up": letter.can_be_taken_up,
    }


def _lesson(lesson: Lesson) -> Document:
    return {
        "lesson": lesson.number,
        "text": lesson.remedy.text,
        "score": lesson.score,
        "successes": lesson.successes,
        "failures": lesson.failures,
        "used_at": lesson.used_at.isoformat(),
    }
