"""What follows from the state of a goal, whatever brought it there.

`advance` is level-triggered: it looks at a case as it is now, does what that state calls for, and is safe to call
again. Every command and every finished attempt ends in it, so that there is one answer to "what next".
"""

from dataclasses import replace

from executor.domain.attempt import AttemptState
from executor.domain.blockage import BlockageType
from executor.domain.decision import DecisionKind
from executor.domain.effect import EffectState
from executor.domain.goal import GOAL_RUNNING, GoalState
from executor.domain.milestone import COMPLETE, PLANNED, Milestone, passed, progress_of, title_of
from executor.domain.notice import NoticeKind
from executor.domain.plan import CheckKind
from executor.domain.task import Task, TaskKind, TaskState
from executor.engine.blockages.blocking import block_task
from executor.engine.blockages.prerequisites import why_never
from executor.engine.casework.case import Case, end_key
from executor.engine.casework.gathering import ask_now
from executor.engine.casework.impasse import look_at_impasse
from executor.engine.casework.receipt import end_facts
from executor.engine.casework.subtasks import goes_without_its_parts

_LOOKED_AT = frozenset({TaskState.COMPLETED, TaskState.QUEUED, TaskState.RETRYING, TaskState.AWAITING_APPROVAL})
_ACTIVE = frozenset({TaskState.QUEUED, TaskState.IN_PROGRESS, TaskState.RETRYING})
_PARKED = frozenset({TaskState.AWAITING_APPROVAL, TaskState.BLOCKED, TaskState.PAUSED})
WITH_THE_GOAL = "Cancelled with the goal"
SKIPPED_BECAUSE = "Skipped: task"


def advance(case: Case) -> None:
    """Release what is ready, settle the goal's own state, measure the progress, and end the goal when it is over."""
    if case.goal.state not in GOAL_RUNNING:
        return
    ask_now(case)
    _release(case)
    _settle_goal(case)
    look_at_impasse(case)
    measure(case)
    if case.goal.state is GoalState.VALIDATING and all(task.final for task in case.tasks.values()):
        _conclude(case)


def _release(case: Case) -> None:
    """Pending tasks whose turn has come are queued; skipping one may release others, so go on until nothing moves."""
    moved = True
    while moved:
        moved = any([_release_one(case, task) for task in case.work if task.state is TaskState.PENDING])
    if all(task.final for task in case.work):
        for task in case.criteria:
            if task.state is TaskState.PENDING:
                _release_criterion(case, task)
        if all(task.final for task in case.criteria):
            _release_gate(case)
        return
    for task in (*case.criteria, *case.gates):
        if task.state in _LOOKED_AT and not _confirmed(task):
            _look_again(case, task)


def _confirmed(task: Task) -> bool:
    """A person said that it is so, and is asked once only (contract section 3)."""
    return task.state is TaskState.COMPLETED and asks_person(task) and task.answer is not None


def _look_again(case: Case, task: Task) -> None:
    """Work was added while the criteria and the gates were looked at, or after it: what they showed says nothing about
    the end. One that is just being looked at comes here when it is done."""
    case.withdraw(task.ref, note="More work was added; this is asked after it")
    close_parked_attempt(case, task.ref)
    case.set_task(fresh(task.reopened()))
    case.event(f"{task.kind}.reopened", task.ref)


def _release_one(case: Case, task: Task) -> bool:
    spec = task.spec
    for key in spec.only_if:
        condition = case.by_key(key)
        if condition is not None and condition.final and condition.state is not TaskState.COMPLETED:
            case.move_task(task.ref, TaskState.SKIPPED, summary=f"{SKIPPED_BECAUSE} {condition.ref} did not succeed")
            return True
    needed = [case.by_key(key) for key in {*spec.depends_on, *spec.only_if}]
    if all(other is None or other.frees(task) for other in needed):
        if goes_without_its_parts(case, task):
            case.move_task(task.ref, TaskState.SKIPPED, summary="Skipped: so were all of its parts")
        else:
            case.move_task(task.ref, TaskState.QUEUED)
        return True
    return False


def _release_criterion(case: Case, task: Task) -> None:
    """A criterion that a finished task already proves takes over that proof; every other one is looked at."""
    covered_by = task.spec.parameters.get("covered_by")
    proof = case.by_key(covered_by) if covered_by else None
    if proof is not None and proof.state is TaskState.COMPLETED:
        case.move_task(task.ref, TaskState.IN_PROGRESS)
        case.move_task(task.ref, TaskState.COMPLETED, summary=proof.summary)
    else:
        case.move_task(task.ref, TaskState.QUEUED)


def _release_gate(case: Case) -> None:
    """One after the other: what one gate finds may be mended before the next is worth its while."""
    due = next((task for task in case.gates if not task.final), None)
    if due is not None and due.state is TaskState.PENDING:
        case.move_task(due.ref, TaskState.QUEUED)


def _settle_goal(case: Case) -> None:
    work_open = [task for task in case.work if not task.final]
    stage = GoalState.IN_PROGRESS if work_open else GoalState.VALIDATING
    checks_open = [task for task in case.criteria if not task.final] or [task for task in case.gates if not task.final]
    unfinished = work_open or checks_open
    if not unfinished or any(_moves(task) for task in unfinished):
        case.move_goal(stage)
        return
    parked = [task for task in unfinished if task.state in _PARKED]
    if not parked:  # only pending ones are left, and nothing will ever release them
        parked = [_block_orphan(case, unfinished[0])]
    case.move_goal(GoalState.BLOCKED, reason="Waiting for a person: " + ", ".join(task.ref for task in parked))


def _moves(task: Task) -> bool:
    """It goes on by itself: at work, in the queue, or waiting for a resource that is watched."""
    return task.state in _ACTIVE or (task.state is TaskState.PAUSED and bool(task.waits_on))


def _block_orphan(case: Case, task: Task) -> Task:
    return block_task(case, task, BlockageType.DEPENDENCY, cause=why_never(case, task))


def measure(case: Case) -> None:
    """The percentage with its floors (contract section 3), and the milestones that it passes. It is not 100 while a
    gate is open: there may be more to do."""
    share = progress_of(case.tasks.values()).percentage
    if any(not task.final for task in case.gates):
        share = min(share, COMPLETE - 1)
    percentage = max(share, PLANNED, case.goal.percentage)
    if percentage == case.goal.percentage:
        return
    _pass_milestones(case, case.goal.percentage, percentage)
    case.track(percentage)


def _pass_milestones(case: Case, old: int, new: int) -> None:
    """Announce the highest and record the rest. 100 is announced by the end alone, after validation; a jump to 100
    therefore announces nothing below it. A goal that was completed once has passed them all, and passes none again
    when it is taken up for a rework."""
    if case.goal.reworks:
        return
    thresholds = [at for at in passed(old, new) if at != COMPLETE]
    for at in thresholds:
        announced = at == thresholds[-1] and new < COMPLETE
        case.reach(_milestone(case, at, announced))
        if announced:
            announce(case, at)


def _milestone(case: Case, percentage: int, announced: bool) -> Milestone:
    kind = {PLANNED: "planning", COMPLETE: "completion"}.get(percentage, "checkpoint")
    return Milestone(
        goal_number=case.goal.number,
        percentage=percentage,
        title=title_of(percentage),
        type=kind,
        achieved_at=case.now,
        announced=announced,
    )


def announce(case: Case, percentage: int) -> None:
    """The milestone's message; its key makes a second one impossible."""
    progress = progress_of(case.tasks.values())
    note = f"{progress.completed} of {progress.total} tasks done"
    facts = {
        "percentage": percentage,
        "title": title_of(percentage),
        "goal_title": case.goal.title,
        "note": "Initial planning phase completed" if percentage == PLANNED else note,
    }
    case.tell(NoticeKind.MILESTONE, f"{case.goal.number}/milestone/{percentage}", facts)


def _conclude(case: Case) -> None:
    """Every task and every criterion is over: completed, unless nothing at all was done."""
    if not any(task.state is TaskState.COMPLETED for task in case.tasks.values()):
        end(case, GoalState.CANCELLED, reason="Every task was skipped or cancelled, so nothing was done.")
        return
    failed = [task for task in case.work if task.state is TaskState.FAILED and not task.spec.optional]
    if failed:
        end(case, GoalState.FAILED, reason="Failed: " + ", ".join(task.ref for task in failed))
        return
    if case.goal.percentage < COMPLETE:  # an optional task failed
        _pass_milestones(case, case.goal.percentage, COMPLETE)
        case.track(COMPLETE)
    if not case.goal.reworks:
        case.reach(_milestone(case, COMPLETE, announced=True))
    end(case, GoalState.COMPLETED)


def end(case: Case, state: GoalState, *, reason: str = "") -> None:
    """Close the goal: open tasks cancelled, running attempts stopped, open questions withdrawn, one final notice. On
    that of a completed goal stands the question whether the result is good; it holds nothing up."""
    for task in list(case.tasks.values()):
        if not task.final:
            cancel_task(case, task, summary=WITH_THE_GOAL)
    case.withdraw(None, note=f"The goal is {state}")
    case.move_goal(state, reason=reason)
    if state is GoalState.COMPLETED:
        case.ask(DecisionKind.RESULT, task_ref=None, question="Is the result good?", facts=end_facts(case))
    else:
        case.tell(NoticeKind.END, end_key(case.goal), end_facts(case))


def cancel_task(case: Case, task: Task, *, summary: str) -> None:
    """End one task without success, and whatever is open about it."""
    if task.state is TaskState.IN_PROGRESS:
        case.stop_tasks.add(task.ref)
    case.withdraw(task.ref, note=summary)
    case.unblock(task.ref, summary)
    case.move_task(task.ref, TaskState.CANCELLED, summary=summary)
    close_parked_attempt(case, task.ref)


NOT_BEGUN = "It was not begun"
"""The evidence of an attempt that waits for leave to begin."""


def close_parked_attempt(case: Case, ref: str) -> None:
    """An attempt that waits without a slot, or whose end nobody saw, has no worker to report its end. An effect that
    it began stays in doubt."""
    attempt = case.attempts.get(ref)
    if attempt is None or attempt.state not in (AttemptState.WAITING, AttemptState.UNKNOWN):
        return
    case.end_attempt(ref, AttemptState.INTERRUPTED)
    if attempt.evidence == NOT_BEGUN:
        case.settle_effect(ref, EffectState.FAILED, NOT_BEGUN)
    elif not case.in_doubt(ref):
        case.settle_effect(ref, EffectState.UNKNOWN, "Given up while it was under way")


def start(case: Case) -> None:
    """The plan is accepted: at least 10 %, the first milestone, and the first tasks."""
    case.move_goal(GoalState.IN_PROGRESS)
    case.event("plan.accepted", None, version=case.goal.plan_version)
    advance(case)


def asks_person(task: Task) -> bool:
    """A criterion that nothing but a person can judge."""
    check = task.spec.check
    return task.kind is TaskKind.CRITERION and (check is None or check.kind in (CheckKind.HUMAN, CheckKind.OPINION))


def fresh(task: Task) -> Task:
    """The task as before its first failure: a person wants it tried again."""
    return replace(task, failures=0, answer=None, verify_first=False, verify_only=False, trail=())
