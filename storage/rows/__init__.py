"""Domain values as rows and back. Written by hand, field by field: this runs for every task of every tick."""

from storage.rows.attempts import attempt_changes, attempt_from, attempt_values, effect_from, effect_values
from storage.rows.circuits import circuit_from, circuit_values
from storage.rows.goals import draft_from, draft_to, goal_changes, goal_from, goal_values, plan_from, plan_values
from storage.rows.history import (
    event_from,
    event_values,
    milestone_changes,
    milestone_from,
    milestone_values,
    progress_values,
)
from storage.rows.kinds import Record, Values
from storage.rows.lessons import lesson_from, lesson_values
from storage.rows.notices import notice_from, notice_values
from storage.rows.questions import blockage_from, blockage_values, decision_from, decision_values
from storage.rows.secrets import secret_from, secret_values
from storage.rows.tasks import task_changes, task_from, task_values
from storage.rows.turns import turn_from, turn_values

__all__ = [
    "Record",
    "Values",
    "attempt_changes",
    "attempt_from",
    "attempt_values",
    "blockage_from",
    "blockage_values",
    "circuit_from",
    "circuit_values",
    "decision_from",
    "decision_values",
    "draft_from",
    "draft_to",
    "effect_from",
    "effect_values",
    "event_from",
    "event_values",
    "goal_changes",
    "goal_from",
    "goal_values",
    "lesson_from",
    "lesson_values",
    "milestone_changes",
    "milestone_from",
    "milestone_values",
    "notice_from",
    "notice_values",
    "plan_from",
    "plan_values",
    "progress_values",
    "secret_from",
    "secret_values",
    "task_changes",
    "task_from",
    "task_values",
    "turn_from",
    "turn_values",
]
