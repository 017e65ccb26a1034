"""Opening a blockage: the row, the question to a person, and what the message shows."""

from collections.abc import Mapping

from executor.domain.amendment import Amendment
from executor.domain.blockage import Blockage, BlockageType
from executor.domain.decision import OPTIONS, RETRY_WITH_FIX, DecisionKind, Option
from executor.domain.envelope import shown
from executor.domain.outcome import Result
from executor.domain.plan import TaskSpec
from executor.domain.task import Task, TaskKind, TaskState
from executor.engine.blockages.beforehand import met
from executor.engine.blockages.providing import missing_value, with_value
from executor.engine.casework.case import Case
from executor.engine.casework.showing import looks

DETAIL_LINES = 12
DETAIL_CHARACTERS = 1_500
"""How much of the real output a message shows: what fits a phone's screen twice; /log has the rest."""


def block_task(
    case: Case,
    task: Task,
    type: BlockageType,
    *,
    cause: str,
    confidence: float = 1.0,
    result: Result | None = None,
    tried: tuple[str, ...] = (),
    amendment: Amendment | None = None,
    asks: bool = True,
) -> Task:
    """Block the task and ask. `amendment` is a repair that waits for a word; `asks` False: its question is still open.
    Returns the task as it now is."""
    blockage = Blockage(
        id=f"{task.ref}/{task.attempts}/{case.now:%Y%m%d%H%M%S%f}/{task.revision}",
        goal_number=task.goal_number,
        task_ref=task.ref,
        type=type,
        cause=cause,
        confidence=confidence,
        detail=last_lines(result),
        tried=tried,
        missing=missing_value(result),
        detected_at=case.now,
        amendment=amendment,
    )
    task = case.move_task(task.ref, TaskState.BLOCKED, summary=cause, why=str(type))
    case.block(blockage)
    met(case)
    if asks:
        ask_about(case, task, blockage)
    return task


def ask_about(case: Case, task: Task, blockage: Blockage) -> None:
    """A new message with the ways out."""
    case.ask(
        DecisionKind.BLOCKAGE,
        task_ref=task.ref,
        question=f"{task.spec.title}: {blockage.cause}",
        facts=_facts(case, task, blockage),
        options=ways_out(blockage),
    )


def ways_out(blockage: Blockage) -> tuple[Option, ...]:
    """The buttons of a blockage, in the contract's order, as its facts call for them."""
    retry, *others = OPTIONS[DecisionKind.BLOCKAGE]
    with_fix = (retry, RETRY_WITH_FIX, *others)
    return with_value(with_fix if blockage.amendment is not None else (retry, *others), blockage.missing)


def ask_again(case: Case) -> None:
    """Blocked tasks that no open question is about are asked about again."""
    for task in list(case.tasks.values()):
        if task.state is TaskState.BLOCKED and not case.open_decisions(task.ref) and not _amended(case, task):
            ask_about(case, task, case.blockages[task.ref])


def _amended(case: Case, task: Task) -> bool:
    """A proposed change of the plan would try it again: that question stands for its own."""
    proposed = [decision.amendment for decision in case.open_decisions() if decision.amendment is not None]
    return any(task.spec.key in amendment.again for amendment in proposed)


def _facts(case: Case, task: Task, blockage: Blockage) -> Mapping[str, object]:
    facts: dict[str, object] = {
        "ref": task.ref,
        "title": task.spec.title,
        "type": str(blockage.type),
        "cause": blockage.cause,
        "detail": blockage.detail,
        "tried": list(blockage.tried),
        "waits": [f"{other.ref} {other.spec.title}" for other in waiting_for(case, task)],
        "attempts": task.attempts,
    }
    if blockage.missing is not None:
        facts["missing"] = blockage.missing
    if task.spec.assignee:
        facts["assignee"] = task.spec.assignee
    if task.spec.critical:
        facts["critical"] = True
    if blockage.amendment is not None:
        facts["fix"] = _fix(case, blockage.amendment)
    return facts


def _fix(case: Case, amendment: Amendment) -> Mapping[str, object]:
    """A known repair: what it is, what exactly would run, and why it waits."""
    return {
        "what": amendment.reason,
        "runs": [line for spec in amendment.tasks for line in _runs(case, spec)],
        "because": list(amendment.because),
    }


def waiting_for(case: Case, task: Task, *, whole: bool = True) -> list[Task]:
    """Unfinished tasks that can't start before this one is done, directly or through others. Not `whole`: but for those
    that are waiting for a part of their own; they go on without it."""
    keys = {task.spec.key} if task.kind is TaskKind.WORK else set()
    waiting: list[Task] = []
    while found := [t for t in case.work if not t.final and t not in waiting and keys & _needs(case, t, whole)]:
        waiting.extend(found)
        keys |= {t.spec.key for t in found}
    return [t for t in waiting if t.ref != task.ref]


def _needs(case: Case, task: Task, whole: bool) -> set[str]:
    needs = {*task.spec.depends_on, *task.spec.only_if}
    return needs if whole else needs - {t.spec.key for t in case.work if t.parent_ref == task.ref}


def last_lines(result: Result | None) -> str:
    """The last lines that a command really printed: its errors if there are any, else its output."""
    if result is None:
        return ""
    stderr = str(result.metadata.get("stderr") or "")
    text = (stderr.strip() or result.output.strip() or result.error or "").splitlines()[-DETAIL_LINES:]
    return "\n".join(text)[-DETAIL_CHARACTERS:]


def _runs(case: Case, spec: TaskSpec) -> list[str]:
    """What it runs, and what it would be looked at by that it is not yet."""
    known = case.by_key(spec.key)
    return [shown(spec, whole=True), *looks(spec, known.spec if known else None)]
