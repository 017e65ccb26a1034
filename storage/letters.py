"""Reading dead letters: what ended without having been done, newest first."""

from sqlalchemy import Select, and_, bindparam, exists, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.attempt import AttemptState
from executor.domain.goal import GoalState
from executor.domain.letter import DeadLetter
from executor.domain.task import TaskKind, TaskState
from storage.fetching import fetch, fetch_first
from storage.reading import GOAL_COLUMNS, TASK_COLUMNS
from storage.rows import attempt_from, goal_from, task_from
from storage.tables import attempts, goals, tasks
from storage.tables.base import among, columns

_ENDED = among(goals.c.state, (GoalState.FAILED, GoalState.CANCELLED))
_FAILED_TASK = and_(among(tasks.c.state, (TaskState.FAILED,)), among(tasks.c.kind, (TaskKind.WORK,)))
_LEFT = exists().where(
    tasks.c.goal_number == goals.c.number,
    among(tasks.c.state, (TaskState.FAILED,))
    | and_(among(tasks.c.state, (TaskState.CANCELLED,)), tasks.c.finished_at == goals.c.finished_at),
)


def _letters(chat: bool) -> Select[tuple[object, ...]]:
    of_chat = [goals.c.chat_id == bindparam("chat")] if chat else []
    whole = select(goals.c.number, literal(None).label("ref"), goals.c.finished_at.label("at")).where(
        _ENDED, goals.c.started_at.is_not(None), _LEFT, *of_chat
    )
    single = (
        select(goals.c.number, tasks.c.ref, tasks.c.finished_at.label("at"))
        .join(goals, goals.c.number == tasks.c.goal_number)
        .where(_FAILED_TASK, ~_ENDED, *of_chat)
    )
    both = union_all(whole, single).subquery()
    return (
        select(both.c.number, both.c.ref, both.c.at)
        .order_by(both.c.at.desc(), both.c.number.desc(), both.c.ref)
        .limit(bindparam("most"))
        .offset(bindparam("skipped"))
    )


_OF_ALL, _OF_CHAT = _letters(chat=False), _letters(chat=True)
_GOAL = select(*GOAL_COLUMNS).where(goals.c.number == bindparam("number"))
_TASK = select(*TASK_COLUMNS).where(tasks.c.ref == bindparam("ref"))
_LAST_FAILED = (
    select(*columns(attempts))
    .where(attempts.c.goal_number == bindparam("number"), among(attempts.c.state, (AttemptState.FAILED,)))
    .order_by(attempts.c.finished_at.desc(), attempts.c.number.desc())
    .limit(1)
)
_LAST_FAILED_OF_TASK = _LAST_FAILED.where(attempts.c.task_ref == bindparam("ref"))


async def read_letters(connection: AsyncConnection, chat_id: int | None, offset: int, limit: int) -> list[DeadLetter]:
    about = {"most": limit, "skipped": offset} | ({} if chat_id is None else {"chat": chat_id})
    found = await fetch(connection, _OF_ALL if chat_id is None else _OF_CHAT, about)
    return [await _letter(connection, row.number, row.ref) for row in found]


async def _letter(connection: AsyncConnection, number: int, ref: str | None) -> DeadLetter:
    goal = goal_from(await fetch_first(connection, _GOAL, {"number": number}))
    if ref is None:
        tried = await fetch_first(connection, _LAST_FAILED, {"number": number})
        return DeadLetter(
            goal=goal, task=None, attempt=attempt_from(tried) if tried else None, at=goal.finished_at or goal.updated_at
        )
    task = task_from(await fetch_first(connection, _TASK, {"ref": ref}))
    tried = await fetch_first(connection, _LAST_FAILED_OF_TASK, {"number": number, "ref": ref})
    return DeadLetter(
        goal=goal, task=task, attempt=attempt_from(tried) if tried else None, at=task.finished_at or goal.updated_at
    )
