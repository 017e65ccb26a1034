"""The goal action: a task that is a goal of its own, in the words of contract section 4 or in plain ones."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from executor.actions.references import REFERENCE
from executor.actions.typed import Parameters, Typed, read
from executor.domain.errors import WrongInput
from executor.domain.outcome import Result
from executor.domain.plan import GoalDraft
from executor.ports import Context

TEXT_CHARACTERS_MAX = 20_000
_COMMAND = re.compile(r"`[^`\n]*`")


class GoalParameters(Parameters):
    text: Annotated[str, StringConstraints(min_length=1, max_length=TEXT_CHARACTERS_MAX, pattern=r"\S")] = Field()


class Goal(Typed[GoalParameters]):
    """`read_goal` raises WrongInput for a text that is no goal."""

    name: ClassVar[str] = "goal"
    model = GoalParameters

    def __init__(self, read_goal: Callable[[str], GoalDraft]) -> None:
        self._read_goal = read_goal

    def check(self, parameters: Any) -> Any:
        checked = super().check(parameters)
        text = str(checked["text"])
        if any(REFERENCE.search(command) for command in _COMMAND.findall(text)):
            raise WrongInput("goal: a command of a sub-goal can't use an output; it may stand in the rest of the text.")
        if not REFERENCE.search(text):
            self._read_goal(text)
        return checked

    def what(self, parameters: GoalParameters) -> str:
        return f"a goal of its own: {parameters.text}"

    def draft(self, parameters: Any) -> GoalDraft:
        """The goal that is wanted. Raises WrongInput."""
        draft = self._read_goal(read(self.model, parameters, self.name).text)
        return replace(draft, reading=(*draft.reading, "Part of another goal, begins with a copy of its files"))

    async def act(self, parameters: GoalParameters, context: Context) -> Result:
        """The engine makes the goal before it comes to this."""
        return Result(success=False, error="nobody made the goal", metadata={"execution_time": 0.0})
