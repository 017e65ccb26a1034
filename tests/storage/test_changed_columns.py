"""Of a row that is known only the columns that differ are written; with those the row is as if all had been."""

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any, get_type_hints

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from executor.domain.attempt import AttemptState
from executor.domain.goal import GoalState
from executor.domain.plan import CheckKind
from executor.domain.task import Answer, TaskState
from executor.ports import CaseRows, Changes
from storage import rows
from storage.store import Database
from tests.builders import spec
from tests.fakes import START
from tests.storage.making import attempt, case, later, running, save, task, written

FLAGS = st.booleans()
MOMENTS = st.none() | st.sampled_from([START, later(60)])
WORDS = st.sampled_from(["", "Done", "It broke\0"])
TASKS = st.builds(
    task,
    state=st.sampled_from(TaskState),
    spec=st.sampled_from([spec("1"), spec("1", "Other words", critical=True), spec("1", depends_on=("2",))]),
    position=st.integers(1, 2),
    plan_version=st.integers(1, 2),
    due_at=MOMENTS,
    attempts=st.integers(0, 2),
    failures=st.integers(0, 2),
    taken_over=FLAGS,
    verify_first=FLAGS,
    verify_only=FLAGS,
    answer=st.none() | st.sampled_from([Answer(text=text, by="Ann", at=START) for text in ("yes", "no")]),
    summary=WORDS,
    resume_state=st.none() | st.sampled_from([TaskState.QUEUED, TaskState.PENDING]),
    started_at=MOMENTS,
    blocked_at=MOMENTS,
    finished_at=MOMENTS,
)
GOALS = st.builds(
    running,
    state=st.sampled_from(GoalState),
    priority=st.integers(1, 2),
    deadline_at=MOMENTS,
    budget_usd=st.none() | st.sampled_from([Decimal("0.50"), Decimal(2)]),
    metadata=st.sampled_from([{}, {"audit": ""}]),
    autonomy=st.sampled_from(["plan", "full"]),
    plan_version=st.integers(1, 2),
    percentage=st.integers(10, 11),
    reason=WORDS,
    finished_at=MOMENTS,
)
ATTEMPTS = st.builds(
    attempt,
    state=st.sampled_from(AttemptState),
    lease_until=st.sampled_from([START, later(60)]),
    pid=st.none() | st.integers(1, 2),
    exit_code=st.none() | st.integers(0, 1),
    result=st.none() | st.sampled_from([{"success": True}, {"success": False}]),
    evidence=WORDS,
    finished_at=MOMENTS,
)


@pytest.mark.parametrize(
    ("values", "columns"),
    [(TASKS, rows.task_changes), (GOALS, rows.goal_changes), (ATTEMPTS, rows.attempt_changes)],
    ids=["task", "goal", "attempt"],
)
@given(data=st.data())
def test_what_differs_makes_the_old_row_the_new_one(values: st.SearchStrategy[Any], columns: Any, data: Any) -> None:
    old, new = data.draw(values), data.draw(values)

    differing = columns(new, old)

    assert columns(old) | differing == columns(new)


@pytest.mark.parametrize(
    ("known", "fixed", "columns"),
    [
        (task(), {"ref", "goal_number", "kind", "parent_ref", "revision", "created_at"}, rows.task_changes),
        (
            running(),
            {"number", "origin", "revision", "created_at", "parent_task", "parent_attempt", "lineage"},
            rows.goal_changes,
        ),
        (attempt(), {"task_ref", "number", "goal_number", "started_at"}, rows.attempt_changes),
    ],
    ids=["task", "goal", "attempt"],
)
def test_every_field_that_may_change_is_seen_to_have_changed(known: Any, fixed: set[str], columns: Any) -> None:
    may_change = {field.name for field in fields(known)} - fixed

    seen = {name for name in may_change if columns(replace(known, **{name: _another(known, name)}), known)}
    assert seen == may_change


OTHER: dict[str, Any] = {
    "lease_until": later(99),
    **dict.fromkeys(("pid", "pid_started", "exit_code"), 3),
    "spec": spec("1", "Other words"),
    "state": TaskState.FAILED,
    "answer": Answer(text="yes", by="Ann", at=START),
    "resume_state": TaskState.QUEUED,
    "result": {"success": True},
    "budget_usd": Decimal(3),
    "metadata": {"a": "b"},
}


def _another(known: Any, name: str) -> Any:
    """A value that this field might have as well."""
    if name in OTHER:
        return OTHER[name]
    if name.endswith("_at"):
        return later(99)
    match getattr(known, name):
        case bool() as flag:
            return not flag
        case int() as number:
            return number + 7
        case str() as text:
            return f"other {text}"
        case tuple() as words:
            return (*words, "1f")
        case value:
            return find(st.from_type(get_type_hints(type(known))[name]), lambda made: bool(made) and made != value)


def test_a_task_that_is_taken_changes_four_columns() -> None:
    taken = replace(task(), state=TaskState.IN_PROGRESS, due_at=None, attempts=1, started_at=START)

    differing = rows.task_changes(taken, task())

    assert differing == {"state": "in_progress", "due_at": None, "attempts": 1, "started_at": START}


async def test_what_a_transaction_has_read_and_changed_comes_back_changed(database: Database) -> None:
    await save(database, new_goals=[running()], new_tasks=[task("1.1"), task("1.2")], new_attempts=[attempt("1.1")])
    async with database.transaction() as transaction:
        [read] = await transaction.cases([1])
        goal = replace(read.goal, percentage=50)
        one = replace(read.tasks[0], state=TaskState.COMPLETED, summary="Done", due_at=None, finished_at=later(1))
        two = replace(read.tasks[1], spec=spec("2", "Look", check=None, parameters={"kind": CheckKind.FILE.value}))

        await transaction.save(Changes(goals=[goal], tasks=[one, two], attempts=[read.attempts[0]]))
        [again] = await transaction.cases([1])

    after = CaseRows(goal=written(goal), tasks=(written(one), written(two)), attempts=read.attempts)
    assert again == after
    assert await case(database) == after


async def test_a_second_save_knows_what_the_first_has_written(database: Database) -> None:
    await save(database, new_goals=[running()], new_tasks=[task()])
    async with database.transaction() as transaction:
        [read] = await transaction.cases([1])
        once = replace(read.tasks[0], summary="Once")

        await transaction.save(Changes(tasks=[once]))
        await transaction.save(Changes(tasks=[replace(written(once), summary="")]))

    assert (await case(database)).tasks == (replace(once, summary="", revision=2),)
