"""Whose a task is: the person who is named when a person is needed for it. It gives nobody a right."""

from dataclasses import replace

from executor.domain.task import Task
from executor.engine.casework.case import Case
from executor.engine.commands.desk import Desk, goal_of
from executor.engine.replies import Accepted, Caller, Refused, Reply


class AssignCommands(Desk):
    """See the module."""

    async def assign(self, task_ref: str, assignee: str | None, *, caller: Caller, command_id: str) -> Reply:
        """`assignee`: a ``@name`` or a numeric id; None: nobody's. Who may answer stays with the roles."""

        def act(case: Case) -> Reply:
            task = case.tasks.get(task_ref)
            if task is None:
                return Refused(code="no_such_task", sentence=f"There is no task {task_ref}. /status shows them.")
            if case.goal.final or task.final:
                state = (case.goal.state if case.goal.final else task.state).replace("_", " ")
                return Refused(code="wrong_state", sentence=f"Can't assign {task_ref}: it is {state}.")
            case.set_task(replace(task, spec=replace(task.spec, assignee=assignee)))
            case.event("task.assigned", task_ref, assignee=assignee or "")
            return Accepted(sentence=_sentence(case, task, assignee), goal_number=case.goal.number, task_ref=task_ref)

        return await self._on_goal(goal_of(task_ref), act, caller=caller, command_id=command_id)


def _sentence(case: Case, task: Task, assignee: str | None) -> str:
    if assignee is None:
        return f"{task.ref} {task.spec.title} is nobody's in particular now."
    whom = assignee if assignee.startswith("@") else f"id {assignee}"
    asked = ", ".join(str(decision.number) for decision in case.open_decisions(task.ref))
    waiting = f" Open question: {asked}." if asked else ""
    return f"{task.ref} {task.spec.title} is for {whom} now.{waiting}"
