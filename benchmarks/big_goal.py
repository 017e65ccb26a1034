"""(d) A goal of a thousand tasks with a hundred thousand lines of log: set it, note something, look at it."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.engine import ANN, CHAT, Engine, open_engine
from benchmarks.raw import connect
from benchmarks.table import Line, Section
from benchmarks.timing import Times, times
from executor.domain.event import Event
from executor.domain.plan import GoalDraft, TaskSpec
from executor.engine.replies import Accepted
from executor.ports import Changes
from storage.store import FILE_NAME

TASKS = 1_000
LOG_ROWS = 100_000
SET, NOTED, VIEWED = 9, 40, 40

HOW = (
    f"{TASKS:,} tasks in one goal, each after the one before, and {LOG_ROWS:,} lines in its log. Setting includes "
    "planning, the start of the first task and the commit; noting writes a line of log and of progress, and the card; "
    "the status is the whole view: goal, plan, tasks, questions, milestones. Raw: sqlite3 alone, in turns with it, "
    "inserting copies of the very rows that it wrote (same tables, same indexes, one commit), or selecting the rows "
    "that it read; no planning, no decision, no values made of rows. The milliseconds that were asked for are those "
    "of document 001."
)

_OF_GOAL = {
    "executor_goals": "number",
    "goal_plans": "goal_number",
    "goal_tasks": "goal_number",
    "goal_milestones": "goal_number",
    "goal_execution_log": "goal_number",
    "notices": "goal_number",
}
_READ = ("executor_goals", "goal_plans", "goal_tasks", "goal_milestones")


async def run(folder: Path) -> Section:
    async with open_engine(folder, autonomy="plan") as engine:
        raw = connect(folder / FILE_NAME)
        raw.execute("PRAGMA wal_autocheckpoint=0")  # the engine's own connection is the only one that checkpoints
        try:
            lines = [*await _set(engine, raw), *await _note(engine, raw), *await _view(engine, raw)]
        finally:
            raw.close()
    return Section(title=f"(d) A goal of {TASKS:,} tasks", how=HOW, lines=lines)


def _lines(what: str, asked_ms: int, ours: Times, raw: Times) -> list[Line]:
    return [
        Line(
            what=what,
            value=str(ours),
            ratio=times(ours.median_s / raw.median_s),
            target=f"≤ {asked_ms} ms",
            met=ours.median_s * 1000 <= asked_ms,
        ),
        Line(what="the same rows, raw", value=str(raw), ratio="1 ×"),
    ]


async def _set(engine: Engine, raw: sqlite3.Connection) -> list[Line]:
    steps = tuple(
        TaskSpec(
            key=str(key),
            title=f"Step {key} of {TASKS}",
            action="nothing",
            depends_on=(str(key - 1),) if key > 1 else (),
            expected_outcome="Nothing has happened",
        )
        for key in range(1, TASKS + 1)
    )
    draft = GoalDraft(title="A thousand steps", tasks=steps)
    ours, alone = Times(), Times()
    for number in range(1, SET + 1):
        with ours.one():
            reply = await engine.executor.set_goal(draft, origin=CHAT, caller=ANN, command_id=f"set/{number}")
        assert isinstance(reply, Accepted), reply
        written = {table: _rows_of(raw, table, number) for table in _OF_GOAL}
        _make_copies(raw)
        with alone.one():
            _insert(raw, written)
    return _lines(f"set a goal of {TASKS:,} tasks", 100, ours, alone)


async def _note(engine: Engine, raw: sqlite3.Connection) -> list[Line]:
    await _fill_log(engine)
    ours, alone = Times(), Times()
    for number in range(NOTED):
        with ours.one():
            reply = await engine.executor.note(1, text="Half of it is done", caller=ANN, command_id=f"note/{number}")
        assert isinstance(reply, Accepted), reply
        last = {
            "goal_execution_log": raw.execute(
                "SELECT * FROM goal_execution_log ORDER BY rowid DESC LIMIT 1"
            ).fetchall(),
            "executor_goals": _rows_of(raw, "executor_goals", 1),
            "notices": _rows_of(raw, "notices", 1)[:1],
        }
        _make_copies(raw)
        with alone.one():
            _insert(raw, last)
    return _lines(f"note progress, {LOG_ROWS:,} lines of log", 50, ours, alone)


async def _view(engine: Engine, raw: sqlite3.Connection) -> list[Line]:
    ours, alone = Times(), Times()
    for _ in range(VIEWED):
        with ours.one():
            view = await engine.executor.view(1)
        assert view is not None
        assert len(view.tasks) == TASKS
        with alone.one():
            for table in _READ:
                _rows_of(raw, table, 1)
    return _lines(f"status of the goal, {LOG_ROWS:,} lines of log", 20, ours, alone)


async def _fill_log(engine: Engine) -> None:
    now, at_once = datetime.now(UTC), 10_000
    for start in range(0, LOG_ROWS, at_once):
        events = [
            Event(name="task.started", goal_number=1, task_ref=f"1.{1 + line % TASKS}", at=now, result={"line": line})
            for line in range(start, start + at_once)
        ]
        async with engine.database.transaction() as transaction:
            await transaction.save(Changes(events=events))


def _rows_of(raw: sqlite3.Connection, table: str, number: int) -> list[tuple[Any, ...]]:
    return raw.execute(f"SELECT * FROM {table} WHERE {_OF_GOAL[table]} = ?", (number,)).fetchall()


def _make_copies(raw: sqlite3.Connection) -> None:
    """Empty tables with the columns and the indexes of the real ones, so that the real ones stay as they are."""
    for table in _OF_GOAL:
        raw.execute(f"DROP TABLE IF EXISTS copy_{table}")
    for table in _OF_GOAL:
        for kind, sql in raw.execute("SELECT type, sql FROM sqlite_master WHERE tbl_name = ? AND sql > ''", (table,)):
            made = str(sql).replace(f'"{table}"', table)
            if kind == "table":
                raw.execute(made.replace(f"CREATE TABLE {table}", f"CREATE TABLE copy_{table}", 1))
            else:
                raw.execute(made.replace("INDEX ", "INDEX copy_", 1).replace(f" ON {table} ", f" ON copy_{table} ", 1))


def _insert(raw: sqlite3.Connection, written: dict[str, list[tuple[Any, ...]]]) -> None:
    raw.execute("BEGIN IMMEDIATE")
    for table, rows in written.items():
        _insert_rows(raw, table, rows)
    raw.execute("COMMIT")


def _insert_rows(raw: sqlite3.Connection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        raw.executemany(f"INSERT INTO copy_{table} VALUES ({marks})", rows)
