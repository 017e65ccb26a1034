"""A goal's whole record as one JSON document: what `milepost export` writes."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from bot.control import documents
from bot.control.protocol import Document
from executor.domain.attempt import Attempt
from executor.domain.change import Change
from executor.domain.decision import Decision
from executor.ports import GoalRecord, GoalView, Spent


def record_document(
    view: GoalView,
    record: GoalRecord,
    spending: Sequence[Spent],
    changes: Sequence[Change],
    describe: documents.Describe,
) -> Document:
    """What `show` tells, and everything that led there, nothing cut."""
    number = view.goal.number
    return documents.goal_document(view, (), describe) | {
        "plans": [plain(plan) for plan in record.plans],
        "attempts": [_attempt(attempt) for attempt in record.attempts],
        "turns": [plain(turn) for turn in record.turns],
        "decisions": [_decision(decision) for decision in record.decisions],
        "blockages": [plain(blockage) for blockage in record.blockages],
        "events": documents.log_document(number, (), record.events)["events"],
        "costs": [plain(spent) for spent in spending],
        "cost_usd": float(sum((spent.cost for spent in spending), Decimal())),
        "changes": [plain(change) for change in changes],
    }


def parts_of(record: GoalRecord) -> list[int]:
    """The goals that it had of its own, oldest first."""
    found = (event.result.get("goal") for event in record.events if event.name == "goal.opened")
    return [number for number in dict.fromkeys(found) if isinstance(number, int)]


def _attempt(attempt: Attempt) -> Document:
    result: dict[str, Any] = dict(attempt.result or {})
    whole = {"output": result.get("output") or "", "metadata": plain(result.get("metadata") or {})}
    return documents.attempt_document(attempt) | whole


def _decision(decision: Decision) -> Document:
    return documents.decision_document(decision) | {
        "status": decision.state.value,
        "facts": plain(decision.facts),
        "answer": decision.option,
        "text": decision.text,
        "answered_by": decision.answered_by_name,
        "answered_via": decision.answered_via,
        "closed_at": plain(decision.closed_at),
        "note": decision.note,
    }


def plain(value: object) -> Any:
    """Any value of the domain in plain JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value
