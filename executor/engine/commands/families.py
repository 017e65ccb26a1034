"""Goals and the tasks that wait for them: progress flows up, an end wakes the task, and cancelling flows down.

Level-triggered: it looks at every such pair as it is now and does what that calls for, so that nothing depends on who
ended what, or on a crash in between. It is looked at after every change of such a goal, and at the start.
"""

from executor.domain.family import awaited, waits_for
from executor.domain.goal import GOAL_RUNNING, GOAL_TAKEN_UP, GoalState
from executor.domain.task import Task, TaskState
from executor.domain.values import replace
from executor.engine.blockages.blocking import ask_again
from executor.engine.casework.case import Case
from executor.engine.casework.joint import Numbers, merge
from executor.engine.commands.desk import Desk, goal_of
from executor.engine.flow import advance, end
from executor.engine.replies import Refused
from executor.ports import Transaction

PAUSED_WITH = "Paused with goal"


class Families(Desk):
    """See the module."""

    async def look_after_families(self) -> bool:
        """Whether anything was changed."""
        self.parts_to_plan = bool(await self._store.families())
        if not self.parts_to_plan:
            return False
        async with self._store.transaction("family") as transaction:
            cases = await self._pairs(transaction)
            changed = [case for case in cases if case.changes_anything]
            if changed:
                await transaction.save(merge([case.changes() for case in changed]))
        for case in changed:
            self._tools.secrets.committed(case)
            for ref in case.stop_tasks:
                self._workers.stop_task(ref)
        return bool(changed)

    async def _pairs(self, transaction: Transaction) -> list[Case]:
        pairs = await transaction.families()
        numbers = Numbers(await transaction.next_decision_number())
        wanted = sorted({number for child, ref in pairs for number in (child, goal_of(ref))})
        cases = {
            rows.goal.number: Case(rows, self._now(), self._tools.limits, numbers)
            for rows in await transaction.cases(wanted)
        }
        for child, ref in pairs:
            if child in cases and (parent := cases.get(goal_of(ref))) is not None:
                look_after(parent, parent.tasks.get(ref), cases[child])
        return list(cases.values())


def look_after(parent: Case, task: Task | None, child: Case) -> None:
    """One task and its goal."""
    number = child.goal.number
    if child.goal.final:
        if task is not None and awaited(task.waits_on) == number:
            parent.move_task(task.ref, TaskState.QUEUED, summary=_standing(child))
            advance(parent)
        return
    if task is not None and _done_without(task, child):
        return
    if parent.goal.final or task is None or task.final or task.taken_over:
        why = f"Cancelled with {task.ref if task is not None else f'goal {parent.goal.number}'}, which it was part of."
        end(child, GoalState.CANCELLED, reason=why)
        return
    if task.state in (TaskState.BLOCKED, TaskState.QUEUED):
        _wait_again(parent, task, child)
        task = parent.tasks[task.ref]
    _pause_with(parent, child)
    if awaited(task.waits_on) == number and task.summary != (standing := _standing(child)):
        parent.set_task(replace(task, summary=standing))


def _done_without(task: Task, child: Case) -> bool:
    """The task took over what the goal had reached; since then somebody wants that changed, and it ends on its own."""
    return task.state is TaskState.COMPLETED and child.goal.reworks > 0


def _wait_again(parent: Case, task: Task, child: Case) -> None:
    """The goal had failed, which blocked the task, and somebody took it up again: the next attempt is about it."""
    attempt = parent.attempts.get(task.ref)
    under_way = attempt is not None and attempt.finished_at is None
    note = f"Goal {child.goal.number} goes on"
    parent.withdraw(task.ref, note)
    parent.unblock(task.ref, note)
    task = parent.move_task(task.ref, TaskState.PAUSED, summary=_standing(child))
    parent.set_task(replace(task, waits_on=waits_for(child.goal.number)))
    child.set_goal(replace(child.goal, parent_attempt=task.attempts if under_way else task.attempts + 1))
    advance(parent)


def _pause_with(parent: Case, child: Case) -> None:
    """A pause flows down, and so does its end."""
    reason = f"{PAUSED_WITH} {parent.goal.number}"
    if parent.goal.state is GoalState.PAUSED and child.goal.state in GOAL_RUNNING:
        child.move_goal(GoalState.PAUSED, reason=reason)
    elif parent.goal.state in GOAL_RUNNING and child.goal.state is GoalState.PAUSED and child.goal.reason == reason:
        child.move_goal(GoalState.IN_PROGRESS)
        ask_again(child)
        advance(child)


def _standing(child: Case) -> str:
    goal = child.goal
    state = "" if goal.state is GoalState.IN_PROGRESS else f", {_WORDS.get(goal.state, goal.state.value)}"
    return f"Goal {goal.number}: {goal.percentage} %{state}"


_WORDS = {
    GoalState.PENDING: "waits to be planned",
    GoalState.PLANNING: "is being planned",
    GoalState.AWAITING_START: "waits for Start",
    GoalState.VALIDATING: "is being checked",
    GoalState.BLOCKED: "waits for a person",
}


async def why_not_alone(transaction: Transaction, child: Case) -> Refused | None:
    """Why a goal that ended can't go on, where it is part of another that does without it by now."""
    goal, ref = child.goal, child.goal.parent_task
    if ref is None or not goal.final:
        return None
    number, where = goal_of(ref), f"Goal {goal.number} is part of {ref}"
    rows = next(iter(await transaction.cases([number])), None)
    task = next((one for one in rows.tasks if one.ref == ref), None) if rows is not None else None
    if rows is None or task is None or rows.goal.final:
        taken_up = rows is not None and rows.goal.state in GOAL_TAKEN_UP
        again = f"/retry {number} takes that up again." if taken_up else "Send it again as a new goal."
        return Refused(code="part_of_another", sentence=f"{where}, and goal {number} is over. {again}")
    if task.final or task.taken_over:
        return Refused(code="part_of_another", sentence=f"{where}, which is done without it by now.")
    other = awaited(task.waits_on)
    if other is not None and other != goal.number:
        return Refused(code="part_of_another", sentence=f"{where}, which waits for goal {other} by now.")
    return None
