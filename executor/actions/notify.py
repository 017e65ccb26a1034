"""The notify action: a text in the goal's chat."""

from typing import Annotated, ClassVar

from pydantic import StringConstraints

from executor.actions.typed import Parameters, Typed
from executor.domain.limits import TEXT_CHARACTERS_MAX
from executor.domain.outcome import Result
from executor.ports import Context


class NotifyParameters(Parameters):
    text: Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]


class Notify(Typed[NotifyParameters]):
    """Told once: the text is stored with the attempt's end and delivered afterwards."""

    name: ClassVar[str] = "notify"
    model = NotifyParameters

    def what(self, parameters: NotifyParameters) -> str:
        return f"tells the chat: {parameters.text}"

    async def act(self, parameters: NotifyParameters, context: Context) -> Result:
        text = parameters.text
        if len(text) > TEXT_CHARACTERS_MAX:  # an output that was filled in may be of any length
            text = f"{text[:TEXT_CHARACTERS_MAX]}\n… {len(text) - TEXT_CHARACTERS_MAX:,} characters cut"
        context.tell(text)
        return Result(success=True, result="Told the chat", output=text, metadata={"execution_time": 0.0})
