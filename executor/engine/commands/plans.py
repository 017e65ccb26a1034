"""Commands that change a plan while it runs, each as a new version, and the readings that compare versions."""

from collections.abc import Sequence
from dataclasses import replace

from executor.domain.adaptation import PlanDiff, diff
from executor.domain.goal import GOAL_RUNNING, GoalState, Origin
from executor.domain.plan import Alternative, GoalDraft, Plan
from executor.domain.task import TaskState
from executor.engine.casework.case import Case
from executor.engine.casework.joint import Numbers
from executor.engine.casework.ways import by_alternative, unused
from executor.engine.commands.desk import Desk, no_goal
from executor.engine.flow import advance
from executor.engine.planning.adaptation import adapt, begin_afresh, current_plan, deviation_of, troubled
from executor.engine.planning.planning import manual_spec, open_goal, propose
from executor.engine.planning.steering import another_way, propose_change
from executor.engine.replies import Accepted, Caller, Refused, Reply
from executor.ports import Transaction

_CHANGEABLE = GOAL_RUNNING | {GoalState.PAUSED}


class PlanCommands(Desk):
    """See the module. Whoever gives such a command has thereby accepted the new version."""

    async def add_task(
        self, title: str, *, goal_number: int | None, origin: Origin, caller: Caller, command_id: str
    ) -> Reply:
        """A task made by hand for a person: in a goal, or alone as a goal of its own that starts at once."""
        if not title.strip():
            return Refused(code="empty", sentence="Say what the task is: /task Call Ann, or /task 12 Call Ann.")
        if goal_number is None:
            return await self._lone_task(title, origin, caller, command_id)

        def add(case: Case) -> Reply:
            if case.goal.state not in _CHANGEABLE:
                return Refused(
                    code="not_running", sentence=f"Goal {goal_number} is {case.goal.state}; it takes no new tasks."
                )
            spec = manual_spec(f"added-{case.goal.plan_version + 1}", title)
            adapt(case, [*current_plan(case).tasks, spec], reason=f"{caller.name} added a task")
            advance(case)
            ref = next(task.ref for task in case.work if task.spec.key == spec.key)
            return Accepted(sentence=f"Task {ref}: {title}", goal_number=goal_number, task_ref=ref)

        return await self._on_goal(goal_number, add, caller=caller, command_id=command_id)

    async def _lone_task(self, title: str, origin: Origin, caller: Caller, command_id: str) -> Reply:
        tasks = (manual_spec("1", title),) if self._brain.immediate else ()
        draft = GoalDraft(title=title, tasks=tasks, single=True)

        async def create(transaction: Transaction) -> tuple[Case | None, Reply]:
            number = await transaction.next_goal_number()
            numbers = Numbers(await transaction.next_decision_number())
            now, limits = self._tools.clock.now(), self._tools.limits
            case = open_goal(draft, origin, number, now=now, limits=limits, numbers=numbers, by=caller)
            if draft.tasks:  # else the model says first how it is done
                propose(case, Plan(tasks=draft.tasks, made_by=caller.name), at_once=True)
            return case, Accepted(sentence=f"Task {number}.1: {title}", goal_number=number, task_ref=f"{number}.1")

        return await self._in_transaction(command_id, create)

    async def adapt(
        self,
        goal_number: int,
        *,
        reason: str,
        outcome_deviation: float | None = None,
        caller: Caller,
        command_id: str,
    ) -> Reply:
        """A new version in which what failed or is blocked begins afresh and finished work is kept. `outcome_deviation`
        is 0..1; without it the share that was really seen is recorded."""
        if outcome_deviation is not None and not 0 <= outcome_deviation <= 1:
            return Refused(code="wrong_input", sentence=f"A deviation is between 0 and 1, not {outcome_deviation:g}.")

        def act(case: Case, others: Sequence[Alternative]) -> Reply:
            if case.goal.state not in _CHANGEABLE:
                return self._unchangeable(case)
            again = troubled(case)
            stuck = [task for task in case.criteria if task.state is TaskState.BLOCKED]
            other = another_way(case)
            if not again and not stuck and outcome_deviation is None:
                return _take_another(case, others) if others else _nothing_to_adapt(case)
            measured = deviation_of(case) if outcome_deviation is None else outcome_deviation
            tasks = current_plan(case).tasks if other is None else other.tasks
            why = reason.strip() or f"{caller.name} asked for it"
            change = adapt(case, tasks, reason=why, deviation=measured, again={task.spec.key for task in again})
            for task in stuck:
                begin_afresh(case, case.tasks[task.ref])
            advance(case)
            names = [task.ref for task in (*again, *stuck)]
            afresh = f" Begins afresh: {', '.join(names)}." if names else ""
            behind = f" {other.reason}." if other is not None else ""
            return Accepted(sentence=f"{change.line}.{afresh}{behind}", goal_number=goal_number)

        async def find_and_act(transaction: Transaction) -> tuple[Case | None, Reply]:
            case = await self._case(transaction, goal_number, caller)
            if case is None:
                return None, no_goal(goal_number)
            return case, act(case, await unused(transaction, goal_number))

        return await self._in_transaction(command_id, find_and_act)

    async def revert(self, goal_number: int, version: int, *, caller: Caller, command_id: str) -> Reply:
        """Go back to what an earlier version wanted, as a new version; finished work is kept."""
        old = await self._store.plan(goal_number, version)
        if old is None:
            return Refused(code="no_such_version", sentence=f"Goal {goal_number} has no plan v{version}.")

        def act(case: Case) -> Reply:
            if case.goal.state not in _CHANGEABLE:
                return self._unchangeable(case)
            if version >= case.goal.plan_version:
                return Refused(code="same_version", sentence=f"Plan v{version} is the one that runs.")
            again = {task.spec.key for task in troubled(case)}
            change = adapt(case, old.tasks, reason=f"{caller.name} went back to v{version}", again=again)
            advance(case)
            return Accepted(sentence=f"{change.line}, as in v{version}.", goal_number=goal_number)

        return await self._on_goal(goal_number, act, caller=caller, command_id=command_id)

    async def compare(self, goal_number: int, old: int, new: int) -> PlanDiff | Refused:
        """What version `new` does otherwise than version `old`."""
        plans: list[Plan] = []
        for version in (old, new):
            if (plan := await self._plan(goal_number, version)) is None:
                return Refused(code="no_such_version", sentence=f"Goal {goal_number} has no plan v{version}.")
            plans.append(plan)
        return diff(*plans)

    @staticmethod
    def _unchangeable(case: Case) -> Refused:
        state = case.goal.state.replace("_", " ")
        return Refused(code="not_running", sentence=f"Goal {case.goal.number} is {state}; its plan can't be changed.")


def _take_another(case: Case, others: Sequence[Alternative]) -> Reply:
    """A way that was weighed and not taken, as a change that is shown before it runs."""
    decision = propose_change(case, replace(by_alternative(case, others[0]), because=("Nobody has accepted it yet",)))
    sentence = f"Question {decision.number} shows another way; until then plan v{case.goal.plan_version} stays."
    return Accepted(sentence=sentence, goal_number=case.goal.number, decision_number=decision.number)


def _nothing_to_adapt(case: Case) -> Reply:
    """Instead of a version in which nothing is otherwise."""
    number = case.goal.number
    return Accepted(
        sentence=f"Plan v{case.goal.plan_version} stays: nothing has failed, and I know no other way. "
        f"/task {number} adds a task, /skip leaves one out, /adapt {number} c1 changes a criterion.",
        goal_number=number,
    )
