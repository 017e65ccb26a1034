"""Changing a plan that runs: always a new version, finished work is kept, and the chat gets the difference.

Inside what a person accepted with the plan (safe fixes, their own commands) an adaptation is applied and reported.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from executor.domain.adaptation import PlanDiff, diff
from executor.domain.decision import DecisionKind
from executor.domain.envelope import same_run
from executor.domain.goal import Goal, GoalState
from executor.domain.notice import NoticeKind
from executor.domain.plan import MILEPOST, Criterion, Plan, TaskSpec, for_person
from executor.domain.subtasks import nested, refs_of
from executor.domain.task import Task, TaskState
from executor.engine.blockages.blocking import ask_again
from executor.engine.blockages.loops import with_version
from executor.engine.casework.case import Case
from executor.engine.flow import cancel_task, close_parked_attempt, fresh
from executor.engine.planning.planning import criterion_spec, criterion_task

_TROUBLED = frozenset({TaskState.FAILED, TaskState.BLOCKED})
_UNTOUCHED = frozenset({TaskState.COMPLETED, TaskState.SKIPPED, TaskState.IN_PROGRESS})


def current_plan(case: Case) -> Plan:
    """The plan as it stands: what was cancelled is no part of it any more."""
    return Plan(
        goal_number=case.goal.number,
        version=case.goal.plan_version,
        criteria=tuple(
            Criterion(text=task.spec.title, check=task.spec.check, covered_by=task.spec.parameters.get("covered_by"))
            for task in case.criteria
        ),
        tasks=tuple(task.spec for task in _in_order(case) if task.state is not TaskState.CANCELLED),
        gates=tuple(task.spec for task in case.gates if task.state is not TaskState.CANCELLED),
        made_by=MILEPOST,
    )


def _in_order(case: Case) -> list[Task]:
    return sorted(case.work, key=lambda task: task.position)


def adapt(
    case: Case,
    specs: Sequence[TaskSpec],
    *,
    reason: str,
    deviation: float | None = None,
    again: Collection[str] = (),
    criteria: Sequence[Criterion] | None = None,
    chosen: str = "",
    made_by: str = "",
) -> PlanDiff:
    """Make `specs` the next version. Finished and running tasks stay as they are; unfinished ones that are not in
    `specs` are cancelled; tasks whose key is in `again`, and troubled ones that change, begin afresh. `criteria` None:
    they stay; else each takes the place of the one before, and more are added. `chosen` names the alternative that it
    takes, if any. `made_by`: who thought of it; "": who gives the command. The caller advances the case."""
    old = current_plan(case)
    kept = {task.spec.key: task for task in case.work if task.state is not TaskState.CANCELLED}
    wanted = {spec.key for spec in specs}
    stays = [task.spec for key, task in kept.items() if key not in wanted and task.state in _UNTOUCHED]
    version = old.version + 1
    new = replace(
        old,
        version=version,
        made_by=made_by or (case.by.name if case.by is not None else MILEPOST),
        criteria=old.criteria if criteria is None else tuple(criteria),
        tasks=nested((*stays, *(_as_kept(spec, kept) for spec in specs))),
        reason=reason,
        deviation=deviation,
        chosen=chosen,
        created_at=case.now,
    )
    for key, task in kept.items():
        if key not in wanted and task.state not in _UNTOUCHED:
            cancel_task(case, task, summary=f"Not part of plan v{version}")
    fresh_tasks = [*_new_tasks(case, new, kept), *_new_criteria(case, new)]
    change = diff(old, new)
    case.set_goal(_counted(case, replace(with_version(case.goal, old.tasks, new.tasks), plan_version=version), change))
    case.add_plan(new, fresh_tasks, removed=[])
    for position, spec in enumerate(new.tasks, start=1):
        _place(case, spec, position, kept, again)
    for task, criterion in zip(case.criteria, new.criteria, strict=True):
        _change_criterion(case, task, criterion)
    _report(case, change, reason, deviation)
    for decision in case.open_decisions():
        if decision.kind is DecisionKind.ADAPTATION:
            case.close(decision, f"The plan has changed meanwhile; it is v{version} now")
    if case.goal.state is not GoalState.PAUSED:  # else when it goes on
        ask_again(case)
    return change


def _counted(case: Case, goal: Goal, change: PlanDiff) -> Goal:
    """What Milepost does by itself has its limits; a person who changes the plan has thereby accepted all of it."""
    if case.by is not None:
        return replace(goal, own_tasks=0)
    return replace(goal, own_adaptations=goal.own_adaptations + 1, own_tasks=goal.own_tasks + len(change.added))


def _as_kept(spec: TaskSpec, kept: dict[str, Task]) -> TaskSpec:
    """A task that is over or under way can't be changed any more."""
    task = kept.get(spec.key)
    return task.spec if task is not None and task.state in _UNTOUCHED else spec


def _new_tasks(case: Case, plan: Plan, kept: dict[str, Task]) -> list[Task]:
    number = case.goal.number
    known = {key: task.ref for key, task in kept.items()}
    refs = refs_of(number, plan.tasks, known, (task.ref for task in case.work))
    return [
        Task(
            ref=refs[spec.key],
            goal_number=number,
            position=0,
            spec=spec,
            parent_ref=(known | refs).get(spec.parent or ""),
            plan_version=plan.version,
            taken_over=for_person(spec),
            created_at=case.now,
        )
        for spec in plan.tasks
        if spec.key not in kept
    ]


def _new_criteria(case: Case, plan: Plan) -> list[Task]:
    """Tasks for the criteria that the plan has more than before."""
    known = len(case.criteria)
    return [
        criterion_task(plan, index, criterion, case.now)
        for index, criterion in enumerate(plan.criteria, start=1)
        if index > known
    ]


def _change_criterion(case: Case, task: Task, criterion: Criterion) -> None:
    """One that reads otherwise is looked at again; what is over stays as it was."""
    spec = replace(criterion_spec(criterion, int(task.ref.rpartition(".c")[2])), key=task.spec.key)
    if spec != task.spec and not task.final:
        case.set_task(replace(task, spec=spec))
        if task.state is not TaskState.PENDING:
            begin_afresh(case, case.tasks[task.ref])


def _place(case: Case, spec: TaskSpec, position: int, kept: dict[str, Task], again: Collection[str]) -> None:
    task = case.by_key(spec.key)
    assert task is not None  # add_plan has just brought all of them
    if task.position != position or task.spec != spec:
        since = task.plan_version if same_run(spec, task.spec) else case.goal.plan_version
        case.set_task(replace(task, position=position, spec=spec, plan_version=since))
    wanted_again = spec.key in again and task.state not in _UNTOUCHED
    changed = task.spec != spec and task.state in _TROUBLED
    asked = not same_run(spec, task.spec) and any(
        one.kind is DecisionKind.APPROVAL for one in case.open_decisions(task.ref)
    )
    if spec.key in kept and (wanted_again or changed or asked):  # what it asked about is not what would run
        begin_afresh(case, case.tasks[task.ref])


def begin_afresh(case: Case, task: Task) -> None:
    """Back to where it waits for its dependencies; what is open about it is closed."""
    case.unblock(task.ref, "The plan was adapted")
    case.withdraw(task.ref, note="The plan was adapted")
    close_parked_attempt(case, task.ref)
    if task.state is not TaskState.PENDING:
        task = case.move_task(task.ref, TaskState.PENDING, summary="")
    trail = () if case.by else task.trail  # nothing new by itself: what went in circles before is not forgotten
    case.set_task(replace(fresh(task), trail=trail))


def _report(case: Case, change: PlanDiff, reason: str, deviation: float | None) -> None:
    facts = {
        "line": f"{change.line}, {reason}",
        "added": [spec.title for spec in change.added],
        "removed": [spec.title for spec in change.removed],
        "changed": [after.title for _, after in change.changed],
        "goal_title": case.goal.title,
        "number": case.goal.number,
    }
    case.event("plan.adapted", None, version=change.new_version, deviation=deviation, reason=reason, line=change.line)
    case.tell(NoticeKind.ADAPTATION, f"{case.goal.number}/adaptation/{change.new_version}", facts)


def troubled(case: Case) -> list[Task]:
    """Tasks that failed or are blocked: what an adaptation begins afresh."""
    return [task for task in case.work if task.state in _TROUBLED]


def deviation_of(case: Case) -> float:
    """The weighted share of expectations that failed so far, 0..1: troubled work against all work that was tried."""
    tried = [task for task in case.work if task.state is TaskState.COMPLETED or task.state in _TROUBLED]
    weights = sum(task.spec.weight for task in tried)
    return sum(task.spec.weight for task in troubled(case)) / weights if weights else 0.0
