"""Crash at every named point: before and after each commit and each side effect, then restart and go on to the end."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from bot.real import SystemClock
from bot.telegram.front import CHAT_POINTS
from executor.engine.attempts.attempt import CRASH_POINTS
from executor.engine.delivery.carrier import COURIER_POINTS
from executor.engine.labels import LABELS
from executor.ports import BrainFailed, Call, Purpose, Receipt
from storage import habits, housekeeping, purse
from storage.purse import Caps, PurseRows
from storage.store import Database, crash_point_names
from tests.crash.outside import outside
from tests.crash.scenarios import SCENARIOS, Scenario, tell
from tests.fakes import CrashAt, Crashed

UNUSED = frozenset(crash_point_names(["inbox.prune", *habits.LABELS, *housekeeping.LABELS, *purse.LABELS]))
"""Of storage's own transactions those that no scenario gets to; they are crashed one by one below."""
POINTS = sorted(
    {*CRASH_POINTS, *COURIER_POINTS, *CHAT_POINTS, *crash_point_names(LABELS), *crash_point_names()} - UNUSED
)
SECRET = next(scenario for scenario in SCENARIOS if scenario.name == "secret")
STOPPED = next(scenario for scenario in SCENARIOS if scenario.name == "stopped")
BY_THE_CLOCK = frozenset(crash_point_names(["heartbeat", "look", "recovery"]))
"""Passed when real time goes by: how often differs from life to life, and only the first way is sure to get there."""
HEARD_BY_THEN = frozenset(crash_point_names(["inbox.put", "command", "inbox.done"]))
"""Whether a life hears anything new depends on what the one before it had heard when it crashed."""
SHARES = (1.0, 0.75, 0.5, 0.25)
"""How often a point is passed depends on the order and the speed of things: where the last passing was missed, the one
that was the last then is tried, and one ever farther before the end."""

# A program that dies leaves coroutines that never began, anyio's attempts to connect among them: no fault of ours.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")

Passings = Mapping[str, Counter[str]]


@pytest.fixture(scope="session")
def passings(tmp_path_factory: pytest.TempPathFactory) -> Passings:
    """How often each scenario passes each point when nothing crashes; told once per process."""
    return {scenario.name: _passed(scenario, tmp_path_factory.mktemp("crash")) for scenario in SCENARIOS}


def _passed(scenario: Scenario, folder: Path) -> Counter[str]:
    with outside(folder / "chat") as world:
        told = tell(scenario, folder, world)
    assert told.wrong == []
    return Counter(told.passed)


def test_every_named_point_is_passed_and_every_passed_point_is_named(passings: Passings) -> None:
    passed = {name for counts in passings.values() for name in counts}

    assert sorted(passed) == POINTS


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_there_loses_nothing_and_doubles_nothing(point: str, passings: Passings, tmp_path: Path) -> None:
    """At the first, the second and the last passing, in the first scenario that gets there, and once in the recovery
    from another crash."""
    folders = (tmp_path / str(number) for number in range(100))
    for scenario, nth in _moments(point, passings):
        assert _crash(scenario, point, nth, folders) == [], f"{scenario.name}: {point} passed {nth} times"


@pytest.mark.parametrize("point", sorted({*CHAT_POINTS, *crash_point_names(["inbox.put", "command", "inbox.done"])}))
def test_a_secret_is_neither_lost_nor_shown_wherever_it_crashes(point: str, passings: Passings, tmp_path: Path) -> None:
    """At every passing."""
    folders = (tmp_path / str(number) for number in range(100))
    for nth in range(1, passings[SECRET.name][point] + 1):
        assert _crash(SECRET, point, nth, folders) == [], f"{point} passed {nth} times"


@pytest.mark.parametrize("point", sorted({*CHAT_POINTS, *crash_point_names(["command", "inbox.done", "stop"])}))
def test_a_stop_and_its_end_are_answered_wherever_it_crashes(point: str, passings: Passings, tmp_path: Path) -> None:
    """At every passing: what the file says was done already is not done again, and still gets its answer."""
    folders = (tmp_path / str(number) for number in range(100))
    for nth in range(1, passings[STOPPED.name][point] + 1):
        assert _crash(STOPPED, point, nth, folders) == [], f"{point} passed {nth} times"


def _moments(point: str, passings: Passings) -> Iterator[tuple[Scenario, int]]:
    ways = [scenario for scenario in SCENARIOS if passings[scenario.name][point]]
    times = passings[ways[0].name][point]
    for nth in sorted({1, 2} if point in BY_THE_CLOCK else {1, 2, times}):
        if nth <= times:
            yield ways[0], nth
    for scenario in ways[1:]:
        if scenario.first is not None and point not in BY_THE_CLOCK | HEARD_BY_THEN:
            yield scenario, 1


def _crash(scenario: Scenario, point: str, nth: int, folders: Iterator[Path]) -> list[str]:
    """What is wrong after a crash at the `nth` passing, or at one near the end where there were fewer this time."""
    for share in SHARES:
        folder = next(folders)
        with outside(folder / "chat") as world:
            told = tell(scenario, folder, world, point, nth)
        if told.crashed or told.wrong:
            return told.wrong
        nth = max(1, int(told.passed.count(point) * share))
    by_chance = scenario.first is not None  # what a second life has to do depends on what the first one still did
    return [] if by_chance else [f"{point} was never reached"]


async def test_a_dead_program_commits_nothing_more(tmp_path: Path) -> None:
    points = CrashAt("storage.inbox.put.before_commit")
    database = await Database.open(tmp_path, SystemClock(), points)
    with pytest.raises(Crashed):
        await database.inbox.put([(1, None, {})])
    with pytest.raises(Crashed):
        await database.inbox.put([(2, None, {})])

    assert await database.inbox.waiting() == []
    await database.close()


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
async def test_tidying_is_whole_after_a_crash_too(moment: str, tmp_path: Path) -> None:
    clock = SystemClock()

    async def looks(database: Database) -> list[int]:
        return await database.inbox.put([(7, None, {})])

    for name in ("crashed", "whole"):
        database = await Database.open(tmp_path / name, clock)
        await database.inbox.put([(7, None, {})])
        await database.inbox.done(7)
        await database.close()
    database = await Database.open(tmp_path / "crashed", clock, CrashAt(f"storage.inbox.prune.{moment}"))
    with pytest.raises(Crashed):
        await database.inbox.prune(clock.now())
    await database.close()
    again = await Database.open(tmp_path / "crashed", clock)
    if moment == "before_commit":
        await again.inbox.prune(clock.now())
    whole = await Database.open(tmp_path / "whole", clock)
    await whole.inbox.prune(clock.now())

    assert await looks(again) == await looks(whole)
    await again.close()
    await whole.close()


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
@pytest.mark.parametrize("label", purse.LABELS)
async def test_money_is_never_forgotten_in_a_crash(label: str, moment: str, tmp_path: Path) -> None:
    """Repeating the one step that crashed leads to the same sum; a call that nobody settled counts at its worst."""
    clock = SystemClock()
    caps = Caps(goal_usd=Decimal(1), day_usd=Decimal("0.5"), cycles_max=5)
    call = Call(
        id="1",
        goal_number=None,
        task_ref=None,
        purpose=Purpose.JUDGE,
        provider="gemini",
        model="m",
        worst=Decimal("0.3"),
        at=clock.now(),
    )

    async def one_call(money: PurseRows) -> None:
        await money.reserve(call)
        await money.settle("1", Receipt(cost=Decimal("0.3")))
        await money.forget(None, ["1"])

    database = await Database.open(tmp_path, clock, CrashAt(f"storage.{label}.{moment}"))
    with pytest.raises(Crashed):
        await one_call(database.purse(caps))
    await database.close()

    again = await Database.open(tmp_path, clock)
    second = replace(call, id="2")
    if (label, moment) == ("purse.reserve", "before_commit"):
        await again.purse(caps).reserve(second)
    else:
        with pytest.raises(BrainFailed):
            await again.purse(caps).reserve(second)
    await again.close()
