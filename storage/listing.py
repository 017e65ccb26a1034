"""Readings of many goals at once, and of single histories. Every statement is built once."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Integer, Select, and_, bindparam, exists, func, literal_column, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.attempt import Attempt, AttemptState
from executor.domain.circuit import Circuit, CircuitState
from executor.domain.decision import Decision, DecisionKind
from executor.domain.event import Event
from executor.domain.goal import Goal
from executor.domain.notice import NoticeKind
from executor.domain.plan import GoalDraft
from executor.domain.secret import SealedSecret
from executor.ports import Pulse
from storage.codec import loads
from storage.fetching import Question, ask, fetch, fetch_first
from storage.reading import GOAL_COLUMNS
from storage.rows import attempt_from, circuit_from, decision_from, draft_from, event_from, goal_from, secret_from
from storage.schema import revision_of
from storage.sqlite import short_result
from storage.tables import attempts, brain_calls, circuits, decisions, execution_log, goals, notices, secrets, tasks
from storage.tables.attempts import ATTEMPT_MEASURED
from storage.tables.base import among, columns
from storage.tables.decisions import DECISION_OPEN, DECISION_WAITS
from storage.tables.goals import GOAL_IS_PART, GOAL_TAKES, GOAL_UNFINISHED
from storage.tables.notices import NOTICE_DEAD, NOTICE_PENDING
from storage.tables.tasks import TASK_FREE, TASK_WAITS_FOR_ITS_TIME

_NEWEST = select(*GOAL_COLUMNS).order_by(goals.c.number.desc()).limit(bindparam("most"))
_OF_CHAT = goals.c.chat_id == bindparam("chat")
_NUMBER = bindparam("number", type_=Integer)
_DRAFT = select(goals.c.draft).where(goals.c.number == _NUMBER)
_ATTEMPTS = (
    select(*columns(attempts, without=("result",)), short_result(attempts.c.result).label("result"))
    .order_by(attempts.c.started_at.desc(), attempts.c.task_ref.desc(), attempts.c.number.desc())
    .limit(bindparam("most"))
)
_ATTEMPTS_OF_GOAL = _ATTEMPTS.where(attempts.c.task_ref.in_(select(tasks.c.ref).where(tasks.c.goal_number == _NUMBER)))
_ATTEMPTS_OF_TASK = _ATTEMPTS.where(attempts.c.task_ref == bindparam("ref"), attempts.c.goal_number == _NUMBER)
_OUTPUTS = (
    select(tasks.c.key, attempts.c.result)
    .join(attempts, attempts.c.task_ref == tasks.c.ref)
    .where(
        tasks.c.goal_number == _NUMBER,
        tasks.c.key.in_(bindparam("keys", expanding=True)),
        among(attempts.c.state, (AttemptState.SUCCEEDED,)),
    )
    .order_by(attempts.c.number)
)
_EVENTS = (
    select(*columns(execution_log))
    .where(execution_log.c.goal_number == _NUMBER)
    .order_by(execution_log.c.id.desc())
    .limit(bindparam("most"))
)
OPEN_DECISIONS = select(*columns(decisions)).where(DECISION_WAITS).order_by(decisions.c.number)
_OPEN_DECISIONS_OF_CHAT = OPEN_DECISIONS.join(goals, goals.c.number == decisions.c.goal_number).where(_OF_CHAT)
_SHOWN_ON_CARD = and_(
    among(notices.c.kind, (NoticeKind.CARD,)),
    decisions.c.goal_number == notices.c.goal_number,
    among(decisions.c.kind, (DecisionKind.START,)),
    DECISION_OPEN,
)
_DECISION_OF_MESSAGE = (
    select(*columns(decisions))
    .join_from(notices, decisions, or_(decisions.c.number == notices.c.decision_number, _SHOWN_ON_CARD))
    .where(notices.c.chat_id == bindparam("chat"), notices.c.message_id == bindparam("message"))
    .order_by(decisions.c.number.desc())
    .limit(1)
)
CIRCUIT_HOLDS = exists(literal_column("1")).where(tasks.c.waits_on == circuits.c.key).correlate(circuits)
_ALL_CIRCUITS = select(*columns(circuits)).order_by(circuits.c.key)
_CIRCUITS = Question(_ALL_CIRCUITS, circuit_from)
_CLOSED = among(circuits.c.state, (CircuitState.CLOSED,))
_CIRCUITS_DUE = Question(
    _ALL_CIRCUITS.where(or_(_CLOSED, circuits.c.retry_at <= bindparam("now")), CIRCUIT_HOLDS), circuit_from
)
_NEXT_LOOK_AFTER = select(func.min(circuits.c.retry_at)).where(circuits.c.retry_at > bindparam("after"), CIRCUIT_HOLDS)
NEXT_DUE_AT = (
    select(tasks.c.due_at)
    .join(goals, goals.c.number == tasks.c.goal_number)
    .where(TASK_WAITS_FOR_ITS_TIME, TASK_FREE, GOAL_TAKES)
    .order_by(tasks.c.due_at)
    .limit(1)
)
_NEXT_DUE_AFTER = NEXT_DUE_AT.where(tasks.c.due_at > bindparam("after"))
_DURATIONS = (
    select(attempts.c.started_at, attempts.c.finished_at)
    .where(attempts.c.signature == bindparam("signature"), ATTEMPT_MEASURED)
    .order_by(attempts.c.finished_at.desc())
    .limit(bindparam("most"))
)
_SPENT = select(func.sum(brain_calls.c.cost_microusd)).where(brain_calls.c.goal_number == _NUMBER)
_SECRETS = select(*columns(secrets)).order_by(secrets.c.goal_number, secrets.c.name)
_GOALS_BY_STATE = select(goals.c.state, func.count()).group_by(goals.c.state)
_COUNTS = (
    select(func.count()).select_from(decisions).where(DECISION_WAITS),
    select(func.count()).select_from(notices).where(NOTICE_PENDING),
    select(func.count()).select_from(notices).where(NOTICE_DEAD),
)
_SUMS = select(*(count.scalar_subquery() for count in _COUNTS))


async def read_goals(
    connection: AsyncConnection, open_only: bool, chat_id: int | None, limit: int, whole: bool
) -> list[Goal]:
    statement: Select[tuple[object, ...]] = _NEWEST
    if whole:
        statement = statement.where(not_(GOAL_IS_PART))
    if open_only:
        statement = statement.where(GOAL_UNFINISHED)
    if chat_id is not None:
        statement = statement.where(_OF_CHAT)
    about = {"most": limit} if chat_id is None else {"most": limit, "chat": chat_id}
    return [goal_from(row) for row in await fetch(connection, statement, about)]


async def read_draft(connection: AsyncConnection, goal_number: int) -> GoalDraft | None:
    text = (await connection.execute(_DRAFT, {"number": goal_number})).scalar()
    return None if text is None else draft_from(text)


async def read_attempts(
    connection: AsyncConnection, goal_number: int, task_ref: str | None, limit: int
) -> list[Attempt]:
    parameters: dict[str, object] = {"number": goal_number, "most": limit}
    if task_ref is None:
        rows = await fetch(connection, _ATTEMPTS_OF_GOAL, parameters)
    else:
        rows = await fetch(connection, _ATTEMPTS_OF_TASK, parameters | {"ref": task_ref})
    return [attempt_from(row) for row in reversed(rows)]


async def read_outputs(connection: AsyncConnection, goal_number: int, keys: Sequence[str]) -> dict[str, str]:
    rows = await fetch(connection, _OUTPUTS, {"number": goal_number, "keys": list(keys)})
    return {row.key: loads(row.result).get("output", "") for row in rows if row.result is not None}


async def read_events(connection: AsyncConnection, goal_number: int, limit: int) -> list[Event]:
    rows = await fetch(connection, _EVENTS, {"number": goal_number, "most": limit})
    return [event_from(row) for row in reversed(rows)]


async def read_open_decisions(connection: AsyncConnection, chat_id: int | None) -> list[Decision]:
    if chat_id is None:
        rows = await fetch(connection, OPEN_DECISIONS)
    else:
        rows = await fetch(connection, _OPEN_DECISIONS_OF_CHAT, {"chat": chat_id})
    return [decision_from(row) for row in rows]


async def read_decision_of_message(connection: AsyncConnection, chat_id: int, message_id: int) -> Decision | None:
    """A message of a decision shows that one; a goal's card shows its open start decision."""
    row = await fetch_first(connection, _DECISION_OF_MESSAGE, {"chat": chat_id, "message": message_id})
    return None if row is None else decision_from(row)


async def read_secrets(connection: AsyncConnection) -> list[SealedSecret]:
    return [secret_from(row) for row in await fetch(connection, _SECRETS)]


async def read_next_due_at(connection: AsyncConnection, after: datetime) -> datetime | None:
    task: datetime | None = (await connection.execute(_NEXT_DUE_AFTER, {"after": after})).scalar()
    look: datetime | None = (await connection.execute(_NEXT_LOOK_AFTER, {"after": after})).scalar()
    return min((at for at in (task, look) if at is not None), default=None)


async def read_circuits(connection: AsyncConnection) -> list[Circuit]:
    [known] = await ask(connection, [_CIRCUITS], {})
    return known


async def read_circuits_due(connection: AsyncConnection, now: datetime) -> list[Circuit]:
    [due] = await ask(connection, [_CIRCUITS_DUE], {"now": now})
    return due


async def read_durations(connection: AsyncConnection, signatures: Collection[str], most: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {}
    for signature in signatures:
        found = await fetch(connection, _DURATIONS, {"signature": signature, "most": most})
        if found:
            taken[signature] = [(row.finished_at - row.started_at).total_seconds() for row in found]
    return taken


async def read_spent_usd(connection: AsyncConnection, goal_number: int) -> Decimal:
    return Decimal((await connection.execute(_SPENT, {"number": goal_number})).scalar() or 0) / 1_000_000


async def read_pulse(connection: AsyncConnection, path: Path) -> Pulse:
    states = (await connection.execute(_GOALS_BY_STATE)).all()
    open_decisions, pending_notices, dead_notices = (await connection.execute(_SUMS)).one()
    return Pulse(
        goals_by_state={state: count for state, count in states},
        open_decisions=open_decisions,
        pending_notices=pending_notices,
        dead_notices=dead_notices,
        next_due_at=(await connection.execute(NEXT_DUE_AT)).scalar(),
        schema=await revision_of(connection, path) or "",
    )
