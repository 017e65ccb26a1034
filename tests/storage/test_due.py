from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Select, text

from executor.domain.attempt import AttemptState
from executor.domain.errors import Conflict
from executor.domain.goal import GOAL_RUNNING, Goal, GoalState
from executor.domain.task import TASK_DUE, Task, TaskState
from executor.ports import Due
from storage.inbox import WAITING
from storage.listing import NEXT_DUE_AT, OPEN_DECISIONS
from storage.outbox import DELIVERABLE
from storage.sqlite.engines import open_engines
from storage.store import Database
from storage.transaction import DUE
from tests.builders import draft, goal, spec
from tests.fakes import START
from tests.storage.making import attempt, later, running, save, task


async def due(database: Database, now: datetime = START, limit: int = 100) -> list[str]:
    async with database.transaction() as transaction:
        return [found.task_ref for found in await transaction.due(now, limit)]


@pytest.mark.parametrize("goal_state", GoalState)
async def test_only_queued_and_retrying_tasks_of_running_goals_are_due(
    database: Database, goal_state: GoalState
) -> None:
    states = list(TaskState)
    tasks = [task(f"1.{n}", state, due_at=START) for n, state in enumerate(states, start=1)]
    await save(database, new_goals=[running(state=goal_state)], new_tasks=tasks)

    found = await due(database)

    expected = [t.ref for t in tasks if t.state in TASK_DUE] if goal_state in GOAL_RUNNING else []
    assert found == expected


async def test_a_task_is_due_from_its_time_on(database: Database) -> None:
    await save(database, new_goals=[running()], new_tasks=[task(due_at=later(60))])

    assert [await due(database, later(59.999999)), await due(database, later(60))] == [[], ["1.1"]]


async def test_at_most_the_limit_is_given(database: Database) -> None:
    await save(database, new_goals=[running()], new_tasks=[task(f"1.{n}") for n in range(1, 6)])

    async with database.transaction() as transaction:
        found = await transaction.due(START, 2)

    assert found == [Due("1.1", 1), Due("1.2", 1)]


def _two(first: dict[str, Any], second: dict[str, Any]) -> tuple[list[Goal], list[Task]]:
    """Two goals with one due task each; the second one should be taken first."""
    return [running(1, **first), running(2, **second)], [task("1.1"), task("2.1")]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"started_at": None, "priority": 10}, {"started_at": START, "priority": 1}),
        ({"priority": 5, "deadline_at": later(1)}, {"priority": 6}),
        ({}, {"deadline_at": later(999)}),
        ({"deadline_at": later(20), "created_at": START}, {"deadline_at": later(10), "created_at": later(5)}),
        ({"created_at": later(5)}, {"created_at": later(4)}),
    ],
    ids=[
        "in progress before priority",
        "priority before deadline",
        "a deadline before none",
        "the nearer deadline",
        "age",
    ],
)
async def test_goals_are_served_in_their_order(
    database: Database, first: dict[str, Any], second: dict[str, Any]
) -> None:
    goals, tasks = _two(first, second)
    await save(database, new_goals=goals, new_tasks=tasks)

    assert await due(database) == ["2.1", "1.1"]


async def test_what_others_wait_for_goes_before_everything_else(database: Database) -> None:
    waited_for, waiting = task("2.1"), task("2.2", TaskState.PENDING, spec=spec("2", depends_on=("1",)))
    alone = task("1.1")
    await save(
        database, new_goals=[running(1, priority=10), running(2, priority=1)], new_tasks=[alone, waited_for, waiting]
    )

    assert await due(database) == ["2.1", "1.1"]


async def test_the_next_due_time_is_of_a_running_goal_and_after_the_given_moment(database: Database) -> None:
    await save(
        database,
        new_goals=[running(1), running(2, state=GoalState.PAUSED)],
        new_tasks=[task("1.1", due_at=later(30)), task("1.2", due_at=later(90)), task("2.1", due_at=later(60))],
    )

    found = [await database.next_due_at(later(seconds)) for seconds in (0, 30, 90)]

    assert found == [later(30), later(90), None]


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (DUE, "ix_goal_tasks_due (due_at<?)"),
        (NEXT_DUE_AT, "ix_goal_tasks_due"),
        (DELIVERABLE, "ix_notices_pending (due_at<?)"),
        (WAITING, "ix_inbox_waiting"),
        (OPEN_DECISIONS, "ix_decisions_waiting"),
    ],
    ids=["due", "next due", "deliverable", "waiting", "decisions"],
)
@pytest.mark.parametrize("analyzed", [False, True])
async def test_the_tick_walks_over_what_is_due_alone(
    database: Database, statement: Select[Any], index: str, analyzed: bool
) -> None:
    goals = [running(number) for number in range(1, 301)]
    tasks = [task(f"{number}.1", due_at=later(9999)) for number in range(1, 301)]
    await save(database, new_goals=goals, new_tasks=tasks)
    engines = open_engines(database.path)
    async with engines.writer.connect() as connection:
        if analyzed:
            await connection.execute(text("ANALYZE"))
            await connection.commit()
        sql = str(statement.compile(engines.writer.sync_engine, compile_kwargs={"render_postcompile": True}))
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (0,) * sql.count("?"))).all()
    await engines.close()

    steps = [step.detail for step in plan]
    assert index in steps[0]
    assert not any(step.startswith("SCAN") and "USING INDEX" not in step for step in steps)


async def test_unplanned_goals_come_oldest_first_with_their_drafts(database: Database) -> None:
    old, new = goal(2), replace(goal(1, GoalState.PLANNING), created_at=later(1))
    await save(database, new_goals=[new, old, goal(3, GoalState.AWAITING_START)], drafts={2: draft(spec("1"))})

    async with database.transaction() as transaction:
        found = await transaction.unplanned()

    assert found == [(old, draft(spec("1"))), (new, draft(title="Goal 1"))]


async def test_abandoned_are_running_attempts_with_a_lease_that_is_over_or_an_executor_that_is_gone(
    database: Database,
) -> None:
    fine = attempt("1.1", executor_id="here")
    late = attempt("1.2", executor_id="here", lease_until=later(10))
    orphan = attempt("1.3", executor_id="gone")
    parked = attempt("1.4", executor_id="gone", state=AttemptState.WAITING, lease_until=START)
    tasks = [task(f"1.{n}", TaskState.IN_PROGRESS) for n in range(1, 5)]
    await save(database, new_goals=[running()], new_tasks=tasks, new_attempts=[fine, late, orphan, parked])

    async with database.transaction() as transaction:
        by_lease = await transaction.abandoned(later(10), [])
        by_both = await transaction.abandoned(later(10), ["here", "there"])

    assert [by_lease, by_both] == [[late], [late, orphan]]


async def test_a_heartbeat_extends_what_is_held_and_names_what_is_not(database: Database) -> None:
    tasks = [task(f"1.{n}", TaskState.IN_PROGRESS) for n in range(1, 5)]
    held, taken = attempt("1.1"), attempt("1.2", executor_id="other")
    ended, fenced = attempt("1.3", state=AttemptState.INTERRUPTED), attempt("1.4", number=2)
    await save(database, new_goals=[running()], new_tasks=tasks, new_attempts=[held, taken, ended, fenced])

    async with database.transaction() as transaction:
        none = await transaction.extend_leases("here", [], later(120))
        fine = await transaction.extend_leases("here", [("1.1", 1)], later(90))
        lost = await transaction.extend_leases("here", [("1.1", 1), ("1.2", 1), ("1.3", 1), ("1.4", 1)], later(120))

    assert [none, fine, lost] == [[], [], ["1.2", "1.3", "1.4"]]
    leases = {(a.task_ref, a.number): a.lease_until for a in await database.attempts(1)}
    assert leases == {("1.1", 1): later(120), ("1.2", 1): later(60), ("1.3", 1): later(60), ("1.4", 2): later(60)}


async def test_the_process_of_a_running_attempt_is_recorded(database: Database) -> None:
    await save(database, new_goals=[running()], new_tasks=[task()], new_attempts=[attempt()])

    async with database.transaction() as transaction:
        await transaction.record_process("1.1", 1, 4711, 1_700_000_000.5, "make test")

    known = replace(attempt(), pid=4711, pid_started=1_700_000_000.5, command="make test")
    assert await database.attempts(1) == [known]


async def test_an_attempt_that_was_fenced_off_may_not_start_a_process(database: Database) -> None:
    await save(
        database, new_goals=[running()], new_tasks=[task()], new_attempts=[attempt(state=AttemptState.INTERRUPTED)]
    )

    async with database.transaction() as transaction:
        with pytest.raises(Conflict):
            await transaction.record_process("1.1", 1, 4711, 1_700_000_000.5, "make test")
