"""A task split by hand: 12.3 gets the parts 12.3.1, 12.3.2 … and finishes by its own check."""

from collections.abc import Sequence

from executor.domain.errors import WrongInput
from executor.domain.goal import GOAL_RUNNING, GoalState
from executor.domain.plan import TaskSpec
from executor.domain.task import TaskKind
from executor.engine.casework.case import Case
from executor.engine.casework.subtasks import splitting, why_not_split
from executor.engine.commands.desk import Desk, goal_of, impossible
from executor.engine.flow import advance
from executor.engine.planning.adaptation import current_plan
from executor.engine.planning.steering import apply
from executor.engine.replies import Accepted, Caller, Refused, Reply


class SplitCommands(Desk):
    """See the module. Whoever gives such a command has thereby accepted the new version."""

    async def split_task(self, task_ref: str, text: str, *, caller: Caller, command_id: str) -> Reply:
        """Numbered lines are the parts, as in a goal's text (contract section 4); a text without numbers is one."""
        view = await self._store.view(goal_of(task_ref))
        try:
            parts = await self._tools.mender.rework(text, view.goal) if view is not None and text.strip() else ()
        except WrongInput as error:
            return Refused(code="wrong_input", sentence=error.public)

        def act(case: Case) -> Reply:
            return _split(case, task_ref, parts, caller)

        return await self._on_goal(goal_of(task_ref), act, caller=caller, command_id=command_id)


def _split(case: Case, task_ref: str, parts: Sequence[TaskSpec], caller: Caller) -> Reply:
    task = case.tasks.get(task_ref)
    if task is None or task.kind is not TaskKind.WORK:
        return Refused(code="no_such_task", sentence=f"There is no task {task_ref}. /status shows them.")
    if case.goal.state not in GOAL_RUNNING | {GoalState.PAUSED}:
        return impossible(case, "changed")
    plan = current_plan(case)
    if (why := why_not_split(plan, task, parts)) is not None:
        return Refused(code="not_splittable", sentence=why)
    if len(plan.tasks) + len(parts) > case.limits.tasks_max:
        return Refused(code="too_many", sentence=f"A plan may have {case.limits.tasks_max} tasks.")
    before = set(case.tasks)
    apply(case, splitting(plan, task, parts, reason=f"{caller.name} split {task_ref} into {_parts(len(parts))}"))
    advance(case)
    refs = ", ".join(ref for ref in case.tasks if ref not in before)
    return Accepted(
        sentence=f"{task_ref} is done in parts now: {refs}. Then its own check decides."
        if task.spec.check
        else f"{task_ref} is done in parts now: {refs}. It is done when they are.",
        goal_number=case.goal.number,
        task_ref=task_ref,
    )


def _parts(number: int) -> str:
    return "1 part" if number == 1 else f"{number} parts"
