"""The subtasks action: its parts have done the work, and what they put out is its output. Nothing plans it; a task gets
it when it is split (domain/subtasks.py)."""

from typing import ClassVar

from executor.actions.typed import Parameters, Typed
from executor.domain.outcome import Result
from executor.domain.subtasks import SUBTASKS
from executor.ports import Context


class SubtasksParameters(Parameters):
    """None: what it waits for says it all."""


class Subtasks(Typed[SubtasksParameters]):
    name: ClassVar[str] = SUBTASKS
    model = SubtasksParameters

    def what(self, parameters: SubtasksParameters) -> str:
        return "its subtasks"

    async def act(self, parameters: SubtasksParameters, context: Context) -> Result:
        keys = sorted(context.outputs, key=lambda key: int(key.rpartition(".")[2]))
        output = "\n\n".join(context.outputs[key] for key in keys if context.outputs[key])
        return Result(success=True, result="Its subtasks are over", output=output, metadata={"execution_time": 0.0})
