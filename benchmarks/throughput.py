"""(b) No-op tasks per second from claim to committed result, beside the raw file and beside other engines."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time

from benchmarks import peers
from benchmarks.engine import ANN, CHAT, Engine, open_engine
from benchmarks.raw import RawClaims, RawFile
from benchmarks.table import Line, Section
from benchmarks.timing import Times, spread
from executor.domain.plan import GoalDraft, TaskSpec
from executor.engine.replies import Accepted

GOALS = 200
TASKS = 10  # of each goal: the first half at once, each of the second half after one of the first
CONCURRENCY = 100
ROUNDS = 5
SHARE_MIN = 0.25

HOW = (
    f"{GOALS} goals of {TASKS} tasks, half of which wait for the other half, {CONCURRENCY} workers, the engine's own "
    f"tick on the real database (WAL, synchronous=FULL), {ROUNDS} rounds; from the first claim until every goal is "
    "completed; what is foreseen about each new goal has been looked at before. "
    "Written for each task: its row twice (taken, completed), an attempt (begun, then its result), the "
    "events task.started and task.completed (and task.queued, with the row once more, where it waited), its goal's row "
    "with a new revision and its goal's card among the notices of the chat; and as they are passed, the goal's lines "
    "of progress, its milestones with their messages, and its receipt. Raw, in a file with the same settings on the "
    "same disk, in turns with the engine after each of its ticks: one small row per commit; and the least that a job "
    "queue does (take the next of 50,000 ready tasks, an event, a message, five indexes) per commit. The other engines "
    "do the same nothing with their own bookkeeping (a row per job and its end; no goal, no attempt, no event, no "
    "message), from queued to the last stored result. The target is a quarter of the raw claims: 1,500 tasks where the "
    "file does 6,000 of those."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    tasks_per_s: float
    commits_per_s: float
    claims_per_s: float
    ticks: int
    cpu_ms: float  # of this process, for one task

    @property
    def share(self) -> float:
        return self.tasks_per_s / self.commits_per_s

    @property
    def share_of_claims(self) -> float:
        return self.tasks_per_s / self.claims_per_s


async def run(folder: Path) -> Section:
    rounds = [await _round(folder / str(number)) for number in range(ROUNDS)]
    rates = [one.tasks_per_s for one in rounds]
    shares, of_claims = [one.share for one in rounds], [one.share_of_claims for one in rounds]
    lines = [
        Line(what="raw SQLite, small commits/s", value=spread([one.commits_per_s for one in rounds]), ratio="100 %"),
        Line(what="raw SQLite, claims/s", value=spread([one.claims_per_s for one in rounds])),
        Line(
            what="Milepost, tasks/s, of the small commits",
            value=spread(rates),
            ratio=_percent(shares),
        ),
        Line(
            what="Milepost, tasks/s, of the claims",
            value=spread(rates),
            ratio=_percent(of_claims),
            target=f"≥ {SHARE_MIN:.0%}",
            met=median(of_claims) >= SHARE_MIN,
        ),
        Line(
            what=f"processor time per task ({rounds[-1].ticks} transactions for {GOALS * TASKS:,} tasks)",
            value=f"{median(one.cpu_ms for one in rounds):.2f} ms",
        ),
    ]
    own = median(rates)
    for peer in await asyncio.to_thread(peers.measure, folder / "peers"):
        ratio = f"Milepost does {own / peer.rate:.1f} × as many" if peer.rate else ""
        value = f"{peer.rate:,.0f}" if peer.rate else f"not measured: {peer.why}"
        lines.append(Line(what=f"{peer.name}, tasks/s", value=value, ratio=ratio))
    return Section(title="(b) No-op tasks per second", how=HOW, lines=lines)


def _percent(shares: Sequence[float]) -> str:
    return f"{median(shares):.0%} ({min(shares):.0%}–{max(shares):.0%})"


async def _round(folder: Path) -> _Round:
    async with open_engine(folder, concurrency=CONCURRENCY) as engine:
        raw, claims = RawFile(folder / "raw.db"), RawClaims(folder / "claims.db")
        for number in range(1, GOALS + 1):
            await _set(engine, number)
        await _look_ahead(engine)
        ticks, work, cpu_s, busy = engine.executor.ticks, Times(), 0.0, True
        while busy:
            began = process_time()
            with work.one():
                busy = await _turn(engine)
            cpu_s += process_time() - began
            raw.work()
            claims.work()
        raw.close()
        claims.close()
        if await engine.executor.goals(open_only=True, limit=1):
            raise SystemExit("goals were left unfinished")
        return _Round(
            tasks_per_s=GOALS * TASKS / sum(work.taken),
            commits_per_s=raw.per_s,
            claims_per_s=claims.per_s,
            ticks=engine.executor.ticks - ticks,
            cpu_ms=cpu_s * 1000 / (GOALS * TASKS),
        )


async def _look_ahead(engine: Engine) -> None:
    """At the new goals, as the first tick would begin to do beside its work: it is part of setting them."""
    engine.executor._look_out()
    while engine.executor.looking:  # noqa: ASYNC110 - it wakes nobody, and is over within a second
        await asyncio.sleep(0.01)


async def _turn(engine: Engine) -> bool:
    """One tick, and what it started until all of it is done; False when there was nothing."""
    did = await engine.executor.tick()
    while engine.workers.held():  # noqa: ASYNC110 - one turn of the loop is all that they need
        await asyncio.sleep(0)
    return did


async def _set(engine: Engine, number: int) -> None:
    half = TASKS // 2
    tasks = tuple(
        TaskSpec(
            key=str(key),
            title=f"Step {key}",
            action="nothing",
            depends_on=(str(key - half),) if key > half else (),
        )
        for key in range(1, TASKS + 1)
    )
    draft = GoalDraft(title=f"Nothing {number}", tasks=tasks)
    reply = await engine.executor.set_goal(draft, origin=CHAT, caller=ANN, command_id=f"set/{number}")
    assert isinstance(reply, Accepted), reply
