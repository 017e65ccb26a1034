"""The statements that write `Changes`, compiled once. What changes a row names the row as it was read."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import bindparam, delete, update
from sqlalchemy import insert as plain_insert

from executor.domain.attempt import ATTEMPT_MOVES
from executor.domain.effect import EFFECT_MOVES
from storage import tables
from storage.prepared import Prepared
from storage.rows import Values
from storage.sqlite import insert
from storage.tables.blockages import BLOCKAGE_OPEN
from storage.tables.decisions import DECISION_OPEN

S = TypeVar("S", bound=StrEnum)
Sources = Mapping[str, tuple[str, ...]]


def _sources(moves: Mapping[S, frozenset[S]]) -> Sources:
    """For each state those that a row may have been in before, itself too unless it is an end; all of one length."""
    came_from = {
        new: [old for old, allowed in moves.items() if new in allowed or (old is new and allowed)] for new in moves
    }
    width = max(len(states) for states in came_from.values())
    return {new.value: tuple(s.value for s in (states * width)[:width]) for new, states in came_from.items() if states}


ATTEMPT_SOURCES = _sources(ATTEMPT_MOVES)
EFFECT_SOURCES = _sources(EFFECT_MOVES)


def _from_states(sources: Sources) -> list[str]:
    return [f"was_{index}" for index in range(len(next(iter(sources.values()))))]


def states_of(sources: Sources, state: str) -> Values:
    """Parameters: the states that a row may be in before it is in this one."""
    return dict(zip(_from_states(sources), sources[state], strict=True))


_goals, _tasks, _attempts, _effects = tables.goals, tables.tasks, tables.attempts, tables.effects
_decisions, _blockages, _milestones = tables.decisions, tables.blockages, tables.milestones

NEW_GOALS = Prepared(plain_insert(_goals))
GOALS = Prepared(
    update(_goals).where(_goals.c.number == bindparam("at_number"), _goals.c.revision == bindparam("at_revision"))
)
DRAFTS = Prepared(update(_goals).where(_goals.c.number == bindparam("at_number")))
NEW_PLANS = Prepared(plain_insert(tables.plans))
ADAPTATIONS = Prepared(plain_insert(tables.adaptations))
REMOVED_TASKS = Prepared(delete(_tasks).where(_tasks.c.ref == bindparam("at_ref")))
NEW_TASKS = Prepared(plain_insert(_tasks))
TASKS = Prepared(
    update(_tasks).where(_tasks.c.ref == bindparam("at_ref"), _tasks.c.revision == bindparam("at_revision"))
)
URGENCY = Prepared(update(_tasks).where(_tasks.c.ref == bindparam("at_ref"), _tasks.c.unblocks != bindparam("was_not")))
NEW_ATTEMPTS = Prepared(plain_insert(_attempts))
ATTEMPTS = Prepared(
    update(_attempts).where(
        _attempts.c.task_ref == bindparam("at_ref"),
        _attempts.c.number == bindparam("at_number"),
        _attempts.c.state.in_([bindparam(name) for name in _from_states(ATTEMPT_SOURCES)]),
    )
)
NEW_DECISIONS = Prepared(plain_insert(_decisions))
CHANGED_DECISIONS = Prepared(
    update(_decisions).where(
        _decisions.c.number == bindparam("at_number"), _decisions.c.revision <= bindparam("at_revision"), DECISION_OPEN
    )
)
NEW_BLOCKAGES = Prepared(plain_insert(_blockages))
CHANGED_BLOCKAGES = Prepared(update(_blockages).where(_blockages.c.id == bindparam("at_id"), BLOCKAGE_OPEN))
NEW_EFFECTS = Prepared(plain_insert(_effects))
EFFECTS = Prepared(
    update(_effects).where(
        _effects.c.id == bindparam("at_id"),
        _effects.c.state.in_([bindparam(name) for name in _from_states(EFFECT_SOURCES)]),
    )
)
_circuits = tables.circuits
NEW_CIRCUITS = Prepared(plain_insert(_circuits))
CHANGED_CIRCUITS = Prepared(
    update(_circuits).where(_circuits.c.key == bindparam("at_key"), _circuits.c.revision == bindparam("at_revision"))
)
NEW_MILESTONES = Prepared(plain_insert(_milestones))
CHANGED_MILESTONES = Prepared(
    update(_milestones).where(
        _milestones.c.goal_number == bindparam("at_goal"), _milestones.c.percentage == bindparam("at_percentage")
    )
)
PROGRESS = Prepared(plain_insert(tables.progress))
EVENTS = Prepared(plain_insert(tables.execution_log))
ALLOWANCES = Prepared(insert(tables.allowances).on_conflict_do_nothing(index_elements=["id"]))
_lessons = tables.lessons
_new_lesson = insert(_lessons)
LESSONS = Prepared(
    _new_lesson.on_conflict_do_update(
        index_elements=[_lessons.c.key],
        set_={
            "successes": _lessons.c.successes + _new_lesson.excluded.successes,
            "failures": _lessons.c.failures + _new_lesson.excluded.failures,
            "used_at": _new_lesson.excluded.used_at,
        },
    )
)
REVOKED_LESSONS = Prepared(
    update(_lessons).where(_lessons.c.number == bindparam("at_number"), _lessons.c.revoked_at.is_(None))
)
COMMANDS = Prepared(plain_insert(tables.commands))
_new_secret = insert(tables.secrets)
SECRETS = Prepared(
    _new_secret.on_conflict_do_update(
        index_elements=[tables.secrets.c.goal_number, tables.secrets.c.name],
        set_={name: _new_secret.excluded[name] for name in ("sealed", "by", "created_at")},
    )
)
FORGOTTEN = Prepared(delete(tables.secrets).where(tables.secrets.c.goal_number == bindparam("at_goal")))
