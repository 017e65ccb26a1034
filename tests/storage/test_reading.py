from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from executor.domain.attempt import AttemptState
from executor.domain.decision import Decision, DecisionKind, DecisionState
from executor.domain.event import Event
from executor.domain.goal import GOAL_FINAL, GoalState, Origin
from executor.domain.milestone import milestones_of
from executor.domain.notice import NoticeKind
from executor.domain.plan import Criterion, Plan
from executor.domain.task import TaskState
from executor.ports import GoalView, ProgressRow, Pulse
from storage.store import Database
from tests.builders import command, draft, goal, spec
from tests.fakes import START, ManualClock
from tests.storage.making import attempt, blockage, decision, later, notice, running, save, task, written

PLAN = Plan(
    goal_number=1,
    summary="One step",
    criteria=(Criterion(text="It is there", check=command("test -s notes.tgz")), Criterion(text="Ann is happy")),
    tasks=(spec("1", parameters={"command": "make"}),),
    made_by="workflow",
    reading=("I read one step.",),
    created_at=START,
)


async def test_a_view_holds_all_that_a_card_shows(database: Database) -> None:
    reached = replace(milestones_of(1)[0], achieved_at=later(1), announced=True)
    waiting = attempt(number=2, state=AttemptState.WAITING)
    await save(
        database,
        new_goals=[running()],
        plans=[PLAN],
        new_tasks=[task()],
        new_attempts=[attempt(number=1, state=AttemptState.UNKNOWN), waiting],
        new_decisions=[decision(1), decision(2, state=DecisionState.ANSWERED)],
        new_blockages=[blockage()],
        new_milestones=list(milestones_of(1)),
        milestones=[reached],
    )

    view = await database.view(1)

    assert view == GoalView(
        goal=running(),
        plan=PLAN,
        tasks=(task(),),
        decisions=(decision(1),),
        blockages=(blockage(),),
        milestones=(reached, *milestones_of(1)[1:]),
        attempts=(waiting,),
    )


async def test_there_is_no_view_of_an_unknown_goal(database: Database) -> None:
    assert await database.view(1) is None


async def test_goals_are_listed_newest_first_by_chat_and_openness(database: Database) -> None:
    elsewhere = Origin(chat_id=2, person_id=1)
    goals = [running(1), running(2, origin=elsewhere), running(3, state=GoalState.FAILED), running(4)]
    await save(database, new_goals=goals)

    lists = [
        await database.goals(open_only=False),
        await database.goals(open_only=True),
        await database.goals(open_only=True, chat_id=1),
        await database.goals(open_only=False, chat_id=2),
        await database.goals(open_only=False, limit=1),
    ]

    assert [[g.number for g in some] for some in lists] == [[4, 3, 2, 1], [4, 2, 1], [4, 1], [2], [4]]


@pytest.mark.parametrize("state", GoalState)
async def test_a_goal_is_open_until_its_end(database: Database, state: GoalState) -> None:
    await save(database, new_goals=[goal(1, state)])

    assert bool(await database.goals(open_only=True)) is (state not in GOAL_FINAL)


async def test_a_new_draft_replaces_the_old_one_and_other_changes_leave_it(database: Database) -> None:
    await save(database, new_goals=[running()], drafts={1: draft(title="Old")})
    await save(database, goals=[running()], drafts={1: draft(spec("1"), title="New")})
    await save(database, goals=[written(running())])

    assert [await database.draft(1), await database.draft(2)] == [draft(spec("1"), title="New"), None]


async def test_every_plan_version_stays_and_the_newest_is_meant_by_default(database: Database) -> None:
    second = replace(PLAN, version=2, reason="The first one failed", created_at=later(5))
    await save(database, new_goals=[running()], plans=[PLAN])
    await save(database, plans=[second])

    plans = [await database.plan(1), await database.plan(1, 1), await database.plan(1, 3), await database.plan(2)]

    assert plans == [second, PLAN, None, None]


async def test_attempts_come_oldest_first_of_a_goal_or_a_task(database: Database) -> None:
    late, early = attempt("1.1", 1, started_at=later(9)), attempt("1.2", 1, started_at=later(1))
    other = attempt("2.1")
    await save(
        database,
        new_goals=[running(), running(2)],
        new_tasks=[task("1.1"), task("1.2"), task("2.1")],
        new_attempts=[late, early, other],
    )

    assert await database.attempts(1) == [early, late]
    assert await database.attempts(1, "1.1") == [late]
    assert await database.attempts(2, "1.1") == []


async def test_outputs_are_those_of_the_newest_success_in_the_current_plan(database: Database) -> None:
    def tried(ref: str, number: int, state: AttemptState, output: str) -> object:
        return attempt(ref, number, state=state, result={"success": True, "output": output})

    keyed = {"1.1": "pack", "1.2": "send", "1.3": "pack"}
    await save(
        database,
        new_goals=[running(plan_version=2)],
        new_tasks=[
            task(ref, TaskState.COMPLETED, spec=spec(key), plan_version=1 if ref == "1.3" else 2)
            for ref, key in keyed.items()
        ],
        new_attempts=[
            tried("1.1", 1, AttemptState.FAILED, "wrong"),
            tried("1.1", 2, AttemptState.SUCCEEDED, "old"),
            tried("1.1", 3, AttemptState.SUCCEEDED, "right"),
            tried("1.3", 1, AttemptState.SUCCEEDED, "of the plan before"),
        ],
    )

    assert await database.outputs(1, ["pack", "send", "nothing"]) == {"pack": "right"}
    assert await database.outputs(1, []) == {}


async def test_events_are_the_newest_in_the_order_they_happened(database: Database) -> None:
    events = [
        Event(
            name=f"task.{n}",
            goal_number=1,
            task_ref="1.1",
            executor_id="7",
            executor_type="user",
            at=later(n),
            result={"n": n},
        )
        for n in range(5)
    ]
    await save(database, new_goals=[running()], events=events[:3])
    await save(database, events=events[3:])

    assert await database.events(1) == events
    assert await database.events(1, limit=2) == events[3:]


async def test_open_decisions_are_listed_oldest_first_by_chat(database: Database) -> None:
    await save(
        database,
        new_goals=[running(1), running(2, origin=Origin(chat_id=2, person_id=1))],
        new_decisions=[
            decision(3),
            decision(1, goal_number=2),
            decision(2, state=DecisionState.ANSWERED),
        ],
    )

    lists = [await database.open_decisions(), await database.open_decisions(1), await database.open_decisions(9)]

    assert [[d.number for d in some] for some in lists] == [[1, 3], [3], []]
    assert (await database.decision(2)) == decision(2, state=DecisionState.ANSWERED)
    assert (await database.decision(9)) is None


@pytest.mark.parametrize(
    ("message_id", "shown"),
    [
        (11, decision(2, state=DecisionState.ANSWERED)),
        (12, decision(3, DecisionKind.START)),
        (13, None),
        (99, None),
    ],
    ids=["its own message, decided or not", "the card of a goal that waits for Start", "a milestone", "a stranger's"],
)
async def test_a_message_leads_to_the_decision_that_it_shows(
    database: Database, message_id: int, shown: Decision | None
) -> None:
    await save(
        database,
        new_goals=[running()],
        new_decisions=[
            decision(1, DecisionKind.START, state=DecisionState.WITHDRAWN),
            decision(2, state=DecisionState.ANSWERED),
            decision(3, DecisionKind.START),
            decision(4),
        ],
        notices=[
            notice("2/decision", NoticeKind.DECISION, decision_number=2, message_id=11),
            notice("1/card", message_id=12),
            notice("1/milestone/10", NoticeKind.MILESTONE, message_id=13),
            notice("elsewhere", NoticeKind.DECISION, decision_number=4, message_id=99, chat_id=2),
        ],
    )

    assert await database.decision_of_message(1, message_id) == shown


async def test_the_pulse_counts_what_is_there(database: Database) -> None:
    empty = await database.pulse()
    await save(
        database,
        new_goals=[running(1), running(2), goal(3)],
        new_tasks=[task("1.1", due_at=later(5))],
        new_decisions=[decision()],
        notices=[notice("a"), notice("b")],
        progress=[ProgressRow(goal_number=1, progress=0.5, status="in_progress", notes="", at=START)],
    )

    assert empty == Pulse(
        goals_by_state={},
        open_decisions=0,
        pending_notices=0,
        dead_notices=0,
        next_due_at=None,
        schema=empty.schema,
    )
    assert await database.pulse() == Pulse(
        goals_by_state={"in_progress": 2, "pending": 1},
        open_decisions=1,
        pending_notices=2,
        dead_notices=0,
        next_due_at=later(5),
        schema=empty.schema,
    )


async def test_who_made_each_version_of_some_plans_is_read_at_once(database: Database) -> None:
    second = replace(PLAN, version=2, made_by="model gemini")
    other = replace(PLAN, goal_number=2)
    await save(database, new_goals=[running(1), running(2), running(3)], plans=[PLAN, second, other])

    async with database.transaction() as transaction:
        made_by = await transaction.plan_makers([1, 3])

    assert made_by == {(1, 1): "workflow", (1, 2): "model gemini"}


async def test_a_log_reads_the_newest_attempts_and_of_a_long_output_its_end(tmp_path: Path) -> None:
    database = await Database.open(tmp_path, ManualClock())
    long = {"success": True, "result": "", "output": "x" * 150_000 + "the end", "error": None, "metadata": {"a": [1]}}
    tries = [
        replace(
            attempt(),
            number=number,
            state=AttemptState.SUCCEEDED,
            result=long if number == 3 else {**long, "output": "short"},
            started_at=START + timedelta(minutes=number),
            finished_at=START + timedelta(minutes=number),
        )
        for number in (1, 2, 3)
    ]
    await save(database, new_goals=[running()], new_tasks=[task()], new_attempts=tries)

    newest = await database.attempts(1, limit=2)
    whole = await database.outputs(1, [task().spec.key])
    await database.close()

    assert [(one.number, len(one.result["output"]), one.result["metadata"]) for one in newest if one.result] == [
        (2, 5, {"a": [1]}),
        (3, 60_000, {"a": [1]}),
    ]
    assert newest[1].result is not None
    assert newest[1].result["output"].endswith("the end")
    assert len(whole[task().spec.key]) == 150_007
