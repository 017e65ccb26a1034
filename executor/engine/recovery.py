"""Taking over what an executor that is gone left running: first ended, then put back, or asked about."""

from collections.abc import Callable, Collection, Sequence

from executor.domain.attempt import Attempt
from executor.domain.outcome import Interrupted, Outcome, Uncertain
from executor.engine.casework.case import Case
from executor.engine.casework.joint import Numbers, merge
from executor.engine.correction.suspects import died_soon
from executor.engine.flow import advance
from executor.engine.settle import settle
from executor.engine.tools import Tools
from executor.ports import CaseRows, Changes, Store, Workers


async def recover(
    store: Store,
    tools: Tools,
    workers: Workers,
    *,
    living: Sequence[str],
    held: Collection[tuple[str, int]],
    log_failure: Callable[[str, Exception], None],
) -> int:
    """End what the running attempts of executors that are not among the `living` left running, then put their tasks
    back, or ask where an effect may be out. Attempts (task ref, number) that are `held` are not lost. How many there
    were."""
    async with store.transaction("recovery") as transaction:
        lost = await transaction.abandoned(tools.clock.now(), living)
    lost = [attempt for attempt in lost if (attempt.task_ref, attempt.number) not in held]
    for attempt in lost:
        await workers.end_leftovers(attempt)
    if not lost:
        return 0
    async with store.transaction("recovery") as transaction:
        numbers = Numbers(await transaction.next_decision_number())
        rows = await transaction.cases(sorted({attempt.goal_number for attempt in lost}))
        parts: list[Changes] = []
        for case_rows in rows:
            try:
                parts.append(_recovered(case_rows, lost, numbers, tools))
            except Exception as error:  # noqa: BLE001 - one goal's bug; it is tried again with the next heartbeat
                log_failure(f"goal {case_rows.goal.number}", error)
        await transaction.save(merge(parts))
    return len(lost)


def _recovered(rows: CaseRows, lost: Sequence[Attempt], numbers: Numbers, tools: Tools) -> Changes:
    case = Case(rows, tools.clock.now(), tools.limits, numbers)
    for attempt in lost:
        if attempt.goal_number != case.goal.number:
            continue
        effect = case.effects.get(attempt.task_ref)
        outcome: Outcome = Interrupted(
            note="Milepost was stopped while it ran", lost=True, soon=died_soon(attempt, tools.limits)
        )
        if effect is not None:
            outcome = Uncertain(note="Milepost was stopped while it ran, so nobody saw the end")
        settle(case, attempt.task_ref, attempt.number, outcome)
    advance(case)
    return case.changes()
