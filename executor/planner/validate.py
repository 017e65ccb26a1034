"""Whether a plan can be carried out at all, before anybody is asked to accept it."""

from collections.abc import Iterator

from executor.domain.errors import WrongInput
from executor.domain.gate import gate_in
from executor.domain.limits import CRITERIA_MAX, TASKS_MAX, TITLE_CHARACTERS_MAX
from executor.domain.plan import Check, CheckKind, Plan, TaskSpec
from executor.domain.subtasks import is_split
from executor.planner.graph import all_before, cycle
from executor.planner.references import keys_used
from executor.ports import Actions


def faults(plan: Plan, actions: Actions | None = None, *, tasks_max: int = TASKS_MAX) -> list[str]:
    """One line for each fault, each saying what to change; empty: the plan is sound.

    Without `actions` the actions and their parameters are not looked at. The criteria that no check and no task
    covers are asked of a person, so only a criterion that names a missing task is a fault.
    """
    return [
        *_sizes(plan, tasks_max),
        *_names(plan),
        *_order(plan),
        *_references(plan),
        *_coverage(plan),
        *_gates(plan, actions),
        *(_actions(plan, actions) if actions is not None else ()),
    ]


def _sizes(plan: Plan, tasks_max: int) -> Iterator[str]:
    if not plan.tasks:
        yield "The plan has no task. Add at least one."
    if len(plan.tasks) > tasks_max:
        yield f"The plan has {len(plan.tasks)} tasks; {tasks_max} are allowed. Join some, or split the goal."
    if len(plan.criteria) > CRITERIA_MAX:
        yield f"The plan has {len(plan.criteria)} criteria; {CRITERIA_MAX} are allowed. Keep those that matter."
    for task in plan.tasks:
        if not 0 < len(task.title) <= TITLE_CHARACTERS_MAX:
            yield f"Task {task.key}: its title needs 1 to {TITLE_CHARACTERS_MAX} characters."


def _names(plan: Plan) -> Iterator[str]:
    keys = [task.key for task in plan.tasks]
    for key in dict.fromkeys(key for index, key in enumerate(keys) if key in keys[:index]):
        yield f"Two tasks have the key {key}. Give each its own."


def _gates(plan: Plan, actions: Actions | None) -> Iterator[str]:
    """What is held ready for a gate is a small plan of its own."""
    named = [gate_in(gate) for gate in plan.gates]
    for gate in dict.fromkeys(one for index, one in enumerate(named) if one in named[:index]):
        yield f"The plan has two gates “{gate}”. Keep one."
    for spec in plan.gates:
        if spec.rework:
            ready = Plan(tasks=spec.rework)
            parts = (_sizes(ready, TASKS_MAX), _names(ready), _order(ready), _references(ready))
            found = [*(fault for part in parts for fault in part), *(_actions(ready, actions) if actions else ())]
            yield from (f"Gate {gate_in(spec)}: {fault}" for fault in found)


def _waits(plan: Plan) -> dict[str, list[str]]:
    return {task.key: [*task.depends_on, *task.only_if] for task in plan.tasks}


def _order(plan: Plan) -> Iterator[str]:
    waits = _waits(plan)
    for key, ahead in waits.items():
        for missing in dict.fromkeys(one for one in ahead if one not in waits):
            yield f"Task {key} depends on {missing}, which does not exist. Name one of the plan's keys."
    if found := cycle(waits):
        yield f"The tasks {' → '.join(found)} wait for each other in a circle. Take one of these dependencies out."


def _references(plan: Plan) -> Iterator[str]:
    waits = _waits(plan)
    for task in plan.tasks:
        for key in keys_used(task.parameters):
            if key not in waits:
                yield f"Task {task.key} uses ${{{key}.output}}, but there is no such task. Use a key of the plan."
            elif key not in all_before(task.key, waits):
                yield f"Task {task.key} uses ${{{key}.output}}, but does not wait for {key}. Add it to depends_on."
        for check in (task.check, task.when):
            yield from _check(f"Task {task.key}", check)


def _coverage(plan: Plan) -> Iterator[str]:
    keys = {task.key for task in plan.tasks}
    for criterion in plan.criteria:
        if criterion.covered_by is not None and criterion.covered_by not in keys:
            yield f"Criterion “{criterion.text}” is covered by {criterion.covered_by}, which does not exist."
        yield from _check(f"Criterion “{criterion.text}”", criterion.check)


def _check(where: str, check: Check | None) -> Iterator[str]:
    if check is None:
        return
    needed = {
        CheckKind.COMMAND: check.command,
        CheckKind.FILE: check.path,
        CheckKind.HTTP: check.url,
        CheckKind.OPINION: check.question,
        CheckKind.HUMAN: check.question,
    }
    if not needed[check.kind].strip():
        yield f"{where}: its {check.kind} check is empty. Say what is to be looked at."
    if keys_used([check.command, check.path, check.url]):
        yield f"{where}: a check can't use the output of a task. Let a task write it to a file."


def _actions(plan: Plan, actions: Actions) -> Iterator[str]:
    for task in plan.tasks:
        if complaint := _complaint(task, actions):
            yield f"Task {task.key}: {complaint}"

        elif is_split(task) and not any(one.parent == task.key for one in plan.tasks):
            yield f"Task {task.key}: there is no action {task.action}. Name one that is known."


def _complaint(task: TaskSpec, actions: Actions) -> str | None:
    try:
        actions.get(task.action).check(task.parameters)
    except WrongInput as error:
        return error.public
    return None
