"""Writing `Changes`: a handful of statements, each for all rows of its table at once.

What changes a row names the revision or the states that it was read in, and counts the rows that it met: one row less
than expected, and nothing at all is written. Of a row that this transaction has read only the columns that differ are
written: most changes touch five of forty, and every column costs, those with a list of known words most.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import Dialect, bindparam, delete, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.attempt import ATTEMPT_MOVES, Attempt
from executor.domain.effect import EFFECT_MOVES
from executor.domain.errors import Conflict
from executor.domain.goal import Goal
from executor.domain.plan import Plan
from executor.domain.task import Task
from executor.ports import CaseRows, Changes
from storage import rows, tables
from storage.codec import dumps, plain
from storage.noticing import notices_to_put
from storage.prepared import Prepared
from storage.rows import Values
from storage.rows.money import allowance_values
from storage.sqlite import Bound, insert, is_duplicate, run_together
from storage.tables.blockages import BLOCKAGE_OPEN
from storage.tables.decisions import DECISION_OPEN
from storage.turns import ENDED_TURNS, NEW_TURNS, end_values

S = TypeVar("S", bound=StrEnum)
Sources = Mapping[str, tuple[str, ...]]
_PlanKey = tuple[int, int, str]


def _sources(moves: Mapping[S, frozenset[S]]) -> Sources:
    """For each state those that a row may have been in before, itself too unless it is an end; all of one length."""
    came_from = {
        new: [old for old, allowed in moves.items() if new in allowed or (old is new and allowed)] for new in moves
    }
    width = max(len(states) for states in came_from.values())
    return {new.value: tuple(s.value for s in (states * width)[:width]) for new, states in came_from.items() if states}


_ATTEMPT_SOURCES = _sources(ATTEMPT_MOVES)
_EFFECT_SOURCES = _sources(EFFECT_MOVES)


def _from_states(sources: Sources) -> list[str]:
    return [f"was_{index}" for index in range(len(next(iter(sources.values()))))]


def _states_of(sources: Sources, state: str) -> Values:
    return dict(zip(_from_states(sources), sources[state], strict=True))


_goals, _tasks, _attempts, _effects = tables.goals, tables.tasks, tables.attempts, tables.effects
_decisions, _blockages, _milestones = tables.decisions, tables.blockages, tables.milestones

_NEW_GOALS = Prepared(plain_insert(_goals))
_GOALS = Prepared(
    update(_goals).where(_goals.c.number == bindparam("at_number"), _goals.c.revision == bindparam("at_revision"))
)
_DRAFTS = Prepared(update(_goals).where(_goals.c.number == bindparam("at_number")))
_NEW_PLANS = Prepared(plain_insert(tables.plans))
_ADAPTATIONS = Prepared(plain_insert(tables.adaptations))
_REMOVED_TASKS = Prepared(delete(_tasks).where(_tasks.c.ref == bindparam("at_ref")))
_NEW_TASKS = Prepared(plain_insert(_tasks))
_TASKS = Prepared(
    update(_tasks).where(_tasks.c.ref == bindparam("at_ref"), _tasks.c.revision == bindparam("at_revision"))
)
_NEW_ATTEMPTS = Prepared(plain_insert(_attempts))
_ATTEMPTS = Prepared(
    update(_attempts).where(
        _attempts.c.task_ref == bindparam("at_ref"),
        _attempts.c.number == bindparam("at_number"),
        _attempts.c.state.in_([bindparam(name) for name in _from_states(_ATTEMPT_SOURCES)]),
    )
)
_NEW_DECISIONS = Prepared(plain_insert(_decisions))
_CHANGED_DECISIONS = Prepared(
    update(_decisions).where(
        _decisions.c.number == bindparam("at_number"), _decisions.c.revision <= bindparam("at_revision"), DECISION_OPEN
    )
)
_NEW_BLOCKAGES = Prepared(plain_insert(_blockages))
_CHANGED_BLOCKAGES = Prepared(update(_blockages).where(_blockages.c.id == bindparam("at_id"), BLOCKAGE_OPEN))
_NEW_EFFECTS = Prepared(plain_insert(_effects))
_EFFECTS = Prepared(
    update(_effects).where(
        _effects.c.id == bindparam("at_id"),
        _effects.c.state.in_([bindparam(name) for name in _from_states(_EFFECT_SOURCES)]),
    )
)
_circuits = tables.circuits
_NEW_CIRCUITS = Prepared(plain_insert(_circuits))
_CHANGED_CIRCUITS = Prepared(
    update(_circuits).where(_circuits.c.key == bindparam("at_key"), _circuits.c.revision == bindparam("at_revision"))
)
_NEW_MILESTONES = Prepared(plain_insert(_milestones))
_CHANGED_MILESTONES = Prepared(
    update(_milestones).where(
        _milestones.c.goal_number == bindparam("at_goal"), _milestones.c.percentage == bindparam("at_percentage")
    )
)
_PROGRESS = Prepared(plain_insert(tables.progress))
_EVENTS = Prepared(plain_insert(tables.execution_log))
_ALLOWANCES = Prepared(insert(tables.allowances).on_conflict_do_nothing(index_elements=["id"]))
_lessons = tables.lessons
_new_lesson = insert(_lessons)
_LESSONS = Prepared(
    _new_lesson.on_conflict_do_update(
        index_elements=[_lessons.c.key],
        set_={
            "successes": _lessons.c.successes + _new_lesson.excluded.successes,
            "failures": _lessons.c.failures + _new_lesson.excluded.failures,
            "used_at": _new_lesson.excluded.used_at,
        },
    )
)
_REVOKED_LESSONS = Prepared(
    update(_lessons).where(_lessons.c.number == bindparam("at_number"), _lessons.c.revoked_at.is_(None))
)
_COMMANDS = Prepared(plain_insert(tables.commands))
_new_secret = insert(tables.secrets)
_SECRETS = Prepared(
    _new_secret.on_conflict_do_update(
        index_elements=[tables.secrets.c.goal_number, tables.secrets.c.name],
        set_={name: _new_secret.excluded[name] for name in ("sealed", "by", "created_at")},
    )
)
_FORGOTTEN = Prepared(delete(tables.secrets).where(tables.secrets.c.goal_number == bindparam("at_goal")))


async def write_changes(
    connection: AsyncConnection, changes: Changes, now: datetime, read: Mapping[int, CaseRows]
) -> None:
    """In an order that keeps every reference whole. `read` is what this transaction has read and not yet changed, by
    goal number. Raises Conflict; the caller's transaction must then be undone."""
    write = _Writer(connection.dialect)
    _write_goals(write, changes, now, read)
    _write_tasks(write, changes, read)
    _write_attempts(write, changes, read)
    _write_questions(write, changes)
    _write_circuits(write, changes)
    _write_history(write, changes, now)
    for statement, values in notices_to_put(changes.notices):
        write.add("notice", statement, values)
    await write.run(connection)


def _write_goals(write: "_Writer", changes: Changes, now: datetime, read: Mapping[int, CaseRows]) -> None:
    new = {goal.number for goal in changes.new_goals}
    write.add("goal", _NEW_GOALS, [rows.goal_values(g, changes.drafts.get(g.number)) for g in changes.new_goals])
    write.change("goal", _GOALS, [_goal_change(goal, read.get(goal.number)) for goal in changes.goals])
    drafts = {number: draft for number, draft in changes.drafts.items() if number not in new}
    write.change(
        "goal", _DRAFTS, [{"at_number": number, "draft": rows.draft_to(draft)} for number, draft in drafts.items()]
    )
    write.add("plan", _NEW_PLANS, [rows.plan_values(plan) for plan in changes.plans])
    write.add("plan", _ADAPTATIONS, [_adaptation(p, now) for p in changes.plans if p.version > 1])


def _write_tasks(write: "_Writer", changes: Changes, read: Mapping[int, CaseRows]) -> None:
    write.change("task", _REMOVED_TASKS, [{"at_ref": ref} for ref in changes.removed_tasks])
    urgency = _urgency(changes.new_tasks)
    new = [rows.task_values(task, urgency[_plan_key(task, task.spec.key)]) for task in changes.new_tasks]
    write.add("task", _NEW_TASKS, new)
    before = {task.ref: task for known in _about(changes.tasks, read) for task in known.tasks}
    write.change("task", _TASKS, [_task_change(task, before.get(task.ref)) for task in changes.tasks])


def _write_attempts(write: "_Writer", changes: Changes, read: Mapping[int, CaseRows]) -> None:
    write.add("attempt", _NEW_ATTEMPTS, [rows.attempt_values(attempt) for attempt in changes.new_attempts])
    before = {(one.task_ref, one.number): one for known in _about(changes.attempts, read) for one in known.attempts}
    changed = [
        rows.attempt_changes(attempt, before.get((attempt.task_ref, attempt.number)))
        | {"at_ref": attempt.task_ref, "at_number": attempt.number}
        | _states_of(_ATTEMPT_SOURCES, attempt.state.value)
        for attempt in changes.attempts
    ]
    write.change("attempt", _ATTEMPTS, changed)
    write.add("turn", ENDED_TURNS, [end_values(end) for end in changes.ended_turns])
    write.add("turn", NEW_TURNS, [rows.turn_values(turn) for turn in changes.new_turns])
    write.add("effect", _NEW_EFFECTS, [rows.effect_values(effect) for effect in changes.new_effects])
    settled = [
        rows.effect_values(effect) | {"at_id": effect.id} | _states_of(_EFFECT_SOURCES, effect.state.value)
        for effect in changes.effects
    ]
    write.change("effect", _EFFECTS, settled)


def _write_questions(write: "_Writer", changes: Changes) -> None:
    write.add("decision", _NEW_DECISIONS, [rows.decision_values(d) for d in changes.new_decisions])
    decided = [
        rows.decision_values(decision) | {"at_number": decision.number, "at_revision": decision.revision}
        for decision in changes.decisions
    ]
    write.change("decision", _CHANGED_DECISIONS, decided)
    write.add("blockage", _NEW_BLOCKAGES, [rows.blockage_values(b) for b in changes.new_blockages])
    resolved = [rows.blockage_values(blockage) | {"at_id": blockage.id} for blockage in changes.blockages]
    write.change("blockage", _CHANGED_BLOCKAGES, resolved)


def _write_circuits(write: "_Writer", changes: Changes) -> None:
    write.add("circuit", _NEW_CIRCUITS, [rows.circuit_values(circuit) for circuit in changes.new_circuits])
    changed = [
        rows.circuit_values(circuit) | {"at_key": circuit.key, "at_revision": circuit.revision}
        for circuit in changes.circuits
    ]
    write.change("circuit", _CHANGED_CIRCUITS, changed)


def _write_history(write: "_Writer", changes: Changes, now: datetime) -> None:
    write.add("milestone", _NEW_MILESTONES, [rows.milestone_values(m) for m in changes.new_milestones])
    reached = [
        rows.milestone_changes(milestone) | {"at_goal": milestone.goal_number, "at_percentage": milestone.percentage}
        for milestone in changes.milestones
    ]
    write.change("milestone", _CHANGED_MILESTONES, reached)
    write.add("progress", _PROGRESS, [rows.progress_values(line) for line in changes.progress])
    write.add("event", _EVENTS, [rows.event_values(event) for event in changes.events])
    write.add("lesson", _LESSONS, [rows.lesson_values(use) for use in changes.lessons])
    revoked = [
        {"at_number": number, "revoked_by": plain(by), "revoked_at": at} for number, by, at in changes.revoked_lessons
    ]
    write.change("lesson", _REVOKED_LESSONS, revoked)
    write.add("allowance", _ALLOWANCES, [allowance_values(one) for one in changes.allowances])
    carried_out = [{"id": key, "reply": dumps(dict(reply)), "at": now} for key, reply in changes.commands]
    write.add("command", _COMMANDS, carried_out)
    write.add("secret", _SECRETS, [rows.secret_values(one) for one in changes.secrets])
    write.add("secret", _FORGOTTEN, [{"at_goal": number} for number in changes.forgotten])


def _about(changed: Iterable[Task | Attempt], read: Mapping[int, CaseRows]) -> list[CaseRows]:
    """What was read about the goals of these."""
    return [read[number] for number in {value.goal_number for value in changed} if number in read]


def _goal_change(goal: Goal, read: CaseRows | None) -> Values:
    before = None if read is None or read.goal.revision != goal.revision else read.goal
    values = rows.goal_changes(goal, before)
    values.update(at_number=goal.number, at_revision=goal.revision, revision=goal.revision + 1)
    return values


def _task_change(task: Task, before: Task | None) -> Values:
    values = rows.task_changes(task, None if before is None or before.revision != task.revision else before)
    values.update(at_ref=task.ref, at_revision=task.revision, revision=task.revision + 1)
    return values


def _adaptation(plan: Plan, now: datetime) -> Values:
    return {
        "goal_number": plan.goal_number,
        "old_plan": plan.version - 1,
        "new_plan": plan.version,
        "reason": plain(plan.reason),
        "outcome_deviation": plan.deviation,
        "at": plan.created_at or now,
    }


def _plan_key(task: Task, key: str) -> _PlanKey:
    return task.goal_number, task.plan_version, key


_WIDTH_MAX = 99


def _urgency(tasks: Sequence[Task]) -> Mapping[_PlanKey, int]:
    """What unblocks others, by key: first by the longest chain behind a task (it lies on the critical path), then by
    how many wait for it directly. Ties go to no one."""
    behind: dict[_PlanKey, list[_PlanKey]] = {}
    for task in tasks:
        for key in {*task.spec.depends_on, *task.spec.only_if}:
            behind.setdefault(_plan_key(task, key), []).append(_plan_key(task, task.spec.key))
    chains: dict[_PlanKey, int] = {}
    for task in reversed(tasks):  # most plans are written in order, so most chains are known when they are asked for
        here = _plan_key(task, task.spec.key)
        lengths = [chains.get(other, -1) for other in behind.get(here, ())]
        if -1 in lengths:
            _measure(here, behind, chains)
        else:
            chains[here] = max(lengths, default=-1) + 1
    return {key: chain * (_WIDTH_MAX + 1) + min(len(behind.get(key, ())), _WIDTH_MAX) for key, chain in chains.items()}


def _measure(key: _PlanKey, behind: Mapping[_PlanKey, list[_PlanKey]], chains: dict[_PlanKey, int]) -> None:
    """Without recursion: a chain may be longer than Python's stack. A circle, which no plan has, would count once."""
    open_ones, begun = [key], set[_PlanKey]()
    while open_ones:
        one = open_ones[-1]
        rest = [other for other in behind.get(one, ()) if other not in chains and other not in begun]
        if one in chains or (one in begun and not rest):
            chains.setdefault(one, max((chains.get(other, 0) + 1 for other in behind.get(one, ())), default=0))
            open_ones.pop()
            continue
        begun.add(one)
        open_ones += rest


@dataclass(frozen=True, slots=True)
class _Step:
    """`expected` rows must be met; None: any number will do."""

    what: str
    bound: Bound
    expected: int | None


class _Writer:
    """Collects statements, runs them in one go, and sees whether each row was met."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._steps: list[_Step] = []

    def add(self, what: str, statement: Prepared, values: Sequence[Values]) -> None:
        if values:
            self._steps.append(_Step(what, statement.bound(self._dialect, values), None))

    def change(self, what: str, statement: Prepared, values: Sequence[Values]) -> None:
        alike: dict[tuple[str, ...], list[Values]] = {}
        for row in values:
            alike.setdefault(tuple(row), []).append(row)
        for some in alike.values():
            self._steps.append(_Step(what, statement.bound(self._dialect, some), len(some)))

    async def run(self, connection: AsyncConnection) -> None:
        try:
            met = await run_together(connection, [step.bound for step in self._steps])
        except IntegrityError as error:
            if is_duplicate(error):
                raise Conflict(detail=f"exists already: {error.orig}") from error
            raise
        for step, count in zip(self._steps, met, strict=True):
            if step.expected is not None and count != step.expected:
                raise Conflict(detail=f"{step.what}: {step.expected} to change, {count} as they were read")
