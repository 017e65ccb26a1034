"""What is over and old goes, all of it and nothing else; an interrupted deletion is simply gone on with."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from executor.domain.attempt import AttemptState
from executor.domain.decision import Decision, DecisionKind, DecisionState
from executor.domain.effect import EffectState
from executor.domain.event import Event
from executor.domain.goal import Goal, GoalState
from executor.domain.milestone import milestones_of
from executor.domain.notice import NoticeKind, NoticeState
from executor.domain.plan import Plan
from executor.domain.task import TaskState
from executor.ports import ProgressRow
from storage.housekeeping import LABELS
from storage.store import Database, crash_point_names
from storage.tables import metadata
from tests.builders import spec
from tests.fakes import START, CrashAt, Crashed, ManualClock
from tests.storage.making import attempt, blockage, decision, effect, later, notice, running, save, task

OLD = START + timedelta(days=90)
GOAL_TABLES = [
    table
    for table in metadata.sorted_tables
    if ("goal_number" in table.c or table.name == "executor_goals") and table.name != "lessons"  # they stay
]


def over(number: int, finished_at: datetime = START, state: GoalState = GoalState.COMPLETED) -> Goal:
    return replace(running(number), state=state, finished_at=finished_at)


def closed(number: int, goal: int, kind: DecisionKind = DecisionKind.BLOCKAGE) -> Decision:
    state = DecisionState.ANSWERED
    return decision(number, kind, goal_number=goal, task_ref=f"{goal}.1", state=state, option="retry", closed_at=START)


async def put(database: Database, goal: Goal, question: int, **more: object) -> None:
    """A goal with something in every table that the engine itself writes."""
    number = goal.number
    ref = f"{number}.1"
    done = {"finished_at": START} if goal.finished_at else {}
    rows: dict[str, object] = {
        "new_goals": [goal],
        "plans": [Plan(goal_number=number, version=version, tasks=(spec("1"),)) for version in (1, 2)],
        "new_tasks": [task(ref, TaskState.COMPLETED, **done)],
        "new_attempts": [attempt(ref, n, state=AttemptState.FAILED, finished_at=START) for n in (1, 2)],
        "new_decisions": [closed(question, number)],
        "new_blockages": [blockage(ref, resolved_at=START)],
        "new_effects": [effect(ref, state=EffectState.DONE, settled_at=START)],
        "new_milestones": list(milestones_of(number)),
        "progress": [ProgressRow(goal_number=number, progress=0.5, status="in_progress", notes="", at=START)],
        "events": [
            Event(name="goal.note", goal_number=number, executor_id="1", executor_type="user", at=START, result={})
            for _ in range(5)
        ],
        "notices": [
            notice(key, NoticeKind.TEXT, goal_number=number, state=NoticeState.SENT)
            for key in (f"{number}/card", f"{number}.1#1/text/1", f"{question}/decision", f"outage/disk/{number}")
        ],
    }
    await save(database, **(rows | more))


async def counts(database: Database, number: int) -> dict[str, int]:
    """How many rows each table has of a goal; only those that have any."""
    async with database._connections.read_once() as connection:
        found = {}
        for table in GOAL_TABLES:
            column = table.c.number if table.name == "executor_goals" else table.c.goal_number
            statement = select(func.count()).select_from(table).where(column == number)
            found[table.name] = (await connection.execute(statement)).scalar() or 0
    return {name: count for name, count in found.items() if count}


async def forget(database: Database, before: datetime = OLD, rows: int = 500) -> list[int]:
    """As the hourly work does it; which goals it took up."""
    taken = await database.housekeeping.old_goals(before)
    for number in taken:
        while not await database.housekeeping.forget_goal(number, before, rows):
            pass
    return taken


@pytest.mark.parametrize("rows", [500, 3])
async def test_an_old_goal_goes_from_every_table_and_its_neighbours_stay(database: Database, rows: int) -> None:
    for number, question in ((1, 112), (11, 1), (12, 2), (120, 999)):
        await put(database, over(number), question)
    neighbours = [await counts(database, number) for number in (1, 11, 120)]

    while not await database.housekeeping.forget_goal(12, OLD, rows):
        pass

    assert await counts(database, 12) == {}
    assert [await counts(database, number) for number in (1, 11, 120)] == neighbours


async def test_what_holds_something_up_or_is_young_or_numbers_the_next_stays(database: Database) -> None:
    unanswered = decision(100, DecisionKind.RESULT, goal_number=1, task_ref=None)  # holds nothing up
    await put(database, over(1), 1, new_decisions=[unanswered])
    await put(database, running(2), 2)
    await put(database, over(3, later(86_400 * 90)), 3)
    await put(database, over(4), 4, new_decisions=[decision(4, goal_number=4)])
    doubt = effect("5.1", state=EffectState.UNKNOWN)
    await put(database, over(5, state=GoalState.CANCELLED), 5, new_effects=[doubt])
    await put(database, over(6), 6, new_attempts=[attempt("6.1", state=AttemptState.RUNNING)])
    await put(database, over(7), 101)
    await put(database, over(8), 8)

    assert await forget(database) == [1]
    assert [goal.number for goal in await database.goals(open_only=False)] == [8, 7, 6, 5, 4, 3, 2]


async def test_a_goal_that_was_taken_up_meanwhile_is_not_touched(database: Database) -> None:
    await put(database, over(1), 1)
    await put(database, over(2), 2)
    [number] = await database.housekeeping.old_goals(OLD)
    await save(database, goals=[replace(over(1), state=GoalState.IN_PROGRESS, finished_at=None)])
    before = await counts(database, 1)

    assert await database.housekeeping.forget_goal(number, OLD)
    assert await counts(database, 1) == before


async def everything(database: Database) -> None:
    await forget(database, rows=4)
    await database.housekeeping.forget_rest(OLD)


@pytest.mark.parametrize("point", crash_point_names(LABELS))
async def test_a_crash_in_between_only_delays_it(point: str, tmp_path: Path, clock: ManualClock) -> None:
    database = await Database.open(tmp_path, clock)
    await put(database, over(1), 1, commands=[("old", {"sentence": "x"})])
    await put(database, over(2), 2)
    await database.close()
    crashing = await Database.open(tmp_path, clock, CrashAt(point, 2 if "goal" in point else 1))
    with pytest.raises(Crashed):
        await everything(crashing)
    await crashing.close()

    again = await Database.open(tmp_path, clock)
    await everything(again)

    assert await counts(again, 1) == {}
    assert await again.reply("old") is None
    assert await again.quick_check() == []
    await again.close()


async def test_old_commands_and_notices_of_no_goal_go_in_portions(database: Database, clock: ManualClock) -> None:
    sent = {"goal_number": None, "state": NoticeState.SENT}
    await save(
        database,
        commands=[(str(n), {"sentence": "x"}) for n in range(5)],
        notices=[
            *(notice(f"answer/{n}/1", NoticeKind.ANSWER, **sent) for n in range(3)),
            notice("answer/8/1", NoticeKind.ANSWER, goal_number=None),
            notice("answer/9/1", NoticeKind.ANSWER, **sent, created_at=OLD),
        ],
    )
    clock.advance(86_400)
    await save(database, commands=[("new", {"sentence": "y"})])

    rounds = [await database.housekeeping.forget_rest(START + timedelta(hours=1), 3) for _ in range(2)]

    assert rounds == [False, True]
    assert [await database.reply(name) for name in ("0", "4", "new")] == [None, None, {"sentence": "y"}]
    async with database._connections.read_once() as connection:
        keys = (await connection.execute(text("SELECT key FROM notices ORDER BY key"))).scalars().all()
    assert keys == ["answer/8/1", "answer/9/1"]


async def test_finding_what_is_due_looks_at_no_goal_that_is_not(database: Database) -> None:
    statement = "SELECT number FROM executor_goals WHERE finished_at IS NOT NULL AND finished_at < 1"
    async with database._connections.read_once() as connection:
        plan = (await connection.execute(text(f"EXPLAIN QUERY PLAN {statement}"))).all()

    assert ["ix_executor_goals_over" in row[3] for row in plan] == [True]
