"""The workflow action: it names a workflow, whose tasks then stand in the plan as its parts (planner/nesting.py)."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from executor.actions.typed import Parameters, Typed
from executor.domain.outcome import Result
from executor.ports import Context

Value = str | int | float | bool


class WorkflowParameters(Parameters):
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    parameters: dict[str, Value] = Field(default_factory=dict)


class Workflow(Typed[WorkflowParameters]):
    name: ClassVar[str] = "workflow"
    model = WorkflowParameters

    def what(self, parameters: WorkflowParameters) -> str:
        given = [f"{name}={value}" for name, value in parameters.parameters.items()]
        return " ".join(["the workflow", parameters.name, *given])

    async def act(self, parameters: WorkflowParameters, context: Context) -> Result:
        """Only where a plan was changed by hand, past everything that unfolds it."""
        error = f"the tasks of the workflow {parameters.name} are not in the plan; /retry after planning it anew"
        return Result(success=False, error=error, metadata={"execution_time": 0.0})
