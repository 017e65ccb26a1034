"""Domain values as JSON documents: what `--json` prints. Names follow contract section 6; goal ids are texts."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from bot.control.protocol import Document
from executor.domain.attempt import Attempt
from executor.domain.decision import Decision, DecisionKind
from executor.domain.event import Event
from executor.domain.gate import gate_words
from executor.domain.goal import GOAL_RUNNING, Goal, GoalState
from executor.domain.milestone import Milestone, progress_of
from executor.domain.plan import TaskSpec
from executor.domain.task import Task, TaskKind, TaskState
from executor.domain.turn import Turn
from executor.engine.why import Reason, Why
from executor.engine.wording import said
from executor.ports import GoalView

OUTPUT_CHARACTERS_MAX = 20_000  # of one attempt in a document; the end is kept, where the errors are
_ACTIVE = (TaskState.QUEUED, TaskState.IN_PROGRESS, TaskState.RETRYING)


def goal_line(goal: Goal) -> Document:
    """One goal in a list. `description` is what people call it: its title."""
    return {
        "goal_id": str(goal.number),
        "description": goal.title,
        "status": goal.state.value,
        "reason": goal.reason,
        "priority": goal.priority,
        "progress": goal.percentage,
    }


def goal_state(view: GoalView) -> Document:
    return goal_line(view.goal) | {"waits_for_person": waits_for_person(view)}


def waits_for_person(view: GoalView) -> bool:
    """Nothing will move this goal but a person."""
    state = view.goal.state
    if state in (GoalState.AWAITING_START, GoalState.PAUSED):
        return True
    at_work = any(task.state in _ACTIVE for task in view.tasks)
    return (
        state in GOAL_RUNNING
        and not at_work
        and (state is GoalState.BLOCKED or any(d.kind is not DecisionKind.PROPOSAL for d in view.decisions))
    )


Describe = Callable[[TaskSpec], str]
"""What a task will really run, for people."""


def goal_document(view: GoalView, attempts: Sequence[Attempt], describe: Describe) -> Document:
    """Everything that `show` tells."""
    goal, progress = view.goal, progress_of(view.tasks)
    return goal_state(view) | {
        "details": goal.description,
        "progress": {
            "completed": progress.completed,
            "failed": progress.failed,
            "total": progress.total,
            "percentage": goal.percentage,
        },
        "deadline": _at(goal.deadline_at),
        "forecast": _forecast(goal),
        "findings": _findings(goal),
        "budget_usd": None if goal.budget_usd is None else float(goal.budget_usd),
        "metadata": dict(goal.metadata),
        "plan_version": goal.plan_version,
        "summary": view.plan.summary if view.plan else "",
        "reading": list(view.plan.reading) if view.plan else [],
        "subtasks": [
            _task(task, [attempt for attempt in attempts if attempt.task_ref == task.ref], describe)
            for task in view.tasks
        ],
        "decisions": [decision_document(decision) for decision in view.decisions],
        "blockages": [
            {
                "subtask_id": blockage.task_ref,
                "type": blockage.type.value,
                "cause": blockage.cause,
                "detail": blockage.detail,
                "tried": list(blockage.tried),
                "detected_at": _at(blockage.detected_at),
            }
            for blockage in view.blockages
        ],
        "milestones": [_milestone(milestone) for milestone in view.milestones],
        "created_at": _at(goal.created_at),
        "updated_at": _at(goal.updated_at),
        "started_at": _at(goal.started_at),
        "finished_at": _at(goal.finished_at),
    }


def _forecast(goal: Goal) -> Document | None:
    """How the goal stands against its deadline; None without one, and before the first look."""
    outlook = goal.outlook
    if outlook is None or outlook.standing is None:
        return None
    return {"standing": outlook.standing.value, "p50": _at(outlook.likely_at), "p80": _at(outlook.sure_at)}


def _findings(goal: Goal) -> list[Document]:
    return [
        {
            "kind": finding.kind.value,
            "what": finding.what,
            "sentence": finding.sentence,
            "remedy": finding.remedy,
            "subtask_ids": list(finding.refs),
        }
        for finding in (goal.outlook.findings if goal.outlook else ())
    ]


def why_document(goal_number: int, why: Why, task: str | None = None) -> Document:
    """`lines` are for people, everything else for programs; with `task` the reasons are that one's alone."""
    return {
        "goal_id": str(goal_number),
        "code": why.goal.code.value,
        "sentence": why.goal.sentence,
        "since": _at(why.goal.since),
        "decision": why.goal.decision,
        "reasons": [_reason(reason) for reason in why.tasks if task in (None, reason.ref)],
        "next": {"sentence": why.next, "at": _at(why.next_at)},
        "running": why.running,
        "last_tick": _at(why.ticked_at),
        "workers": {"count": 1 if why.running else 0, "slots": why.slots, "busy": list(why.busy)},
        "budget": {
            "limit_usd": None if why.limit_usd is None else float(why.limit_usd),
            "used_usd": float(why.spent_usd),
        },
        "lines": list(why.lines),
    }


def _reason(reason: Reason) -> Document:
    return {
        "subtask_id": reason.ref,
        "description": reason.title,
        "code": reason.code.value,
        "sentence": reason.sentence,
        "since": _at(reason.since),
        "next_at": _at(reason.next_at),
        "needs": list(reason.needs),
        "decision": reason.decision,
    }


def log_document(
    goal_number: int, attempts: Iterable[Attempt], events: Iterable[Event], turns: Iterable[Turn] = ()
) -> Document:
    return {
        "goal_id": str(goal_number),
        "attempts": [attempt_document(attempt) for attempt in attempts],
        "turns": [_turn(turn) for turn in turns],
        "events": [
            {
                "event": event.name,
                "subtask_id": event.task_ref,
                "executor_id": event.executor_id,
                "executor_type": event.executor_type,
                "timestamp": _at(event.at),
                "result": dict(event.result),
            }
            for event in events
        ],
    }


def attempt_document(attempt: Attempt) -> Document:
    result: dict[str, Any] = dict(attempt.result or {})
    return {
        "subtask_id": attempt.task_ref,
        "attempt": attempt.number,
        "status": attempt.state.value,
        "executor_id": attempt.executor_id,
        "command": attempt.command,
        "exit_code": attempt.exit_code,
        "result": result.get("result", ""),
        "output": str(result.get("output") or "")[-OUTPUT_CHARACTERS_MAX:],
        "stderr": str((result.get("metadata") or {}).get("stderr") or "")[-OUTPUT_CHARACTERS_MAX:],
        "error": result.get("error"),
        "evidence": attempt.evidence,
        "started_at": _at(attempt.started_at),
        "finished_at": _at(attempt.finished_at),
    }


def _turn(turn: Turn) -> Document:
    """One step of a task that a model works on call by call."""
    result: dict[str, Any] = dict(turn.result or {})
    return {
        "subtask_id": turn.task_ref,
        "turn": turn.number,
        "attempt": turn.attempt,
        "kind": turn.kind.value,
        "thought": turn.thought,
        "does": turn.does,
        "action": turn.action,
        "parameters": dict(turn.parameters),
        "success": result.get("success"),
        "result": result.get("result", ""),
        "output": str(result.get("output") or "")[-OUTPUT_CHARACTERS_MAX:],
        "error": result.get("error"),
        "started_at": _at(turn.started_at),
        "finished_at": _at(turn.finished_at),
    }


def decision_document(decision: Decision) -> Document:
    return {
        "decision": decision.number,
        "revision": decision.revision,
        "goal_id": str(decision.goal_number),
        "subtask_id": decision.task_ref,
        "kind": decision.kind.value,
        "question": decision.question,
        "options": [option.name for option in decision.options],
        "free_text": decision.free_text,
        "opened_at": _at(decision.opened_at),
    }


def _task(task: Task, attempts: list[Attempt], describe: Describe) -> Document:
    return {
        "subtask_id": task.ref,
        "parent_id": task.parent_ref,
        "description": task.spec.title,
        "kind": task.kind.value,
        "action": task.spec.action,
        "runs": _runs(task, describe),
        "status": task.state.value,
        "depends_on": list(task.spec.depends_on),
        "attempt_count": task.attempts,
        "execution_result": task.summary,
        "attempts": [attempt_document(attempt) for attempt in attempts],
    }


def _runs(task: Task, describe: Describe) -> str:
    """Criteria and gates are no actions of their own: what is looked at is a check, a command, or a person."""
    match task.kind:
        case TaskKind.WORK:
            return describe(task.spec)
        case TaskKind.CRITERION:
            return said(task.spec.check) or "asks a person"
        case TaskKind.GATE:
            return gate_words(task.spec)


def _milestone(milestone: Milestone) -> Document:
    return {
        "percentage": milestone.percentage,
        "title": milestone.title,
        "achieved_at": _at(milestone.achieved_at),
    }


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
