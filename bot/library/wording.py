"""What a program's notifier is told, as plain text: the chat's own messages where there are such, without markup.

A chat has a live card that is edited; a notifier can only speak. So a card is told twice: as the new goal, and as its
tasks once it has been decomposed. All that happens later has messages of its own.
"""

from collections.abc import Iterator
from datetime import datetime, tzinfo

from bot.telegram.decisions import decision_message
from bot.telegram.html import plain
from bot.telegram.message import Message
from bot.telegram.messages import notice_message
from bot.telegram.words import clock_time, count
from executor.domain.decision import Decision, DecisionKind
from executor.domain.goal import GoalState
from executor.domain.notice import Notice, NoticeKind
from executor.domain.task import TaskKind
from executor.ports import GoalView

INFO, CRITICAL = "info", "critical"
_BEFORE_START = frozenset({GoalState.PENDING, GoalState.PLANNING, GoalState.AWAITING_START})


def stage_of(view: GoalView) -> str:
    """Which of the two tellings of a card is true now."""
    return "new" if view.goal.state in _BEFORE_START else "decomposed"


def card_text(view: GoalView, now: datetime, timezone: tzinfo) -> str:
    return "\n".join(_new_goal(view, now, timezone) if stage_of(view) == "new" else _decomposed(view))


def _new_goal(view: GoalView, now: datetime, timezone: tzinfo) -> Iterator[str]:
    goal = view.goal
    yield from ("🆕 New Goal", "", f"Goal: {goal.title}", f"Priority: {goal.priority}")
    if goal.deadline_at is not None:
        yield f"Due: {clock_time(goal.deadline_at, now, timezone)}"
    if goal.description:
        yield goal.description


def _decomposed(view: GoalView) -> Iterator[str]:
    tasks = [task for task in view.tasks if task.kind is TaskKind.WORK]
    yield from ("📋 Goal Decomposed", "", f"Goal: {view.goal.title}", count(len(tasks), "task"))
    yield from (f"{task.ref} {task.spec.title}" for task in tasks)


def decision_text(decision: Decision, now: datetime, timezone: tzinfo) -> str:
    """The chat's message, with the ways out that a program and its terminal have."""
    lines = _whole(decision_message(decision, now, timezone)).split("\n")[:-1]  # the last one names a chat's commands
    names = " | ".join(option.name for option in decision.options) or "TEXT"
    ways = f"milepost decide {decision.number} {names}"
    if decision.kind is DecisionKind.BLOCKAGE:
        ways = f'execute_task("{decision.task_ref}", …) tries again; or {ways}'
    return "\n".join([*lines, ways])


def notice_text(notice: Notice) -> str:
    return _whole(notice_message(notice))


def priority_of(notice: Notice) -> str:
    """What holds a goal up, and a goal that ended without success, is critical."""
    failed = notice.kind is NoticeKind.END and notice.facts.get("state") == GoalState.FAILED
    return CRITICAL if failed or notice.kind in (NoticeKind.DECISION, NoticeKind.FAILURE) else INFO


def _whole(message: Message) -> str:
    """A notifier has no limit of length and takes no files."""
    return message.document.text.rstrip("\n") if message.document else plain(message.html)
