"""The words and signs that every message shares: times, durations, states, checks and the bar."""

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo

from bot.telegram.html import code, escape, glance
from executor.domain.goal import GoalState
from executor.domain.outlook import Standing
from executor.domain.plan import Check, CheckKind, Criterion
from executor.domain.task import TaskState

BAR_CELLS = 10
LABEL_CHARACTERS_MAX = 40  # of a button; a longer answer stands in the text
BRIEF_CHARACTERS = 60  # of what is told beside something else, on one line
GOAL_SIGNS: Mapping[GoalState, str] = {
    GoalState.PENDING: "🕓",
    GoalState.PLANNING: "🧭",
    GoalState.AWAITING_START: "📋",
    GoalState.IN_PROGRESS: "🚀",
    GoalState.PAUSED: "⏸",
    GoalState.BLOCKED: "⛔",
    GoalState.VALIDATING: "🔎",
    GoalState.COMPLETED: "🏁",
    GoalState.FAILED: "❌",
    GoalState.CANCELLED: "🚫",
}
WAITS_FOR_PERSON = ("✋", "waits for you")
"""A blocked goal in which nothing is wrong: somebody only has to speak."""
GOAL_WORDS: Mapping[GoalState, str] = {
    GoalState.PENDING: "waits to be planned",
    GoalState.PLANNING: "is being planned",
    GoalState.AWAITING_START: "waits for Start",
    GoalState.IN_PROGRESS: "in progress",
    GoalState.PAUSED: "paused",
    GoalState.BLOCKED: "blocked",
    GoalState.VALIDATING: "checking the result",
    GoalState.COMPLETED: "completed",
    GoalState.FAILED: "failed",
    GoalState.CANCELLED: "cancelled",
}
STANDING_WORDS: Mapping[Standing, str] = {
    Standing.ON_TRACK: "on track",
    Standing.AT_RISK: "at risk",
    Standing.WILL_MISS: "will miss it",
}
TASK_SIGNS: Mapping[TaskState, str] = {
    TaskState.PENDING: "▫️",
    TaskState.QUEUED: "🔹",
    TaskState.IN_PROGRESS: "▶️",
    TaskState.RETRYING: "🔁",
    TaskState.AWAITING_APPROVAL: "👤",
    TaskState.BLOCKED: "⛔",
    TaskState.PAUSED: "⏸",
    TaskState.COMPLETED: "✅",
    TaskState.FAILED: "❌",
    TaskState.SKIPPED: "⏭",
    TaskState.CANCELLED: "🚫",
}


def bar(percentage: int) -> str:
    """``▓▓▓▓░░░░░░ 43 %``; a full bar means finished and nothing less."""
    filled = min(max(percentage, 0), 100) * BAR_CELLS // 100
    return f"{'▓' * filled}{'░' * (BAR_CELLS - filled)} {percentage} %"


def duration(seconds: float) -> str:
    """The two largest units, as a person would say it."""
    whole = max(int(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    minutes, hours, days = whole // 60 % 60, whole // 3600 % 24, whole // 86400
    parts = [f"{amount} {unit}" for amount, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if amount]
    return " ".join(parts[:2])


def clock_time(at: datetime, now: datetime, timezone: tzinfo) -> str:
    """``14:02`` for today, else with the day, and with the year where it is another one."""
    local, today = at.astimezone(timezone), now.astimezone(timezone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    if local.date() == today.date() + timedelta(days=1):
        return f"tomorrow {local:%H:%M}"
    day = f"{local:%a} {local.day} {local:%b}"
    return f"{day} {local:%H:%M}" if local.year == today.year else f"{day} {local.year} {local:%H:%M}"


def deadline(at: datetime, now: datetime, timezone: tzinfo) -> str:
    left = (at - now).total_seconds()
    if left < 0:
        return f"⏰ Was due {clock_time(at, now, timezone)}"
    return f"⏰ Due {clock_time(at, now, timezone)}"


def check_words(check: Check, *, brief: bool = False) -> str:
    """How the truth of a sentence is found out, as HTML. `brief`: on one line."""
    match check.kind:
        case CheckKind.COMMAND:
            return glance(check.command) if brief else code(check.command)
        case CheckKind.FILE:
            contains = f" contains {code(check.contains)}" if check.contains else " exists"
            return f"file {code(check.path)}{contains}"
        case CheckKind.HTTP:
            return f"{code(check.url)} answers {check.status}"
        case CheckKind.OPINION:
            return f"the brain judges: {escape(check.question)}"
        case CheckKind.HUMAN:
            return f"👤 you are asked: {escape(check.question)}" if check.question else "👤 you are asked"


def criterion_words(criterion: Criterion, label: Mapping[str, str]) -> str:
    """How one criterion is checked, as HTML; `label` names tasks by key."""
    if criterion.covered_by is not None:
        return f"proved by task {escape(label.get(criterion.covered_by, criterion.covered_by))}"
    return check_words(criterion.check) if criterion.check is not None else "👤 you are asked"


def count(number: int, one: str, many: str = "") -> str:
    """``1 task``, ``3 tasks``."""
    return f"{number} {one if number == 1 else many or one + 's'}"
