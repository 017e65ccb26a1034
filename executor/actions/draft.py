"""The draft action: a text that a model writes, as a file in the goal's workspace."""

import asyncio
import os
from time import monotonic
from typing import ClassVar

from pydantic import Field, field_validator

from executor.actions.paths import Folder
from executor.actions.typed import Parameters, Typed
from executor.actions.write import sound_path
from executor.domain.outcome import Result
from executor.ports import About, Context, Mind

NO_MODEL = "A draft needs a model: set [brain] provider, or take the task over."
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
    """`mind` None: there is no model, and the task fails with a sentence that says so."""

    name: ClassVar[str] = "draft"
    model = DraftParameters

    def __init__(self, mind: Mind | None) -> None:
        self._mind = mind

    def what(self, parameters: DraftParameters) -> str:
        place = f" into {parameters.path}" if parameters.path else ""
        return f"a model writes{place}: {parameters.instructions}"

    async def act(self, parameters: DraftParameters, context: Context) -> Result:
        if self._mind is None:
            return Result(success=False, error=NO_MODEL, metadata={"execution_time": 0.0})
        began = monotonic()
        path = parameters.path or f"draft-{context.task_ref}.md"
        earlier = {key: text[-EARLIER_CHARACTERS:] for key, text in context.outputs.items()}
        facts: dict[str, object] = {"goal": context.goal_title, "earlier_outputs": earlier}
        if context.answer is not None:  # a person looked at the last draft
            facts["last_draft"] = await asyncio.to_thread(_text, context, path)
            facts["what_to_do_better"] = context.answer.text
        about = About(goal_number=int(context.task_ref.partition(".")[0]), task_ref=context.task_ref)
        text = await self._mind.draft(parameters.instructions, facts, about)
        size = await asyncio.to_thread(Folder(context.workspace).write, path, text.encode())
        return Result(
            success=True,
            result=f"{path}, {size:,} bytes, written by {self._mind.name}",
            output=text,
            metadata={
                "execution_time": round(monotonic() - began, 3),
                "file_path": path,
                "file_size": size,
                "model": self._mind.name,
            },
        )


def _text(context: Context, path: str) -> str:
    with Folder(context.workspace).reading(path) as file:
        return os.read(file, EARLIER_BYTES).decode(errors="replace")
