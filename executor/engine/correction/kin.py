"""The same failure in several goals that are parts of one: each of them counts its own from nothing, and together they
go in circles. A goal that makes goals does not begin anew by that."""

from collections.abc import Sequence

from executor.domain.correction import AskPerson
from executor.domain.outcome import Stumbled
from executor.domain.task import Task
from executor.engine.blockages.loops import FAILURES_MAX, counted_by_tries, end_of, ends_in_a_row
from executor.engine.casework.case import Case
from executor.engine.classification import classify
from executor.engine.planning.subgoals import ACTION
from executor.ports import Transaction


async def kin_of(transaction: Transaction, case: Case) -> Sequence[str]:
    """How unfinished and failed tasks of the other goals of its family have ended; empty where there are none."""
    if not case.goal.lineage and not any(task.spec.action == ACTION for task in case.tasks.values()):
        return ()
    root = case.goal.lineage[0] if case.goal.lineage else case.goal.number
    return [end_of(entry) for trail in await transaction.trails(root, but=case.goal.number) for entry in trail]


def stopped_with_kin(task: Task, outcome: Stumbled, kin: Sequence[str]) -> AskPerson | None:
    """A person, instead of another try at what other goals of the family tried in vain; None: go on."""
    if not task.trail or not (elsewhere := kin.count(end_of(task.trail[-1]))):
        return None
    verdict = classify(outcome.result)
    count = elsewhere + ends_in_a_row(task.trail)
    if count < FAILURES_MAX or counted_by_tries(task, verdict):
        return None
    said = outcome.evidence if outcome.result.success and outcome.evidence else verdict.cause
    cause = f"The same {count} times, here and in other goals that are part of the same one: {said}"
    return AskPerson(type=verdict.type, cause=cause, confidence=verdict.confidence)
