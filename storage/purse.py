"""The ledger of what models cost: reserved at the worst before a call, settled after it.

A call whose end nobody saw (a crash) keeps counting at its worst, so no cap is ever overshot. Days are UTC.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.allowance import AllowanceKind, Budget
from executor.domain.attempt import AttemptState
from executor.domain.limits import Limits
from executor.domain.notice import Notice, NoticeKind
from executor.ports import CYCLES, BrainFailed, Call, Failure, Receipt, Spent
from storage.connections import Connections
from storage.families import WITH_PARTS, read_lineage, whole
from storage.fetching import fetch, fetch_first
from storage.model_outage import let_through, note_end
from storage.noticing import put_notices
from storage.rows import Record
from storage.rows.money import MICRO, day_of, micro
from storage.sqlite import insert
from storage.tables import allowances, attempts, brain_calls, goals

LABELS = ("purse.reserve", "purse.settle", "purse.forget")
RESERVED = "reserved"
_ENDED = [AttemptState.SUCCEEDED.value, AttemptState.FAILED.value]  # what comes after them is a new attempt
NOTED_PERCENT = (50, 80)  # of a goal's money, each told once


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The configured limits; a goal's own budget replaces `goal_usd`."""

    goal_usd: Decimal
    day_usd: Decimal
    cycles_max: int
    limits: Limits = Limits()  # how many failures make an outage, and when a person hears that it lasts


_COST_OF_GOAL = select(func.coalesce(func.sum(brain_calls.c.cost_microusd), 0)).where(
    brain_calls.c.goal_number.in_(WITH_PARTS)
)
_COST_SINCE = select(func.coalesce(func.sum(brain_calls.c.cost_microusd), 0)).where(
    brain_calls.c.at >= bindparam("since")
)
_CYCLES = select(func.count()).where(
    brain_calls.c.goal_number.in_(WITH_PARTS), brain_calls.c.purpose.in_(sorted(CYCLES))
)
_ALLOWED = select(func.coalesce(func.sum(allowances.c.amount), 0)).where(
    allowances.c.goal_number == bindparam("goal"), allowances.c.kind == bindparam("kind")
)
_ALLOWED_TODAY = select(func.coalesce(func.sum(allowances.c.amount), 0)).where(
    allowances.c.day == bindparam("day"), allowances.c.kind == AllowanceKind.DAY.value
)
_BUDGET = select(goals.c.budget_usd).where(goals.c.number == bindparam("goal"))
_SETTLE = update(brain_calls).where(brain_calls.c.id == bindparam("call"), brain_calls.c.error == RESERVED)
_ROUNDS = select(func.count()).where(attempts.c.task_ref == bindparam("task"), attempts.c.state.in_(_ENDED))
_PAID = (
    select(brain_calls.c.reply)
    .where(
        brain_calls.c.goal_number == bindparam("goal"),
        brain_calls.c.digest == bindparam("digest"),
        brain_calls.c.reply.is_not(None),
    )
    .limit(1)
)
_FORGET = (
    update(brain_calls)
    .where(brain_calls.c.goal_number == bindparam("goal"), brain_calls.c.digest.like(bindparam("prefix")))
    .values(digest=None, reply=None)
)
_SETTLED = (
    select(brain_calls.c.goal_number, brain_calls.c.at, goals.c.chat_id, goals.c.thread_id)
    .join(goals, goals.c.number == brain_calls.c.goal_number)
    .where(brain_calls.c.id == bindparam("call"))
)
_SETTLED_COST = _COST_OF_GOAL.where(brain_calls.c.error != RESERVED)
_SPENT = (
    select(
        brain_calls.c.task_ref,
        brain_calls.c.purpose,
        brain_calls.c.model,
        func.count().label("calls"),
        func.sum(brain_calls.c.tokens_in).label("tokens_in"),
        func.sum(brain_calls.c.tokens_out).label("tokens_out"),
        func.sum(brain_calls.c.cost_microusd).label("cost"),
    )
    .where(brain_calls.c.goal_number == bindparam("goal"))
    .group_by(brain_calls.c.task_ref, brain_calls.c.purpose, brain_calls.c.model)
)


class PurseRows:
    """The Purse port. Every method is one transaction."""

    def __init__(self, connections: Connections, caps: Caps) -> None:
        self._connections = connections
        self._caps = caps

    async def reserve(self, call: Call) -> str | None:
        worst = micro(call.worst)
        async with self._connections.write("purse.reserve") as connection:
            round_ = await _number(connection, _ROUNDS, {"task": call.task_ref or ""})
            digest = f"{call.digest}/{call.task_ref or ''}/{round_}"
            if call.goal_number is not None and call.digest:
                paid = await fetch_first(connection, _PAID, {"goal": call.goal_number, "digest": digest})
                if paid is not None:
                    return str(paid.reply)
            await let_through(connection, call)
            if call.goal_number is not None:
                for goal in (call.goal_number, *await read_lineage(connection, call.goal_number)):
                    await self._check_goal(connection, goal, worst, call)
            await self._checkday_of(connection, call.at, worst)
            await connection.execute(insert(brain_calls).values(_values(call, worst, digest)))
        return None

    async def settle(self, call_id: str, receipt: Receipt) -> datetime | None:
        values = {
            "tokens_in": receipt.tokens_in,
            "tokens_cached": receipt.tokens_cached,
            "tokens_out": receipt.tokens_out,
            "cost_microusd": micro(receipt.cost),
            "duration_s": receipt.duration_s,
            "error": receipt.error,
            "reply": receipt.reply if receipt.reply and not receipt.error else None,
        }
        async with self._connections.write("purse.settle") as connection:
            settled = await connection.execute(_SETTLE.values(values), {"call": call_id})
            if settled.rowcount and values["cost_microusd"]:
                await self._note(connection, call_id, receipt.duration_s)
            if receipt.ended_at is None:
                return None
            return await note_end(connection, receipt.gone, receipt.ended_at, self._caps.limits)

    async def forget(self, goal_number: int | None, digests: Collection[str]) -> None:
        async with self._connections.write("purse.forget") as connection:
            for digest in digests:
                await connection.execute(_FORGET, {"goal": goal_number, "prefix": f"{digest}/%"})

    async def _note(self, connection: AsyncConnection, call_id: str, duration_s: float) -> None:
        """Say once that half of a goal's money is used, and once that little is left. Requests that are still out do
        not count here: most of what is set aside for them comes back."""
        call = await fetch_first(connection, _SETTLED, {"call": call_id})
        if call is None or call.chat_id is None:
            return
        cap = await self._cap_of(connection, call.goal_number)
        used = await _number(connection, _SETTLED_COST, whole(call.goal_number))
        passed = [percent for percent in NOTED_PERCENT if cap and used * 100 >= cap * percent]
        if passed:
            at = call.at + timedelta(seconds=duration_s)
            text = (
                f"Models have used {_cents(used)} of the {_cents(cap)} of goal {call.goal_number} "
                f"({used * 100 // cap} %). At the limit it asks before it goes on. "
                f"/cost {call.goal_number} says for what."
            )
            notice = Notice(
                key=f"{call.goal_number}/budget/{passed[-1]}",
                kind=NoticeKind.TEXT,
                chat_id=call.chat_id,
                thread_id=call.thread_id,
                goal_number=call.goal_number,
                facts={"text": text},
                due_at=at,
                created_at=at,
            )
            await put_notices(connection, [notice])

    async def _cap_of(self, connection: AsyncConnection, goal: int) -> int:
        """In millionths of a dollar, with what people have added."""
        own = await fetch_first(connection, _BUDGET, {"goal": goal})
        cap = micro(own.budget_usd if own is not None and own.budget_usd is not None else self._caps.goal_usd)
        return cap + await _number(connection, _ALLOWED, {"goal": goal, "kind": AllowanceKind.GOAL.value})

    async def _check_goal(self, connection: AsyncConnection, goal: int, worst: int, call: Call) -> None:
        cap = await self._cap_of(connection, goal)
        used = await _number(connection, _COST_OF_GOAL, whole(goal))
        of = "" if goal == call.goal_number else f"Of goal {goal}, which this is part of: "
        if worst and used + worst > cap:
            raise BrainFailed(
                Failure.BUDGET,
                f"{of}{_usd(used)} of {_usd(cap)} is used, and the next request could cost up to {_usd(worst)}.",
                limit=AllowanceKind.GOAL,
            )
        if call.purpose in CYCLES:
            limit = self._caps.cycles_max + await _number(
                connection, _ALLOWED, {"goal": goal, "kind": AllowanceKind.CYCLES.value}
            )
            if await _number(connection, _CYCLES, whole(goal)) >= limit:
                raise BrainFailed(
                    Failure.CYCLES,
                    f"{of}The {limit} reasoning cycles of this goal are used up.",
                    limit=AllowanceKind.CYCLES,
                )

    async def _checkday_of(self, connection: AsyncConnection, at: datetime, worst: int) -> None:
        midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        cap = micro(self._caps.day_usd) + await _number(connection, _ALLOWED_TODAY, {"day": day_of(at)})
        used = await _number(connection, _COST_SINCE, {"since": midnight})
        if worst and used + worst > cap:
            raise BrainFailed(
                Failure.BUDGET,
                f"Today's {_usd(cap)} for all goals is nearly used up ({_usd(used)}), and the next request could cost "
                f"up to {_usd(worst)}.",
                limit=AllowanceKind.DAY,
            )


async def read_budget(connection: AsyncConnection, goal_number: int) -> Budget | None:
    own = await fetch_first(connection, _BUDGET, {"goal": goal_number})
    if own is None:
        return None
    allowed = await _number(connection, _ALLOWED, {"goal": goal_number, "kind": AllowanceKind.GOAL.value})
    spent = await _number(connection, _COST_OF_GOAL, whole(goal_number))
    return Budget(own_usd=own.budget_usd, allowed_usd=Decimal(allowed) / MICRO, spent_usd=Decimal(spent) / MICRO)


async def read_spending(connection: AsyncConnection, goal_number: int) -> list[Spent]:
    rows = await fetch(connection, _SPENT, {"goal": goal_number})
    return sorted((_spent(row) for row in rows), key=lambda one: -one.cost)


async def _number(connection: AsyncConnection, statement: object, parameters: dict[str, object]) -> int:
    return int((await connection.execute(statement, parameters)).scalar_one())  # type: ignore[call-overload]


def _values(call: Call, worst: int, digest: str) -> dict[str, object]:
    return {
        "id": call.id,
        "goal_number": call.goal_number,
        "task_ref": call.task_ref,
        "purpose": str(call.purpose),
        "provider": call.provider,
        "model": call.model,
        "tokens_in": 0,
        "tokens_out": 0,
        "cost_microusd": worst,
        "duration_s": 0.0,
        "error": RESERVED,
        "at": call.at,
        "digest": digest,
    }


def _spent(row: Record) -> Spent:
    return Spent(
        task_ref=row.task_ref,
        purpose=row.purpose,
        model=row.model,
        calls=row.calls,
        tokens_in=row.tokens_in,
        tokens_out=row.tokens_out,
        cost=Decimal(int(row.cost)) / MICRO,
    )


def _usd(amount: int) -> str:
    return f"${Decimal(amount) / MICRO:.4f}".rstrip("0").rstrip(".") if amount % 10_000 else f"${amount / MICRO:.2f}"


def _cents(amount: int) -> str:
    """For a note; the exact sums are in the ledger."""
    return f"${amount / MICRO:.2f}"
