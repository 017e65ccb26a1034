"""Rows with sensible defaults, and short ways to write and read them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from executor.domain.attempt import Attempt
from executor.domain.blockage import Blockage, BlockageType
from executor.domain.decision import Decision, DecisionKind, Option
from executor.domain.effect import Effect
from executor.domain.goal import Goal, GoalState, Origin
from executor.domain.notice import Notice, NoticeKind
from executor.domain.task import Task, TaskState
from executor.ports import CaseRows, Changes
from storage.store import Database
from tests.builders import goal, spec
from tests.fakes import START


def later(seconds: float) -> Any:
    return START + timedelta(seconds=seconds)


def running(number: int = 1, **more: Any) -> Goal:
    """A goal whose first plan is being carried out, in chat 1."""
    defaults: dict[str, Any] = {"plan_version": 1, "started_at": START, "origin": Origin(chat_id=1, person_id=1)}
    return replace(goal(number, GoalState.IN_PROGRESS), **(defaults | more))


def task(ref: str = "1.1", state: TaskState = TaskState.QUEUED, **more: Any) -> Task:
    goal_number, _, position = ref.partition(".")
    defaults: dict[str, Any] = {
        "spec": spec(position),
        "position": int(position),
        "due_at": START if state is TaskState.QUEUED else None,
        "created_at": START,
    }
    return Task(ref=ref, goal_number=int(goal_number), state=state, **(defaults | more))


def attempt(task_ref: str = "1.1", number: int = 1, **more: Any) -> Attempt:
    defaults: dict[str, Any] = {"executor_id": "here", "lease_until": later(60), "started_at": START}
    return Attempt(task_ref=task_ref, number=number, goal_number=int(task_ref.partition(".")[0]), **(defaults | more))


def decision(number: int = 1, kind: DecisionKind = DecisionKind.BLOCKAGE, **more: Any) -> Decision:
    defaults: dict[str, Any] = {
        "goal_number": 1,
        "task_ref": "1.1",
        "question": "Retry?",
        "facts": {"last": ["line 1", "line 2"]},
        "options": (Option("retry", "Retry"), Option("skip", "Skip", wants_text=True, refuses=True)),
        "opened_at": START,
    }
    return Decision(number=number, kind=kind, **(defaults | more))


def blockage(task_ref: str = "1.1", number: int = 1, **more: Any) -> Blockage:
    defaults: dict[str, Any] = {"type": BlockageType.RESOURCE, "cause": "The disk is full", "tried": ("again",)}
    return Blockage(
        id=f"{task_ref}/{number}",
        goal_number=int(task_ref.partition(".")[0]),
        task_ref=task_ref,
        detected_at=START,
        **(defaults | more),
    )


def effect(task_ref: str = "1.1", number: int = 1, **more: Any) -> Effect:
    return Effect(
        id=f"{task_ref}#{number}",
        goal_number=int(task_ref.partition(".")[0]),
        task_ref=task_ref,
        attempt=number,
        what="POST to the shop",
        intended_at=START,
        **more,
    )


def notice(key: str = "1/card", kind: NoticeKind = NoticeKind.CARD, **more: Any) -> Notice:
    defaults: dict[str, Any] = {"chat_id": 1, "goal_number": 1, "due_at": START, "created_at": START}
    return Notice(key=key, kind=kind, **(defaults | more))


async def save(database: Database, **changes: Any) -> None:
    async with database.transaction() as transaction:
        await transaction.save(Changes(**changes))


async def case(database: Database, number: int = 1) -> CaseRows:
    async with database.transaction() as transaction:
        [rows] = await transaction.cases([number])
    return rows


def written(value: Any) -> Any:
    """A goal or task as it is after one more write."""
    return replace(value, revision=value.revision + 1)
