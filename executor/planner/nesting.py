"""A task that runs a workflow: the workflow's tasks stand in the plan as its parts (12.3.1, 12.3.2 …), so that a person
sees and accepts every one of them. What the workflow says must be true at its end is looked at with the goal's own."""

from collections.abc import Iterable
from dataclasses import replace

from executor.domain.errors import WrongInput
from executor.domain.gate import gate_in
from executor.domain.plan import Criterion, Plan, TaskSpec
from executor.domain.subtasks import split
from executor.planner.workflow import plan_for, values_of
from executor.planner.workflows import Library

ACTION = "workflow"
LEVELS_MAX = 3  # workflows in workflows


def unfolded(plan: Plan, library: Library) -> Plan:
    """The plan with every workflow in it as tasks. Raises WrongInput, naming the task: for an unknown workflow, for
    missing or wrong values, and for one that contains itself."""
    for _ in range(LEVELS_MAX):
        if (task := _next(plan)) is None:
            return plan
        for one in [task for task in plan.tasks if task.action == ACTION]:
            plan = _with_one(plan, one, library)
    if (task := _next(plan)) is not None:
        raise WrongInput(f"Task {task.key}: workflows stand in workflows, {LEVELS_MAX} levels deep at most.")
    return plan


def _next(plan: Plan) -> TaskSpec | None:
    return next((task for task in plan.tasks if task.action == ACTION), None)


def _with_one(plan: Plan, task: TaskSpec, library: Library) -> Plan:
    given = {name: str(value) for name, value in dict(task.parameters.get("parameters") or {}).items()}
    try:
        workflow = library.get(str(task.parameters.get("name") or ""))
        inner, _ = plan_for(workflow, values_of(workflow, given), plan.goal_number)
    except WrongInput as error:
        raise WrongInput(f"Task {task.key}: {error.public}") from None
    keys = [spec.key for spec in plan.tasks]
    *made, whole = split(task, inner.tasks, keys)
    new_keys = {old.key: new.key for old, new in zip(inner.tasks, made, strict=True)}
    place = keys.index(task.key)
    known = {gate_in(gate) for gate in plan.gates}
    return replace(
        plan,
        tasks=(*plan.tasks[:place], *made, whole, *plan.tasks[place + 1 :]),
        criteria=(*plan.criteria, *(_renamed(one, new_keys) for one in inner.criteria)),
        gates=(*plan.gates, *(gate for gate in inner.gates if gate_in(gate) not in known)),
    )


def _renamed(criterion: Criterion, keys: dict[str, str]) -> Criterion:
    covered_by = keys.get(criterion.covered_by or "", criterion.covered_by)
    return replace(criterion, covered_by=covered_by)


def check_unfolded(tasks: Iterable[TaskSpec]) -> None:
    """Raises WrongInput: a change of a plan names its tasks one by one."""
    for task in tasks:
        if task.action == ACTION:
            raise WrongInput(f"Task {task.key} runs a workflow; in a change of a plan write its tasks out.")
