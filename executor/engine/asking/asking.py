"""Questions about what a model costs and what it made, and what follows from their answers."""

from dataclasses import replace
from decimal import Decimal

from executor.domain.allowance import Allowance, AllowanceKind
from executor.domain.attempt import AttemptState
from executor.domain.blockage import BlockageType
from executor.domain.decision import SEND, Decision, DecisionKind, Option
from executor.domain.effect import EffectState
from executor.domain.gathered import APART
from executor.domain.goal import GoalState
from executor.domain.outcome import NeedsApproval, NeedsReview
from executor.domain.task import Answer, Task, TaskState
from executor.domain.visible import made_visible
from executor.engine.blockages.blocking import block_task
from executor.engine.casework.case import Case
from executor.engine.casework.gathering import ask_later, gathered, too_many_wait
from executor.engine.casework.granting import answered_too, give
from executor.engine.flow import NOT_BEGUN, end
from executor.engine.planning.drafts import options_of, send, sending_facts
from executor.engine.replies import Caller
from executor.engine.turns import TURN, refuse

TRIED_BEFORE = " It was tried before and broke off: part of it may be done already."
_KINDS = {AllowanceKind.CYCLES: DecisionKind.CYCLES}


def ask_for_allowance(case: Case, kind: str, question: str) -> None:
    """One question for the whole goal, however many of its tasks wait for it."""
    wanted = _KINDS.get(AllowanceKind(kind), DecisionKind.BUDGET)
    if all(decision.kind is not wanted for decision in case.open_decisions()):
        case.ask(wanted, task_ref=None, question=question, facts={"title": case.goal.title, "limit": kind})


def allow(case: Case, decision: Decision, caller: Caller, option: Option) -> str:
    """Grant what was asked for, and let everything go on that waits for it."""
    if option.refuses:
        end(case, GoalState.CANCELLED, reason=f"Stopped by {caller.name} at the limit of what models may cost.")
        return f"Goal {case.goal.number} is stopped."
    kind = AllowanceKind(str(decision.facts["limit"]))
    amount = Decimal(option.name.removeprefix("+"))
    for number in (case.goal.number, *case.goal.lineage):  # what a part may cost, the whole may cost
        granted = str(decision.number) if number == case.goal.number else f"{decision.number}/{number}"
        case.allow(Allowance(id=granted, goal_number=number, kind=kind, amount=amount, at=case.now))
        if kind is AllowanceKind.DAY:
            break
    for task in [t for t in case.tasks.values() if t.state is TaskState.AWAITING_APPROVAL]:
        if not case.open_decisions(task.ref):
            case.move_task(task.ref, TaskState.QUEUED, summary=f"{caller.name} allowed {option.label}")
    more = f"{amount} more cycles" if kind is AllowanceKind.CYCLES else f"${amount} more"
    return f"{more} for goal {case.goal.number}; it goes on."


def ask_for_approval(case: Case, task: Task, outcome: NeedsApproval) -> None:
    """Exactly this, byte for byte; all of it is on the message. Not when too many wait already."""
    if too_many_wait(case):
        ask_later(case, task)
        return
    case.move_task(task.ref, TaskState.AWAITING_APPROVAL, summary="Waits for approval")
    case.ask(
        DecisionKind.APPROVAL,
        task_ref=task.ref,
        question=f"May this run? {task.spec.title}",
        facts={
            "ref": task.ref,
            "title": made_visible(task.spec.title),
            "what": made_visible(outcome.what),
            "beside": [made_visible(one) for one in outcome.beside],
            "why": made_visible(outcome.why) + (TRIED_BEFORE if _was_tried(case, task, outcome) else ""),
            "digest": outcome.digest,
            "parts": list(outcome.parts),
            "asking": list(outcome.asking),
            "bare": list(outcome.bare),
            APART: list(outcome.risky),
            **gathered(case),
            **({TURN: outcome.turn} if outcome.turn else {}),
        },
    )


def _was_tried(case: Case, task: Task, outcome: NeedsApproval) -> bool:
    """Whether this same action began before: a newer plan may have put another one in its place, and a turn of an
    agent is always another one."""
    return task.attempts > 1 and case.goal.plan_version == 1 and not outcome.turn


def approve(case: Case, decision: Decision, caller: Caller, option: Option) -> str:
    """Let it run once or always in this goal, or not this time or never."""
    task = case.tasks[decision.task_ref or ""]
    digest = str(decision.facts["digest"])
    if option.name in ("for-this-goal", "never"):
        give(case, decision, caller, allowed=option.name == "for-this-goal")
        for other in answered_too(case, decision):
            case.close(other, f"{caller.name} said so for the rest of the goal, with question {decision.number}")
            case.move_task(other.task_ref or "", TaskState.QUEUED, summary="")
    if option.name in ("approve", "for-this-goal"):
        again = case.move_task(task.ref, TaskState.QUEUED, summary=f"Approved by {caller.name}")
        case.set_task(replace(again, approved=digest))
        return f"Running {task.ref}."
    if TURN in decision.facts:
        return refuse(case, decision, task, caller)
    case.end_attempt(task.ref, AttemptState.FAILED)
    case.settle_effect(task.ref, EffectState.FAILED, NOT_BEGUN)
    block_task(case, task, BlockageType.EXTERNAL, cause=f"{caller.name} did not let it run")
    return f"{task.ref} does not run."


def ask_for_review(case: Case, task: Task, outcome: NeedsReview) -> None:
    """What was made counts once a person says that it is good."""
    case.move_task(task.ref, TaskState.AWAITING_APPROVAL, summary="Waits for a person to look at it")
    text = outcome.result.output
    options = options_of(case, text)
    case.ask(
        DecisionKind.DRAFT,
        task_ref=task.ref,
        question=f"Is this good? {task.spec.title}",
        facts={
            "ref": task.ref,
            "title": task.spec.title,
            "preview": outcome.preview,
            "evidence": outcome.evidence,
            "file": outcome.result.metadata.get("file_path") or "",
            **sending_facts(case, task, text, options),
        },
        options=options,
        free_text=True,
    )


def review(case: Case, decision: Decision, caller: Caller, option: Option | None, text: str | None) -> str:
    """Looks good: it counts. Anything else is what to do better, and the task is done again with it."""
    task = case.tasks[decision.task_ref or ""]
    if option is not None and not option.refuses:
        evidence = f"{decision.facts.get('evidence')}; {caller.name} says that it is good"
        attempt = case.attempts.get(task.ref)
        if attempt is not None:
            case.set_attempt(replace(attempt, state=AttemptState.SUCCEEDED, evidence=evidence, finished_at=case.now))
        case.move_task(task.ref, TaskState.COMPLETED, summary=evidence)
        return send(case, decision, task, caller) if option == SEND else f"{task.ref} is done."
    case.end_attempt(task.ref, AttemptState.FAILED)
    again = case.move_task(task.ref, TaskState.QUEUED, summary=f"{caller.name}: {text or 'do it again'}"[:200])
    case.set_task(replace(again, answer=Answer(text=text or "Do it again.", by=caller.name, at=case.now)))
    return f"Doing {task.ref} again with that."
