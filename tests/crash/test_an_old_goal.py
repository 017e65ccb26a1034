"""A goal that an older program began, and left in the middle: the newer one takes it to its end, under its own plan."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from executor.domain.decision import DecisionKind
from executor.domain.goal import GoalState
from executor.domain.plan import Criterion
from executor.ports import Ask
from storage.migrations import REVISIONS
from storage.schema import HISTORY, History
from storage.store import FILE_NAME
from tests.builders import ANN, command, draft, spec
from tests.fakes import ScriptedAction
from tests.storage.test_schema import migrate_file
from tests.world import world

OLD = (REVISIONS[0], REVISIONS[len(REVISIONS) // 2], REVISIONS[-2])


async def begun(folder: Path) -> None:
    """One task done, one that waits for an answer, one after it, and what must be true at the end."""
    asks = spec("2", "Ask", "ask", depends_on=("1",))
    rest = spec("3", depends_on=("2",))
    done_when = Criterion(text="It is there", check=command("test -s x"))
    async with world(folder, ScriptedAction(), asking()) as w:
        await w.start_goal(draft(spec("1"), asks, rest, criteria=(done_when,)))
        await w.settle()


def asking() -> ScriptedAction:
    return ScriptedAction("ask", asks=Ask(manual=False, question="Which one?"))


async def as_written_by(revision: str, new: Path, old: Path) -> None:
    """The same rows in a database of that schema: what it has no column for was not there yet."""
    old.mkdir()
    path = old / FILE_NAME
    known = REVISIONS[: REVISIONS.index(revision) + 1]
    path.touch(0o600)
    await migrate_file(path, History(known, HISTORY.scripts))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("ATTACH ? AS newer", (str(new / FILE_NAME),))
        names = [row[0] for row in database.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")]
        for name in [one for one in names if one != "alembic_version" and not one.startswith("sqlite_")]:
            columns = [row[1] for row in database.execute(f"PRAGMA main.table_info({name})")]
            there = [row[1] for row in database.execute(f"PRAGMA newer.table_info({name})")]
            both = ", ".join(f'"{one}"' for one in columns if one in there)
            database.execute(f"INSERT OR REPLACE INTO main.{name} ({both}) SELECT {both} FROM newer.{name}")


@pytest.mark.parametrize("revision", OLD)
async def test_a_goal_of_an_older_version_is_taken_to_its_end(tmp_path: Path, revision: str) -> None:
    await begun(tmp_path / "new")
    await as_written_by(revision, tmp_path / "new", tmp_path / "old")

    work = ScriptedAction()
    async with world(tmp_path / "old", work, asking(), executor_id="newer") as w:
        before = await w.view(1)
        [question] = [one for one in await w.executor.open_decisions() if one.kind is DecisionKind.QUESTION]
        await w.executor.answer(question.number, text="The blue one", caller=ANN, command_id="answer")
        view = await w.run_until_over(1, seconds=30)

        assert (view.goal.state, view.goal.plan_version) == (GoalState.COMPLETED, before.goal.plan_version)
        assert ({task.ref: str(task.state) for task in view.tasks}) == dict.fromkeys(
            ("1.1", "1.2", "1.3", "1.c1"), "completed"
        )
        assert (work.runs, w.failures) == (["1.3"], [])
