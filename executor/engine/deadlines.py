"""A goal against its deadline: on track, at risk, or too late; and the one question that is asked when it is too late.

A deadline never ends a goal by itself. It is asked about once, and again only when something has changed: another
deadline, or a forecast that has come true.
"""

import math
from dataclasses import replace
from datetime import datetime, timedelta

from executor.domain.decision import OPTIONS, Decision, DecisionKind, DecisionState, Option
from executor.domain.goal import GOAL_RUNNING, Goal, GoalState
from executor.domain.outlook import Outlook, Standing
from executor.domain.task import Task, TaskState
from executor.engine.casework.case import Case
from executor.engine.durations import Forecast
from executor.engine.flow import end
from executor.engine.replies import Accepted, Caller, Refused, Reply
from executor.engine.spans import clock

MOVED_S_MIN = 120.0
MOVED_SHARE = 0.1
"""A forecast that moved by less than this, and less than a tenth of what is left, is the same forecast."""
_MARGIN = 1.25
_MARGIN_S_MIN = 600.0
_ROUND_S = 300
_OPEN_SHOWN = 5
_UNSTARTED = frozenset({TaskState.PENDING, TaskState.QUEUED})


def judged(outlook: Outlook, goal: Goal, forecast: Forecast | None, now: datetime) -> Outlook:
    """The outlook with its standing against the goal's deadline; without a deadline there is nothing to be late for."""
    if forecast is None or goal.deadline_at is None:
        return replace(outlook, standing=None, likely_at=None, sure_at=None)
    likely_at, sure_at = now + timedelta(seconds=forecast.likely_s), now + timedelta(seconds=forecast.sure_s)
    standing = Standing.ON_TRACK
    if now >= goal.deadline_at or now + timedelta(seconds=forecast.least_s) > goal.deadline_at:
        standing = Standing.WILL_MISS
    elif sure_at > goal.deadline_at:
        standing = Standing.AT_RISK
    return replace(outlook, standing=standing, likely_at=likely_at, sure_at=sure_at)


def differs(old: Outlook | None, new: Outlook, now: datetime) -> bool:
    """Whether a person would see something else."""
    before = old or Outlook(plan_version=new.plan_version)
    if (before.findings, before.standing, before.told) != (new.findings, new.standing, new.told):
        return True
    return _moved(before.likely_at, new.likely_at, now) or _moved(before.sure_at, new.sure_at, now)


def _moved(old: datetime | None, new: datetime | None, now: datetime) -> bool:
    if old is None or new is None:
        return old is not new
    by_s = abs((new - old).total_seconds())
    return by_s >= MOVED_S_MIN and by_s >= MOVED_SHARE * abs((new - now).total_seconds())


def stage(goal: Goal, outlook: Outlook, now: datetime) -> str:
    """What a person is asked about: this deadline, forecast or passed. Empty: nothing to ask."""
    if outlook.standing is not Standing.WILL_MISS or goal.deadline_at is None:
        return ""
    return f"{goal.deadline_at.isoformat()} {'passed' if now >= goal.deadline_at else 'forecast'}"


def concerns(goal: Goal, outlook: Outlook, decisions: tuple[Decision, ...], now: datetime) -> bool:
    """Whether there is something to ask, or a question that nobody needs to answer any more."""
    asking = any(d.kind is DecisionKind.DEADLINE and d.state is DecisionState.OPEN for d in decisions)
    about = stage(goal, outlook, now)
    to_ask = not asking and bool(about) and about != outlook.asked
    return goal.state in GOAL_RUNNING and (to_ask or (asking and not about))


def look_at_deadline(case: Case, outlook: Outlook) -> Outlook:
    """Ask, or withdraw the question; the outlook with what was asked."""
    if not concerns(case.goal, outlook, tuple(case.decisions.values()), case.now):
        return outlook
    if about := stage(case.goal, outlook, case.now):
        _ask(case, outlook)
        return replace(outlook, asked=about)
    for decision in _open(case):
        case.close(decision, "The deadline is within reach again")
    return outlook


def _open(case: Case) -> list[Decision]:
    return [decision for decision in case.open_decisions() if decision.kind is DecisionKind.DEADLINE]


def _ask(case: Case, outlook: Outlook) -> None:
    goal, deadline_at = case.goal, case.goal.deadline_at
    assert deadline_at is not None  # else there is no stage
    left = [task for task in case.work if not task.final]
    optional = droppable(case)
    case.ask(
        DecisionKind.DEADLINE,
        task_ref=None,
        question=f"{goal.title} {'has missed' if case.now >= deadline_at else 'will miss'} its deadline",
        facts={
            "title": goal.title,
            "deadline_at": deadline_at.isoformat(),
            "likely_at": outlook.likely_at.isoformat() if outlook.likely_at else "",
            "sure_at": outlook.sure_at.isoformat() if outlook.sure_at else "",
            "suggested_at": suggested(outlook, case.now).isoformat(),
            "passed": case.now >= deadline_at,
            "open": [f"{task.ref} {task.spec.title}" for task in left[:_OPEN_SHOWN]],
            "open_count": len(left),
            "optional": [f"{task.ref} {task.spec.title}" for task in optional],
        },
        options=tuple(one for one in OPTIONS[DecisionKind.DEADLINE] if optional or one.name != "drop-optional"),
        free_text=True,
    )


def suggested(outlook: Outlook, now: datetime) -> datetime:
    """When it will be ready four times in five, with a margin, at full five minutes."""
    left_s = max(((outlook.sure_at or now) - now).total_seconds(), 0.0)
    at_s = now.timestamp() + max(left_s * _MARGIN, left_s + _MARGIN_S_MIN)
    return datetime.fromtimestamp(math.ceil(at_s / _ROUND_S) * _ROUND_S, tz=now.tzinfo)


def droppable(case: Case) -> list[Task]:
    """Optional work that nobody has begun."""
    return [t for t in case.work if t.spec.optional and t.state in _UNSTARTED and t.attempts == 0]


# -------------------------------------------------------------------------------------------------------- the answers


def answer_deadline(case: Case, decision: Decision, caller: Caller, option: Option | None, text: str | None) -> Reply:
    """`text` is a moment in ISO 8601: whoever took the words has read them."""
    match option.name if option else "extend":
        case "extend":
            return _extend(case, decision, caller, text)
        case "drop-optional":
            return _drop(case, decision, caller)
        case _:
            case.decide(decision.number, caller, option="stop", text=None)
            end(case, GoalState.FAILED, reason=f"Stopped by {caller.name}: {_lateness(decision)}.")
            return _accepted(case, decision, f"Goal {case.goal.number} is stopped and counts as failed.")


def _lateness(decision: Decision) -> str:
    return "it missed its deadline" if decision.facts.get("passed") else "it would have missed its deadline"


def _extend(case: Case, decision: Decision, caller: Caller, text: str | None) -> Reply:
    at = datetime.fromisoformat(text or str(decision.facts["suggested_at"]))
    if at <= case.now:
        said = clock(at, case.now, case.limits.zone)
        return Refused(code="in_the_past", sentence=f"{said} is over. Say when: /answer {decision.number} extend 21:00")
    case.decide(decision.number, caller, option="extend", text=clock(at, case.now, case.limits.zone))
    move_deadline(case, at)
    return _accepted(case, decision, f"Goal {case.goal.number} is now due {clock(at, case.now, case.limits.zone)}.")


def move_deadline(case: Case, at: datetime | None) -> None:
    """A new deadline, or none. What was foreseen is measured against it at once; a question about the old one is no
    longer asked."""
    old, goal = case.goal.deadline_at, case.goal
    for decision in _open(case):
        case.close(decision, "The deadline was moved")
    outlook = goal.outlook
    if outlook is not None:
        late = at is not None and outlook.sure_at is not None and outlook.sure_at > at
        standing = None if at is None else Standing.AT_RISK if late else Standing.ON_TRACK
        outlook = replace(outlook, standing=standing)
    case.set_goal(replace(goal, deadline_at=at, outlook=outlook))
    case.event("goal.deadline", None, before=iso(old), after=iso(at))


def iso(at: datetime | None) -> str:
    """To the minute; empty for no moment."""
    return at.isoformat(timespec="minutes") if at else ""


def _drop(case: Case, decision: Decision, caller: Caller) -> Reply:
    dropped = droppable(case)
    if not dropped:
        return Refused(code="nothing_to_drop", sentence="Every optional task has begun or is over: nothing to drop.")
    case.decide(decision.number, caller, option="drop-optional", text=None)
    for task in dropped:
        case.move_task(task.ref, TaskState.SKIPPED, summary=f"Dropped by {caller.name} for the deadline")
    if (outlook := case.goal.outlook) is not None:  # the question has been answered as things stand now
        case.set_goal(replace(case.goal, outlook=replace(outlook, asked=stage(case.goal, outlook, case.now))))
    return _accepted(case, decision, f"Dropped {', '.join(task.ref for task in dropped)}.")


def _accepted(case: Case, decision: Decision, sentence: str) -> Accepted:
    return Accepted(sentence=sentence, goal_number=case.goal.number, decision_number=decision.number)
