"""The manual action: a person does it and says Done."""

from typing import ClassVar

from executor.actions.ask import NOBODY, Text
from executor.actions.typed import Parameters, Typed
from executor.domain.outcome import Result
from executor.ports import Ask, Context


class ManualParameters(Parameters):
    instructions: Text


class Manual(Typed[ManualParameters]):
    name: ClassVar[str] = "manual"
    model = ManualParameters

    def what(self, parameters: ManualParameters) -> str:
        return f"a person: {parameters.instructions}"

    def question(self, parameters: ManualParameters) -> Ask:
        return Ask(manual=True, question=parameters.instructions)

    async def act(self, parameters: ManualParameters, context: Context) -> Result:
        answer = context.answer
        if answer is None:
            return Result(success=False, error=NOBODY, metadata={"execution_time": 0.0})
        said = f"Done, said {answer.by}"
        if answer.text.strip().lower() not in ("", "done"):
            said = f"{said}: {answer.text}"
        return Result(
            success=True,
            result=said,
            output=said,
            metadata={"execution_time": 0.0, "answered_by": answer.by, "answered_at": answer.at.isoformat()},
        )
