"""The ask action: a question to a person; the answer is its output."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints, field_validator

from executor.actions.typed import Parameters, Typed
from executor.domain.outcome import Result
from executor.ports import Ask as Question
from executor.ports import Context

Text = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
Choice = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True, pattern=r"\S")]

NOBODY = "nobody has answered"


class AskParameters(Parameters):
    question: Text
    choices: tuple[Choice, ...] = Field(default=(), max_length=20)

    @field_validator("choices")
    @classmethod
    def _distinct(cls, choices: tuple[str, ...]) -> tuple[str, ...]:
        if len({choice.lower() for choice in choices}) < len(choices):
            raise ValueError("choices names one choice twice")
        return choices


class Ask(Typed[AskParameters]):
    name: ClassVar[str] = "ask"
    model = AskParameters

    def what(self, parameters: AskParameters) -> str:
        choices = f" ({' / '.join(parameters.choices)})" if parameters.choices else ""
        return f"asks a person: {parameters.question}{choices}"

    def question(self, parameters: AskParameters) -> Question:
        return Question(manual=False, question=parameters.question, choices=parameters.choices)

    async def act(self, parameters: AskParameters, context: Context) -> Result:
        answer = context.answer
        if answer is None:
            return Result(success=False, error=NOBODY, metadata={"execution_time": 0.0})
        return Result(
            success=True,
            result=f"{answer.by}: {answer.text}",
            output=answer.text,
            metadata={"execution_time": 0.0, "answered_by": answer.by, "answered_at": answer.at.isoformat()},
        )
