"""Who goes first: what the most others wait for, in the plan as it now is."""

from dataclasses import replace

from executor.domain.plan import Plan, TaskSpec
from executor.domain.task import Task, TaskState
from executor.ports import Changes
from storage.store import Database
from storage.urgency import urgency
from tests.builders import chain, spec
from tests.fakes import START
from tests.storage.making import running, save, task


async def due(database: Database) -> list[str]:
    async with database.transaction() as transaction:
        return [found.task_ref for found in await transaction.due(START, 100)]


async def adapt(database: Database, *tasks: Task, **changed: object) -> None:
    """Goal 1 gets a second version of its plan, with these tasks more."""
    async with database.transaction() as transaction:
        await transaction.cases([1])
        plan = Plan(goal_number=1, version=2, reason="it is clearer now", created_at=START)
        await transaction.save(Changes(plans=[plan], new_tasks=list(tasks), **changed))  # type: ignore[arg-type]


def waiting(ref: str, *after: str) -> Task:
    return task(ref, TaskState.PENDING, spec=spec(ref.partition(".")[2], depends_on=after))


async def test_a_task_that_more_tasks_wait_for_since_the_plan_was_adapted_goes_first_from_then_on(
    database: Database,
) -> None:
    await save(database, new_goals=[running()], new_tasks=[task("1.1"), task("1.2"), waiting("1.3", "1")])
    before = await due(database)

    await adapt(database, waiting("1.4", "2"), waiting("1.5", "4"))

    assert (before, await due(database)) == (["1.1", "1.2"], ["1.2", "1.1"])


async def test_a_task_that_nothing_waits_for_any_more_goes_last_from_then_on(database: Database) -> None:
    left_out = waiting("1.3", "1")
    await save(database, new_goals=[running()], new_tasks=[task("1.1"), task("1.2"), left_out, waiting("1.4", "1")])
    still_asked = replace(waiting("1.4", "2"), revision=0)

    await adapt(database, tasks=[replace(left_out, state=TaskState.CANCELLED), still_asked])

    assert await due(database) == ["1.2", "1.1"]


async def test_a_new_task_that_an_old_one_waits_for_goes_before_those_that_nothing_waits_for(
    database: Database,
) -> None:
    await save(database, new_goals=[running()], new_tasks=[task("1.1"), waiting("1.2", "1")])
    asked_for = replace(waiting("1.2", "3"), revision=0)

    await adapt(database, task("1.3"), tasks=[asked_for])

    assert await due(database) == ["1.3", "1.1"]


def test_the_longest_chain_counts_first_then_how_many_wait() -> None:
    def tasks(number: int, *specs: TaskSpec) -> list[Task]:
        return [task(f"{number}.{one.key}", TaskState.PENDING, spec=one) for one in specs]

    deep = tasks(1, *chain(3))
    wide = tasks(2, spec("1"), spec("2", depends_on=("1",)), spec("3", only_if=("1",)))

    found = urgency([*wide, *deep])

    assert found == {"1.1": 201, "1.2": 101, "1.3": 0, "2.1": 102, "2.2": 0, "2.3": 0}
