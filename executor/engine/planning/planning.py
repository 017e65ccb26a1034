"""From a draft to a plan that a person can accept: new goals, proposals, and tasks added by hand."""

import json
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from executor.domain.decision import DecisionKind
from executor.domain.envelope import same_run
from executor.domain.gate import Gates, gates_of
from executor.domain.goal import Goal, GoalState, Origin
from executor.domain.limits import Limits
from executor.domain.milestone import milestones_of
from executor.domain.plan import Criterion, ExecutionType, GoalDraft, Plan, TaskSpec, for_person
from executor.domain.subtasks import nested, refs_of
from executor.domain.task import Task, TaskKind
from executor.engine.casework.case import Case
from executor.engine.casework.joint import Numbers
from executor.engine.flow import end, start
from executor.engine.replies import Caller
from executor.ports import CaseRows

NO_GATES = Gates()
_NEW = -1  # the revision of a goal that is not stored yet


def open_goal(
    draft: GoalDraft, origin: Origin, number: int, *, now: datetime, limits: Limits, numbers: Numbers, by: Caller | None
) -> Case:
    """The case of a new goal, pending, with its draft and its five milestones."""
    goal = _read(Goal(number=number, title="", origin=origin, revision=_NEW, created_at=now, updated_at=now), draft)
    case = Case(CaseRows(goal=goal, tasks=()), now, limits, numbers, by)
    case.set_goal(replace(goal, revision=0))
    case.add_draft(draft)
    case.add_milestones(milestones_of(number))
    case.event("goal.created", None, title=draft.title, via=origin.via)
    return case


def _read(goal: Goal, draft: GoalDraft) -> Goal:
    return replace(
        goal,
        title=draft.title,
        description=draft.description,
        priority=draft.priority,
        deadline_at=draft.deadline_at,
        budget_usd=draft.budget_usd,
        metadata=draft.metadata,
    )


def redraft(case: Case, draft: GoalDraft) -> None:
    """Replace the text of a goal that has not started; its proposal goes back to planning."""
    case.withdraw(None, note="The goal was edited")
    case.set_goal(_read(case.goal, draft))
    case.add_draft(draft)
    case.event("goal.edited", None, title=draft.title)
    if case.goal.state is not GoalState.PENDING:
        case.move_goal(GoalState.PLANNING)


def propose(case: Case, plan: Plan, *, autonomy: str = "plan", at_once: bool = False, gates: Gates = NO_GATES) -> None:
    """Store the plan as the next version and ask for Start; with another autonomy than "plan", or `at_once` because a
    person wants exactly this, start. The `gates` that are configured and those that the goal demands are part of it."""
    if case.goal.state is GoalState.PENDING:
        case.move_goal(GoalState.PLANNING)
    version = case.goal.plan_version + 1
    plan = replace(
        plan,
        goal_number=case.goal.number,
        version=version,
        gates=gates_of(gates, case.goal.metadata, plan.gates),
        created_at=case.now,
    )
    case.set_goal(
        replace(case.goal, plan_version=version, percentage=0, autonomy=autonomy, plan_due_at=None, plan_tries=0)
    )
    case.add_plan(plan, tasks_of(plan, case.now), removed=list(case.tasks))
    case.event("plan.created", None, version=version, tasks=len(plan.tasks), by_brain=plan.made_by)
    if autonomy == "plan" and not at_once:
        case.move_goal(GoalState.AWAITING_START)
        case.ask(DecisionKind.START, task_ref=None, question=f"Start “{case.goal.title}”?", facts={})
    else:
        start(case)


def refuse_plan(case: Case, reason: str) -> None:
    """No plan can be made of it: the goal ends, saying why."""
    if case.goal.state is GoalState.PENDING:
        case.move_goal(GoalState.PLANNING)
    end(case, GoalState.FAILED, reason=reason)


def tasks_of(plan: Plan, now: datetime) -> list[Task]:
    """The tasks of a new plan: 12.1, 12.2 … for its work, 12.c1, 12.c2 … for its criteria, 12.g1 … for
    its gates."""
    number = plan.goal_number
    specs = nested(plan.tasks)
    refs = refs_of(number, specs, {}, ())
    work = [
        Task(
            ref=refs[spec.key],
            goal_number=number,
            position=position,
            spec=spec,
            parent_ref=refs.get(spec.parent or ""),
            plan_version=plan.version,
            taken_over=for_person(spec),
            created_at=now,
        )
        for position, spec in enumerate(specs, start=1)
    ]
    criteria = [criterion_task(plan, index, one, now) for index, one in enumerate(plan.criteria, start=1)]
    gates = [
        Task(
            ref=f"{number}.g{index}",
            goal_number=number,
            position=len(work) + len(criteria) + index,
            spec=spec,
            kind=TaskKind.GATE,
            plan_version=plan.version,
            created_at=now,
        )
        for index, spec in enumerate(plan.gates, start=1)
    ]
    return work + criteria + gates


def _as_stored(spec: TaskSpec) -> TaskSpec:
    """One of the two may come from the database and the other not yet, where a tuple is a list."""
    return replace(spec, parameters=json.loads(json.dumps(spec.parameters)))


def unlike(plan: Plan, tasks: Collection[Task], now: datetime) -> list[str]:
    """Refs of tasks that would not run what the plan says, and of those that only one of the two knows."""
    said = {task.ref: _as_stored(task.spec) for task in tasks_of(plan, now)}
    there = {task.ref: _as_stored(task.spec) for task in tasks}
    return sorted(
        ref for ref in said | there if ref not in said or ref not in there or not same_run(said[ref], there[ref])
    )


def criterion_task(plan: Plan, index: int, criterion: Criterion, now: datetime) -> Task:
    return Task(
        ref=f"{plan.goal_number}.c{index}",
        goal_number=plan.goal_number,
        position=len(plan.tasks) + index,
        spec=criterion_spec(criterion, index),
        kind=TaskKind.CRITERION,
        plan_version=plan.version,
        created_at=now,
    )


def criterion_spec(criterion: Criterion, index: int) -> TaskSpec:
    """Its key has a space, which no task of a plan may have: outputs and cards know tasks by their keys."""
    covered = {"covered_by": criterion.covered_by} if criterion.covered_by else {}
    return TaskSpec(
        key=f"criterion {index}",
        title=criterion.text,
        action="criterion",
        parameters=covered,
        check=criterion.check,
        weight=0,
        attempts_max=1,
    )


def manual_spec(key: str, title: str) -> TaskSpec:
    """A task for a person."""
    return TaskSpec(
        key=key,
        title=title,
        action="manual",
        parameters={"instructions": title},
        execution_type=ExecutionType.MANUAL,
    )
