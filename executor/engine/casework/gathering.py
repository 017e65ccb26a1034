"""Gathering approvals of one goal on one card, answering several of them at once, and asking no more when too many
wait."""

from dataclasses import replace

from executor.domain.decision import Decision
from executor.domain.gathered import (
    ALONE_MAX,
    ALSO_ALONE,
    ASKS_AGAIN_AT,
    HELD,
    ROUND,
    WAITING_MAX,
    card_key,
    round_of,
    waiting,
)
from executor.domain.notice import NoticeKind
from executor.domain.task import Task, TaskState
from executor.engine.casework.case import Case

ASKS_LATER = "Asks when fewer approvals wait"


def gathered(case: Case) -> dict[str, object]:
    """The facts of one more approval that say where it is shown. Those that wait already are taken along."""
    open_ones = waiting(case.decisions.values())
    rounds = [found for decision in open_ones if (found := round_of(decision)) is not None]
    if rounds:
        return {ROUND: max(rounds)}
    if len(open_ones) < ALONE_MAX:
        return {}
    number = open_ones[0].number
    for decision in open_ones:
        _take_along(case, decision, number)
    return {ROUND: number}


def _take_along(case: Case, decision: Decision, number: int) -> None:
    """One that nobody has seen yet needs no message of its own."""
    facts = {**decision.facts, ROUND: number, ALSO_ALONE: not case.unsay(decision)}
    case.decisions[decision.number] = replace(decision, facts=facts)


def too_many_wait(case: Case) -> bool:
    return len(waiting(case.decisions.values())) >= WAITING_MAX


def ask_later(case: Case, task: Task) -> None:
    """Its attempt stays parked; said once for each round."""
    task = case.move_task(task.ref, TaskState.AWAITING_APPROVAL, summary=ASKS_LATER)
    case.set_task(replace(task, waits_on=HELD))
    open_ones = waiting(case.decisions.values())
    number = max((found for one in open_ones if (found := round_of(one)) is not None), default=0)
    text = (
        f"{len(open_ones)} approvals of goal {case.goal.number} wait for you, so it asks for nothing more now. "
        f"It goes on asking when {ASKS_AGAIN_AT} are left."
    )
    case.tell(NoticeKind.TEXT, f"{card_key(case.goal.number, number)}/enough", {"text": f"⏸ {text}"})


def ask_now(case: Case) -> None:
    """Tasks that were kept from asking go on, as many as may ask. Safe to call again."""
    held = [task for task in case.tasks.values() if is_held(task)]
    room = WAITING_MAX - len(waiting(case.decisions.values()))
    if not held or room < WAITING_MAX - ASKS_AGAIN_AT:
        return
    for task in held[:room]:
        case.move_task(task.ref, TaskState.QUEUED, summary="")


def is_held(task: Task) -> bool:
    return task.waits_on == HELD and task.state is TaskState.AWAITING_APPROVAL
