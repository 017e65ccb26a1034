"""An effect of which nobody saw whether it happened: what can tell, and whom to ask."""

from executor.domain.decision import OPTIONS, DecisionKind
from executor.domain.outcome import Uncertain
from executor.domain.plan import CheckKind
from executor.domain.task import Task, TaskState
from executor.engine.casework.case import Case
from executor.engine.turns import works_in_turns


def can_be_read_back(case: Case, task: Task, outcome: Uncertain) -> bool:
    """The task's own check can tell, and was not looked at since. Nothing is repeated by looking."""
    looked = outcome.looked or task.verify_only
    check = task.spec.check
    return not looked and check is not None and check.kind in _READ_BACK and not works_in_turns(task)


_READ_BACK = frozenset({CheckKind.COMMAND, CheckKind.FILE, CheckKind.HTTP})


def ask_about_effect(case: Case, task: Task, note: str) -> None:
    """Nobody saw whether it happened, so a person says, or lets Milepost look where there is a check."""
    effect = case.effects.get(task.ref)
    case.move_task(task.ref, TaskState.AWAITING_APPROVAL, summary="Its outcome is unknown")
    case.ask(
        DecisionKind.EFFECT,
        task_ref=task.ref,
        question=f"Did this happen? {effect.what if effect else task.spec.title}",
        facts={
            "ref": task.ref,
            "title": task.spec.title,
            "what": effect.what if effect else task.spec.title,
            "when": effect.intended_at.isoformat() if effect else "",
            "note": note,
        },
        options=OPTIONS[DecisionKind.EFFECT][: 2 if works_in_turns(task) else None],
    )
