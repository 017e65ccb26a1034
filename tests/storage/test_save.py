from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError

from executor.domain.attempt import AttemptState
from executor.domain.decision import DecisionState
from executor.domain.effect import EffectState
from executor.domain.errors import Conflict
from executor.domain.goal import GoalState, Origin
from executor.domain.task import Answer, TaskKind, TaskState
from executor.ports import CaseRows, Changes
from storage.store import Database
from tests.builders import command, draft, goal, spec
from tests.storage.making import attempt, blockage, case, decision, effect, later, running, save, task, written


async def test_a_goal_comes_back_as_it_was_saved(database: Database) -> None:
    full = goal(
        7,
        GoalState.BLOCKED,
        description="Why, and <b>how</b> \N{ROCKET}",
        priority=8,
        deadline_at=later(3600.000001),
        budget_usd=Decimal("0.50"),
        metadata={"audit": "", "ticket": "A-1"},
        autonomy="risky",
        origin=Origin(chat_id=-10012345678901, thread_id=3, message_id=4, person_id=5, person_name="Ann", via="http"),
        plan_version=2,
        percentage=40,
        reason="Waits for Ann",
        started_at=later(1),
    )

    await save(database, new_goals=[full])

    assert await case(database, 7) == CaseRows(goal=full, tasks=())


async def test_a_task_comes_back_as_it_was_saved(database: Database) -> None:
    full = task(
        "1.2",
        TaskState.PAUSED,
        spec=spec(
            "2",
            "Pack",
            "shell",
            parameters={"command": "tar c notes", "env": {"A": [1, 2.5, None, True]}},
            depends_on=("1",),
            only_if=("1",),
            when=command("test -d notes"),
            check=command("test -s notes.tgz"),
            needs=("disk",),
            weight=2.5,
            attempts_max=5,
            estimated_minutes=1.5,
            optional=True,
        ),
        kind=TaskKind.CRITERION,
        parent_ref="1.1",
        attempts=4,
        failures=2,
        taken_over=True,
        verify_first=True,
        verify_only=True,
        answer=Answer(text="Done", by="Ann", at=later(5)),
        summary="exit code 2",
        resume_state=TaskState.RETRYING,
        started_at=later(1),
        blocked_at=later(2),
        finished_at=later(3),
    )

    await save(database, new_goals=[running()], new_tasks=[full])

    assert (await case(database)).tasks == (full,)


async def test_everything_open_about_a_goal_is_in_its_case(database: Database) -> None:
    unknown = attempt(
        state=AttemptState.UNKNOWN,
        pid=12,
        pid_started=1_700_000_000.25,
        command="curl shop",
        exit_code=7,
        result={"success": False, "output": "half a reply \udce9", "metadata": {"execution_time": 0.5}},
        evidence="nothing seen",
        finished_at=later(9),
    )
    await save(
        database,
        new_goals=[running()],
        new_tasks=[task(state=TaskState.BLOCKED)],
        new_attempts=[unknown, attempt(number=2, state=AttemptState.FAILED)],
        new_decisions=[decision(), decision(2, state=DecisionState.WITHDRAWN)],
        new_blockages=[blockage(), blockage(number=2, resolved_at=later(1))],
        new_effects=[effect(), effect(number=2, state=EffectState.DONE)],
    )

    rows = await case(database)

    assert rows == CaseRows(
        goal=running(),
        tasks=(task(state=TaskState.BLOCKED),),
        attempts=(unknown,),
        decisions=(decision(),),
        blockages=(blockage(),),
        effects=(effect(),),
    )


async def test_a_case_shows_the_tasks_of_every_plan_version_by_position(database: Database) -> None:
    old, second, first = task("1.1", plan_version=1), task("1.3", plan_version=2), task("1.2", plan_version=2)
    await save(database, new_goals=[running(plan_version=2)], new_tasks=[old, second, first])

    assert (await case(database)).tasks == (old, first, second)


async def test_cases_come_by_number_and_without_the_unknown(database: Database) -> None:
    await save(database, new_goals=[running(2), running(1)], new_tasks=[task("1.1"), task("2.1")])

    async with database.transaction() as transaction:
        cases = await transaction.cases([2, 1, 9, 2])

    assert cases == [CaseRows(goal=running(1), tasks=(task("1.1"),)), CaseRows(goal=running(2), tasks=(task("2.1"),))]


async def test_many_goals_are_read_and_written_at_once(database: Database) -> None:
    goals = [running(number) for number in range(1, 1203)]
    await save(database, new_goals=goals)

    await save(database, goals=[replace(each, percentage=50) for each in goals])

    async with database.transaction() as transaction:
        cases = await transaction.cases([each.number for each in goals])
    assert {rows.goal.percentage for rows in cases} == {50}
    assert len(cases) == 1202


async def test_a_changed_goal_and_task_have_the_next_revision(database: Database) -> None:
    await save(database, new_goals=[running()], new_tasks=[task()])
    changed_goal = replace(running(), percentage=50, reason="soon", budget_usd=Decimal(2), metadata={"a": "b"})
    changed_task = replace(task(), state=TaskState.IN_PROGRESS, due_at=None, spec=spec("1", "Other words", weight=3.0))

    await save(database, goals=[changed_goal], tasks=[changed_task])

    assert await case(database) == CaseRows(goal=written(changed_goal), tasks=(written(changed_task),))


async def test_a_goal_that_was_never_stored_starts_with_revision_0(database: Database) -> None:
    await save(database, new_goals=[running(revision=-1)])

    assert (await case(database)).goal == running(revision=0)


async def test_a_known_spec_on_another_task_is_written(database: Database) -> None:
    await save(database, new_goals=[running()], new_tasks=[task("1.1"), task("1.2")])
    [first, second] = (await case(database)).tasks

    await save(database, tasks=[replace(first, spec=second.spec)])

    assert (await case(database)).tasks == (replace(first, spec=second.spec, revision=1), second)


@pytest.mark.parametrize(
    "stale",
    [
        {"goals": [running(), running(2, revision=5)]},
        {"goals": [running(3)]},
        {"tasks": [task("1.1"), task("1.2", revision=7)]},
        {"tasks": [task("1.9")]},
        {"removed_tasks": ["1.9"]},
        {"attempts": [attempt(number=1, state=AttemptState.FAILED)]},
        {"attempts": [attempt(number=2, state=AttemptState.SUCCEEDED)]},
        {"attempts": [attempt(number=9, state=AttemptState.SUCCEEDED)]},
        {"decisions": [decision(2, state=DecisionState.ANSWERED)]},
        {"decisions": [decision(1, revision=0, state=DecisionState.ANSWERED)]},
        {"blockages": [blockage(number=2, resolved_at=later(5))]},
        {"effects": [effect(number=2, state=EffectState.UNKNOWN)]},
        {"new_goals": [running()]},
        {"new_tasks": [task("1.1")]},
        {"new_attempts": [attempt()]},
        {"new_decisions": [decision()]},
        {"new_blockages": [blockage()]},
        {"new_effects": [effect()]},
        {"commands": [("command-1", {})]},
    ],
    ids=str,
)
async def test_a_row_that_is_not_as_it_was_read_undoes_the_whole_transaction(
    database: Database, stale: dict[str, list[object]]
) -> None:
    await save(
        database,
        new_goals=[running(), running(2)],
        new_tasks=[task("1.1"), task("1.2")],
        new_attempts=[attempt(number=1, state=AttemptState.SUCCEEDED), attempt(number=2, state=AttemptState.FAILED)],
        new_decisions=[decision(1), decision(2, state=DecisionState.WITHDRAWN)],
        new_blockages=[blockage(), blockage(number=2, resolved_at=later(1))],
        new_effects=[effect(), effect(number=2, state=EffectState.DONE)],
        commands=[("command-1", {"sentence": "Done."})],
    )

    with pytest.raises(Conflict):
        await save(database, drafts={2: draft(title="Changed")}, **stale)

    assert await database.draft(2) is None
    assert (await case(database)).goal == running()


async def test_an_open_decision_may_be_asked_anew_with_its_next_revision(database: Database) -> None:
    await save(database, new_goals=[running()], new_decisions=[decision()])
    anew = decision(revision=2, question="Retry with more memory?")

    await save(database, decisions=[anew])

    assert (await case(database)).decisions == (anew,)


async def test_a_running_attempt_is_handed_to_another_executor_but_an_ended_one_is_not(database: Database) -> None:
    await save(database, new_goals=[running()], new_tasks=[task()], new_attempts=[attempt()])
    waiting = attempt(state=AttemptState.WAITING, result={"note": "later"})

    await save(database, attempts=[waiting])
    await save(database, attempts=[attempt(executor_id="there")])

    assert (await case(database)).attempts == (attempt(executor_id="there"),)


async def test_tasks_of_a_plan_that_never_started_are_replaced_under_the_same_names(database: Database) -> None:
    await save(database, new_goals=[running()], new_tasks=[task("1.1"), task("1.2")])
    new = task("1.1", plan_version=2, spec=spec("1", "Another step"))

    await save(database, goals=[running(plan_version=2)], removed_tasks=["1.1", "1.2"], new_tasks=[new])

    assert (await case(database)).tasks == (new,)


async def test_a_command_keeps_its_reply(database: Database) -> None:
    await save(database, commands=[("c1", {"sentence": "Goal 1 is set.", "goal_number": 1})])

    async with database.transaction() as transaction:
        replies = [await transaction.reply_to("c1"), await transaction.reply_to("c2")]

    assert replies == [{"sentence": "Goal 1 is set.", "goal_number": 1}, None]


async def test_the_first_free_numbers_follow_the_highest(database: Database) -> None:
    async with database.transaction() as transaction:
        empty = [await transaction.next_goal_number(), await transaction.next_decision_number()]
    await save(database, new_goals=[running(4)], new_decisions=[decision(17, goal_number=4)])

    async with database.transaction() as transaction:
        after = [await transaction.next_goal_number(), await transaction.next_decision_number()]

    assert [empty, after] == [[1, 1], [5, 18]]


async def test_a_mistake_of_ours_is_no_conflict(database: Database) -> None:
    with pytest.raises(IntegrityError):
        await save(database, new_tasks=[task("9.1")])


async def test_text_that_no_database_takes_is_made_harmless(database: Database) -> None:
    await save(database, new_goals=[running()], new_tasks=[task(summary="caf\udce9 \0 \N{SNOWMAN}")])

    assert (await case(database)).tasks[0].summary == "caf? ? \N{SNOWMAN}"


async def test_what_a_body_raises_undoes_what_it_wrote(database: Database) -> None:
    async def write_and_stumble() -> None:
        async with database.transaction() as transaction:
            await transaction.save(Changes(new_goals=[running()]))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write_and_stumble()

    assert await database.goals(open_only=False) == []
