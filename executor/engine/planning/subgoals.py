"""A task that is a goal of its own: what its attempt asks for, and how that goal is opened beside it.

The sub-goal is stored in the very transaction that parks the attempt: a crash leaves both or neither, and one attempt
has one sub-goal. From then on `families` looks after the two.
"""

from collections.abc import Sequence
from dataclasses import replace

from executor.domain.attempt import AttemptState
from executor.domain.blockage import BlockageType
from executor.domain.errors import WrongInput
from executor.domain.family import LEVELS_MAX, SUBGOALS_MAX, waits_for
from executor.domain.goal import GoalState
from executor.domain.outcome import Blocked, NeedsGoal, Result
from executor.domain.plan import GoalDraft
from executor.domain.task import Task, TaskKind, TaskState
from executor.domain.values import replace as quick_replace
from executor.engine.blockages.blocking import block_task
from executor.engine.casework.case import Case
from executor.engine.casework.joint import Numbers
from executor.engine.planning.planning import open_goal
from executor.ports import Actions, Assignment, GoalView, Transaction

ACTION = "goal"


def goal_of_attempt(assignment: Assignment, draft: GoalDraft, actions: Actions) -> NeedsGoal | Blocked | Result:
    """What an attempt at such a task comes to: a goal is wanted or still under way, it ended well, or it did not."""
    child = assignment.child
    if child is None or not child.goal.final:
        seen = assignment.accepted and bool(draft.tasks) and not actions.keys_used(assignment.task.spec.parameters)
        number = child.goal.number if child is not None else None
        return NeedsGoal(draft=replace(draft, accepted=seen), number=number)
    said, output = f"Goal {child.goal.number}: {child.goal.title}: {child.goal.state}", _told(child)
    metadata = {"goal": child.goal.number, "execution_time": 0.0}
    if child.goal.state is GoalState.COMPLETED:
        return Result(success=True, result=said, output=output, metadata=metadata)
    cause = f"Goal {child.goal.number} is {child.goal.state}" + (f": {child.goal.reason}" if child.goal.reason else "")
    ways = f"Retry begins it anew; /retry {child.goal.number} goes on where it ended."
    failed = Result(success=False, result=said, output=f"{output}\n{ways}", error=cause, metadata=metadata)
    return Blocked(result=failed, type=BlockageType.EXTERNAL, cause=cause)


def _told(child: GoalView) -> str:
    """How it ended, a line for each task and each criterion, as other tasks get to see it."""
    order = (TaskKind.WORK, TaskKind.CRITERION, TaskKind.GATE)
    tasks = sorted(child.tasks, key=lambda task: (order.index(task.kind), task.position))
    lines = [f"{task.spec.title}: {task.summary or task.state}" for task in tasks]
    return "\n".join([f"{child.goal.title}: {child.goal.state}", *lines])


def park_for_goal(case: Case, task: Task, needs: NeedsGoal) -> None:
    """The task waits, without a slot and without a timer."""
    task = case.move_task(task.ref, TaskState.PAUSED, summary="Waits for its own goal")
    if needs.number is None:
        case.wanted.append((task.ref, needs.draft))
    else:
        case.set_task(quick_replace(task, waits_on=waits_for(needs.number)))


async def open_wanted(transaction: Transaction, case: Case, numbers: Numbers, opened: Sequence[Case]) -> list[Case]:
    """The sub-goals that this goal wants, as cases of their own, for the same transaction. `opened` are those that it
    stores for other goals."""
    if not case.wanted:
        return []
    first, root, made = await transaction.next_goal_number(), _root(case), list[Case]()
    before = await transaction.subgoals(root) + sum(_root(other) == root for other in opened)
    for ref, draft in case.wanted:
        if case.tasks[ref].state is not TaskState.PAUSED:
            continue
        if (why := _why_not(case, before + len(made))) is not None:
            _refuse(case, ref, why)
        else:
            made.append(_open(case, ref, draft, first + len(opened) + len(made), numbers))
    return made


def _root(case: Case) -> int:
    return case.goal.lineage[0] if case.goal.lineage else case.goal.number


def _why_not(case: Case, opened: int) -> str | None:
    if len(case.goal.lineage) + 1 >= LEVELS_MAX:
        return f"Goals stand in goals, {LEVELS_MAX} levels deep at most"
    if opened >= SUBGOALS_MAX:
        return f"Goal {_root(case)} has had {opened} goals of its own, and may have no more"
    return None


def _refuse(case: Case, ref: str, why: str) -> None:
    case.end_attempt(ref, AttemptState.FAILED)
    block_task(case, case.tasks[ref], BlockageType.RESOURCE, cause=why)


def _open(case: Case, ref: str, draft: GoalDraft, number: int, numbers: Numbers) -> Case:
    goal, task = case.goal, case.tasks[ref]
    origin = quick_replace(goal.origin, message_id=None)
    limit = goal.budget_usd if goal.budget_usd is not None else case.limits.goal_usd
    draft = replace(
        draft,
        deadline_at=min((at for at in (draft.deadline_at, goal.deadline_at) if at is not None), default=None),
        budget_usd=limit if draft.budget_usd is None else min(draft.budget_usd, limit),
    )
    child = open_goal(draft, origin, number, now=case.now, limits=case.limits, numbers=numbers, by=None)
    family = quick_replace(
        child.goal,
        parent_task=ref,
        parent_attempt=task.attempts,
        lineage=(*goal.lineage, goal.number),
        grants={digest: grant for digest, grant in goal.grants.items() if not grant.allowed},  # never is never
    )
    child.set_goal(family)
    case.set_task(quick_replace(task, waits_on=waits_for(number), summary=f"Goal {number}: {draft.title}"))
    case.event("goal.opened", ref, goal=number, title=draft.title)
    return child


def wanted_draft(actions: Actions, name: str, parameters: object) -> GoalDraft | None:
    """The goal that an action stands for; None: it is an action like others. Raises WrongInput."""
    draft = getattr(actions.get(name), "draft", None)
    if name != ACTION or not callable(draft):
        return None
    found = draft(parameters)
    if not isinstance(found, GoalDraft):
        raise WrongInput(f"{name}: there is no goal in it.")
    return found
