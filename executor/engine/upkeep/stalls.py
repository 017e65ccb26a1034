"""Goals that stand still: nothing runs, nothing is due, nobody is asked, and nothing is waited for.

Each way of standing still should be impossible; a bug, or a hand in the database, makes it happen all the same. The
answer is the one that the state calls for, once more; where that does not help, a person decides.
"""

from collections.abc import Mapping
from dataclasses import replace

from executor.domain.blockage import BlockageType
from executor.domain.decision import DecisionKind
from executor.domain.effect import EffectState
from executor.domain.goal import GOAL_RUNNING, GoalState
from executor.domain.notice import NoticeKind
from executor.domain.task import Task, TaskKind, TaskState
from executor.engine.asking.doubting import ask_about_effect
from executor.engine.blockages.blocking import ask_about, block_task
from executor.engine.casework.case import Case
from executor.engine.flow import advance
from executor.engine.why import Around, Code, Known, Reason, known_of, reason_of, stands_still
from executor.ports import CaseRows


def stuck(rows: CaseRows, around: Around) -> list[Reason]:
    """Tasks for which nothing will ever happen, and a goal that stands still as a whole; empty: all is well."""
    known = known_of(rows.goal, rows.tasks, rows.attempts, rows.decisions)
    return _stuck(known, around)


def _stuck(known: Known, around: Around) -> list[Reason]:
    goal = known.goal
    if goal.state is GoalState.AWAITING_START:
        asked = known.decision_about(None) is not None
        return [] if asked else [Reason(code=Code.STUCK, sentence="it waits for Start, and nobody has been asked")]
    if goal.state not in GOAL_RUNNING:
        return []
    reasons = [reason_of(task, known, around) for task in known.tasks.values() if not task.final]
    return [reason for reason in reasons if reason.code is Code.STUCK] or stands_still(known, around)


def mend(case: Case, around: Around) -> list[Reason]:
    """Do what the state calls for, once more. What was found; the case is as it should be afterwards, or a person has
    been asked."""
    found = _stuck(_known(case), around)
    if not found:
        return []
    case.event("goal.stalled", None, reasons=[_told(reason) for reason in found])
    if case.goal.state is GoalState.AWAITING_START:
        case.ask(DecisionKind.START, task_ref=None, question=f"Start “{case.goal.title}”?", facts={})
        return found
    for reason in found:
        if reason.code is Code.STUCK and reason.ref is not None:
            _take_up(case, case.tasks[reason.ref])
    advance(case)
    if still := _stuck(_known(case), around):
        _ask(case, still)
    return found


def _known(case: Case) -> Known:
    return known_of(case.goal, list(case.tasks.values()), list(case.attempts.values()), list(case.decisions.values()))


def _told(reason: Reason) -> Mapping[str, object]:
    return {"ref": reason.ref, "code": reason.code.value, "sentence": reason.sentence}


def _take_up(case: Case, task: Task) -> None:
    match task.state:
        case TaskState.QUEUED | TaskState.RETRYING:
            case.set_task(replace(task, due_at=case.now))
        case TaskState.IN_PROGRESS:
            _run_again(case, task)
        case TaskState.AWAITING_APPROVAL:
            _ask_again(case, task)
        case TaskState.BLOCKED:
            if (blockage := case.blockages.get(task.ref)) is not None and blockage.resolved_at is None:
                ask_about(case, task, blockage)
            else:
                block_task(case, task, BlockageType.ERROR, cause=task.summary or "It can't go on")
        case _:  # a pending task is released by what follows
            return


def _run_again(case: Case, task: Task) -> None:
    """No attempt is running: as after a crash, an effect that may be out is asked about, everything else runs again."""
    if task.ref in case.effects:
        case.settle_effect(task.ref, EffectState.UNKNOWN)
        ask_about_effect(case, task, "Nobody saw how its attempt ended")
        return
    task = case.move_task(task.ref, TaskState.QUEUED, summary="Taken up again")
    case.set_task(replace(task, verify_first=task.spec.check is not None))


def _ask_again(case: Case, task: Task) -> None:
    """Its question is gone. An action asks again by itself when it is taken."""
    if case.in_doubt(task.ref):
        ask_about_effect(case, task, "The question before this one was lost")
    else:
        case.move_task(task.ref, TaskState.QUEUED, summary="Asks again")


def _ask(case: Case, still: list[Reason]) -> None:
    """One question about the first task that could be one's way out; without any task, one message."""
    open_ones = [task for task in case.tasks.values() if not task.final]
    work = [task for task in open_ones if task.kind is TaskKind.WORK] or open_ones
    if work:
        cause = f"Nothing in this goal can move any more: {still[0].sentence or 'every open task waits for another'}"
        block_task(case, work[0], BlockageType.DEPENDENCY, cause=cause)
        advance(case)
        return
    number = case.goal.number
    text = f"Goal {number} stands still, and I found no way to move it. /cancel {number} or /fail {number} ends it."
    case.tell(NoticeKind.FAILURE, f"{number}/stall", {"text": text, "goal_title": case.goal.title})
