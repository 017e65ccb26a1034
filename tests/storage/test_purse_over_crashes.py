"""A program that is killed again and again while it spends: no counter begins anew."""

from contextlib import suppress
from decimal import Decimal
from pathlib import Path

from executor.domain.blockage import BlockageType
from executor.domain.circuit import Outage
from executor.domain.model_outage import BRAIN
from executor.domain.plan import GoalDraft
from executor.ports import BrainFailed, Call, Failure, Purpose, Receipt
from storage.purse import Caps
from storage.store import Database
from tests.fakes import CountingIds, CrashAt, Crashed, ManualClock
from tests.world import world

LIVES = 100
WORST = Decimal("0.10")
COST = Decimal("0.06")
CAP = Decimal(1)
DEATHS = (
    "storage.purse.reserve.before_commit",
    "storage.purse.reserve.after_commit",
    "between",
    "storage.purse.settle.before_commit",
    "storage.purse.settle.after_commit",
)


class Provider:
    """Somebody else's ledger: what was really spent."""

    def __init__(self) -> None:
        self.calls = 0
        self.refused: list[Failure] = []


async def live(folder: Path, death: str, provider: Provider, caps: Caps, ids: CountingIds, goal: int) -> None:
    """One life: it asks the model twice where it may, and dies in the first round."""
    points = CrashAt(death)
    clock = ManualClock()
    database = await Database.open(folder, clock, points)
    try:
        purse = database.purse(caps)
        for _ in range(2):
            call = Call(
                id=ids.new(),
                goal_number=goal,
                task_ref=None,
                purpose=Purpose.PLAN,
                provider="p",
                model="m",
                worst=WORST,
                at=clock.now(),
            )
            await purse.reserve(call)
            provider.calls += 1
            points.reached("between")
            await purse.settle(call.id, Receipt(cost=COST))
    except BrainFailed as error:
        provider.refused.append(error.kind)
    finally:
        await database.close()


async def spend_over(folder: Path, caps: Caps) -> Provider:
    async with world(folder) as w:
        goal = await w.set_goal(GoalDraft(title="Spend"))
    provider, ids = Provider(), CountingIds()
    for number in range(LIVES):
        with suppress(Crashed):
            await live(folder, DEATHS[number % len(DEATHS)], provider, caps, ids, goal)
    return provider


async def test_a_hundred_deaths_spend_no_more_than_is_allowed(tmp_path: Path) -> None:
    provider = await spend_over(tmp_path, Caps(goal_usd=CAP, day_usd=Decimal(100), cycles_max=1000))

    assert provider.calls * COST <= CAP
    assert provider.calls >= 5, "it must have spent something"
    assert set(provider.refused) == {Failure.BUDGET}


async def test_a_hundred_deaths_spend_no_more_than_the_day_allows(tmp_path: Path) -> None:
    provider = await spend_over(tmp_path, Caps(goal_usd=Decimal(100), day_usd=CAP, cycles_max=1000))

    assert 5 * COST <= provider.calls * COST <= CAP


async def test_a_hundred_deaths_think_no_more_often_than_is_allowed(tmp_path: Path) -> None:
    provider = await spend_over(tmp_path, Caps(goal_usd=Decimal(100), day_usd=Decimal(100), cycles_max=12))

    assert 5 <= provider.calls <= 12
    assert set(provider.refused) == {Failure.CYCLES}


async def test_a_model_that_is_gone_is_not_asked_anew_after_each_death(tmp_path: Path) -> None:
    ids, clock, asked = CountingIds(), ManualClock(), 0
    gone = Outage(key=BRAIN, type=BlockageType.EXTERNAL, what="The model", reason="500")
    async with world(tmp_path) as w:
        goal = await w.set_goal(GoalDraft(title="Ask"))
    for _ in range(40):
        database = await Database.open(tmp_path, clock)
        purse = database.purse(Caps(goal_usd=Decimal(100), day_usd=Decimal(100), cycles_max=1000))
        call = Call(
            id=ids.new(),
            goal_number=goal,
            task_ref=None,
            purpose=Purpose.PLAN,
            provider="p",
            model="m",
            worst=WORST,
            at=clock.now(),
        )
        with suppress(BrainFailed):
            await purse.reserve(call)
            asked += 1
            await purse.settle(call.id, Receipt(error="server", ended_at=clock.now(), gone=gone))
        await database.close()
        clock.advance(1)

    assert asked == 4  # three failures make an outage, and then it is once in thirty seconds
