"""Claiming a task: its attempt is opened, an outside effect intended, in the transaction of whoever claims."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta

from executor.domain.attempt import OUTSIDE, WORKER, Attempt, AttemptState
from executor.domain.effect import Effect
from executor.domain.errors import WrongInput
from executor.domain.gate import command_in
from executor.domain.plan import MILEPOST, MODEL
from executor.domain.task import TASK_DUE, Task, TaskKind, TaskState
from executor.domain.turn import AGENT
from executor.domain.values import replace
from executor.engine.casework.case import Case
from executor.engine.durations import signature_of
from executor.engine.policy.places import places_in
from executor.engine.tools import Tools
from executor.engine.wording import shown_command
from executor.ports import Assignment, Transaction


def claimed(case: Case, task: Task, tools: Tools, executor_id: str, executor_type: str = WORKER) -> Assignment:
    """A parked attempt goes on under its number; else a new one begins. An outside effect is intended first."""
    parked = case.attempts.get(task.ref)
    lease_until = case.now + timedelta(seconds=tools.limits.lease_s)
    task = case.move_task(task.ref, TaskState.IN_PROGRESS)
    if parked is not None and parked.state in (AttemptState.WAITING, AttemptState.UNKNOWN):
        attempt = replace(
            parked,
            state=AttemptState.RUNNING,
            executor_id=executor_id,
            executor_type=executor_type,
            lease_until=lease_until,
            evidence="",
        )
        case.set_attempt(attempt)
    else:
        task = replace(task, attempts=task.attempts + 1, approved="")  # an approval is for one attempt
        case.set_task(task)
        attempt = Attempt(
            task_ref=task.ref,
            number=task.attempts,
            goal_number=task.goal_number,
            executor_id=executor_id,
            executor_type=executor_type,
            lease_until=lease_until,
            command=command_in(task.spec) if task.kind is TaskKind.GATE else shown_command(task.spec.parameters),
            signature=signature_of(task.spec),
            started_at=case.now,
        )
        case.open_attempt(attempt)
    if not task.verify_only and executor_type != OUTSIDE:  # what an outside worker does is not the task's action
        _intend(case, task, attempt, tools)
    return Assignment(goal=case.goal, task=task, attempt=attempt)


def _intend(case: Case, task: Task, attempt: Attempt, tools: Tools) -> None:
    """Nothing is intended by an attempt that will only ask, that goes on with what it began, or whose action is
    unknown or refuses its parameters: that one fails before it does anything."""
    effect = case.effects.get(task.ref)
    if task.kind is not TaskKind.WORK or task.taken_over or (effect and effect.attempt == attempt.number):
        return
    try:
        action = tools.actions.get(task.spec.action)
        asks_first = task.answer is None and action.ask(task.spec.parameters) is not None
        if asks_first or action.repeatable(task.spec.parameters):
            return
        what = action.describe(task.spec.parameters)
    except WrongInput:
        return
    case.intend(
        Effect(
            id=f"{task.ref}#{attempt.number}",
            goal_number=task.goal_number,
            task_ref=task.ref,
            attempt=attempt.number,
            what=what,
            intended_at=case.now,
        )
    )


async def with_acceptance(transaction: Transaction, assignments: list[Assignment]) -> list[Assignment]:
    """With Start, everything on the plan was accepted; without it, what a model wrote was accepted by nobody."""
    without_start = {one.goal.number for one in assignments if one.goal.autonomy != "plan"}
    if not without_start:
        return assignments
    made_by = await transaction.plan_makers(without_start)
    return [
        await _unaccepted(transaction, one) if by_model(one.goal.number, one.task.plan_version, made_by) else one
        for one in assignments
    ]


def by_model(number: int, version: int, made_by: Mapping[tuple[int, int], str]) -> bool:
    """Whether what came into the plan with this version is a model's, or made of what a model wrote. What a person
    put in bears their name."""
    makers = [made_by.get((number, one), "") for one in range(1, version + 1)]
    by_hand = makers[-1:] and not makers[-1].startswith((MODEL, MILEPOST))
    return any(maker.startswith(MODEL) for maker in makers) and not (by_hand and version > 1)


async def _unaccepted(transaction: Transaction, assignment: Assignment) -> Assignment:
    """A first plan was made before anything was read, unless its goal is made of what another one put out."""
    goal, later = assignment.goal, assignment.task.plan_version > 1 or bool(assignment.goal.lineage)
    assignment = replace(assignment, accepted=False, tainted=later)
    if goal.autonomy != "risky" or not (later or assignment.task.spec.action == AGENT):
        return assignment
    texts: list[object] = []
    if not goal.lineage:
        texts = [goal.title, goal.description, dict(goal.metadata)]
        texts += [asdict(part) for plan in (await transaction.plans(goal.number))[:1] for part in plan.tasks]
    return replace(assignment, places=places_in(texts))


def may_begin(case: Case, task: Task) -> bool:
    """A task that was taken over while it ran is due, but waits for the end of what runs."""
    return task.state in TASK_DUE and not case.still_runs(task.ref)
