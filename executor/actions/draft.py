"""The draft action: a text that a model writes, as a file in the goal's workspace."""

import asyncio
import os
from time import monotonic
from typing import ClassVar

from pydantic import Field, field_validator

from executor.actions.edits import edited
from executor.actions.paths import Folder
from executor.actions.typed import Parameters, Typed
from executor.actions.write import sound_path
from executor.domain.errors import WrongInput
from executor.domain.outcome import Result
from executor.ports import About, Ask, Context, Mind

NO_MODEL = "I work without a model. Please reply with the text itself:"
EARLIER_CHARACTERS = 6_000  # of the output of one task that the draft depends on
EARLIER_BYTES = 40_000  # of the last draft, when it is to be done better


class DraftParameters(Parameters):
    instructions: str = Field(min_length=1, max_length=20_000)
    path: str | None = None

    @field_validator("path")
    @classmethod
    def _sound(cls, path: str | None) -> str | None:
        return None if path is None else sound_path(path)


class Draft(Typed[DraftParameters]):
    """`mind` None: there is no model, and a person writes it."""

    name: ClassVar[str] = "draft"
    model = DraftParameters

    def __init__(self, mind: Mind | None) -> None:
        self._mind = mind

    def what(self, parameters: DraftParameters) -> str:
        place = f" into {parameters.path}" if parameters.path else ""
        return f"{'a person' if self._mind is None else 'a model'} writes{place}: {parameters.instructions}"

    def question(self, parameters: DraftParameters) -> Ask | None:
        if self._mind is not None:
            return None
        return Ask(manual=False, question=f"{NO_MODEL}\n\n{parameters.instructions}")

    async def act(self, parameters: DraftParameters, context: Context) -> Result:
        began = monotonic()
        path = parameters.path or f"draft-{context.task_ref}.md"
        text, by = await self._text(parameters, context, path)
        size = await asyncio.to_thread(Folder(context.workspace).write, path, text.encode())
        return Result(
            success=True,
            result=f"{path}, {size:,} bytes, written by {by}",
            output=text,
            metadata={
                "execution_time": round(monotonic() - began, 3),
                "file_path": path,
                "file_size": size,
                "by_person" if self._mind is None else "model": by,
            },
        )

    async def _text(self, parameters: DraftParameters, context: Context, path: str) -> tuple[str, str]:
        """The text, and who wrote it."""
        answer, mind = context.answer, self._mind
        if mind is None:
            if answer is None:
                raise WrongInput(NO_MODEL)
            return answer.text, answer.by
        facts: dict[str, object] = {
            "goal": context.goal_title,
            "earlier_outputs": {key: text[-EARLIER_CHARACTERS:] for key, text in context.outputs.items()},
        }
        if answer is not None:  # a person looked at the last draft
            last = await asyncio.to_thread(_last, context, path)
            if (given := edited(last, answer.text)) is not None:
                return given, answer.by
            facts |= {"last_draft": last, "what_to_do_better": answer.text}
        number = int(context.task_ref.partition(".")[0])
        about = About(goal_number=number, task_ref=context.task_ref, role=context.role)
        return await mind.draft(parameters.instructions, facts, about), mind.name


def _last(context: Context, path: str) -> str:
    with Folder(context.workspace).reading(path) as file:
        return os.read(file, EARLIER_BYTES).decode(errors="replace")
