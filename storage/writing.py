"""Writing `Changes`: a handful of statements, each for all rows of its table at once.

What changes a row names the revision or the states that it was read in, and counts the rows that it met: one row less
than expected, and nothing at all is written. Of a row that this transaction has read only the columns that differ are
written: most changes touch five of forty, and every column costs, those with a list of known words most.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.attempt import Attempt
from executor.domain.goal import Goal
from executor.domain.plan import Plan
from executor.domain.task import Task
from executor.ports import CaseRows, Changes
from storage import rows, statements
from storage.codec import dumps, plain
from storage.noticing import notices_to_put
from storage.rows import Values
from storage.rows.money import allowance_values
from storage.turns import ENDED_TURNS, NEW_TURNS, end_values
from storage.urgency import plan_urgency
from storage.writer import Writer


async def write_changes(
    connection: AsyncConnection, changes: Changes, now: datetime, read: Mapping[int, CaseRows]
) -> None:
    """In an order that keeps every reference whole. `read` is what this transaction has read and not yet changed, by
    goal number. Raises Conflict; the caller's transaction must then be undone."""
    write = Writer(connection.dialect)
    _write_goals(write, changes, now, read)
    _write_tasks(write, changes, read)
    _write_attempts(write, changes, read)
    _write_questions(write, changes)
    _write_circuits(write, changes)
    _write_history(write, changes, now)
    for statement, values in notices_to_put(changes.notices):
        write.add("notice", statement, values)
    await write.run(connection)


def _write_goals(write: Writer, changes: Changes, now: datetime, read: Mapping[int, CaseRows]) -> None:
    new = {goal.number for goal in changes.new_goals}
    write.add(
        "goal", statements.NEW_GOALS, [rows.goal_values(g, changes.drafts.get(g.number)) for g in changes.new_goals]
    )
    write.change("goal", statements.GOALS, [_goal_change(goal, read.get(goal.number)) for goal in changes.goals])
    drafts = {number: draft for number, draft in changes.drafts.items() if number not in new}
    write.change(
        "goal",
        statements.DRAFTS,
        [{"at_number": number, "draft": rows.draft_to(draft)} for number, draft in drafts.items()],
    )
    write.add("plan", statements.NEW_PLANS, [rows.plan_values(plan) for plan in changes.plans])
    write.add("plan", statements.ADAPTATIONS, [_adaptation(p, now) for p in changes.plans if p.version > 1])


def _write_tasks(write: Writer, changes: Changes, read: Mapping[int, CaseRows]) -> None:
    write.change("task", statements.REMOVED_TASKS, [{"at_ref": ref} for ref in changes.removed_tasks])
    urgency = plan_urgency(changes, read)
    new = [rows.task_values(task, urgency.pop(task.ref, 0)) for task in changes.new_tasks]
    write.add("task", statements.NEW_TASKS, new)
    before = {task.ref: task for known in _about(changes.tasks, read) for task in known.tasks}
    write.change("task", statements.TASKS, [_task_change(task, before.get(task.ref)) for task in changes.tasks])
    again = [{"at_ref": ref, "was_not": value, "unblocks": value} for ref, value in urgency.items()]
    write.add("task", statements.URGENCY, again)


def _write_attempts(write: Writer, changes: Changes, read: Mapping[int, CaseRows]) -> None:
    write.add("attempt", statements.NEW_ATTEMPTS, [rows.attempt_values(attempt) for attempt in changes.new_attempts])
    before = {(one.task_ref, one.number): one for known in _about(changes.attempts, read) for one in known.attempts}
    changed = [
        rows.attempt_changes(attempt, before.get((attempt.task_ref, attempt.number)))
        | {"at_ref": attempt.task_ref, "at_number": attempt.number}
        | statements.states_of(statements.ATTEMPT_SOURCES, attempt.state.value)
        for attempt in changes.attempts
    ]
    write.change("attempt", statements.ATTEMPTS, changed)
    write.add("turn", ENDED_TURNS, [end_values(end) for end in changes.ended_turns])
    write.add("turn", NEW_TURNS, [rows.turn_values(turn) for turn in changes.new_turns])
    write.add("effect", statements.NEW_EFFECTS, [rows.effect_values(effect) for effect in changes.new_effects])
    settled = [
        rows.effect_values(effect)
        | {"at_id": effect.id}
        | statements.states_of(statements.EFFECT_SOURCES, effect.state.value)
        for effect in changes.effects
    ]
    write.change("effect", statements.EFFECTS, settled)


def _write_questions(write: Writer, changes: Changes) -> None:
    write.add("decision", statements.NEW_DECISIONS, [rows.decision_values(d) for d in changes.new_decisions])
    decided = [
        rows.decision_values(decision) | {"at_number": decision.number, "at_revision": decision.revision}
        for decision in changes.decisions
    ]
    write.change("decision", statements.CHANGED_DECISIONS, decided)
    write.add("blockage", statements.NEW_BLOCKAGES, [rows.blockage_values(b) for b in changes.new_blockages])
    resolved = [rows.blockage_values(blockage) | {"at_id": blockage.id} for blockage in changes.blockages]
    write.change("blockage", statements.CHANGED_BLOCKAGES, resolved)


def _write_circuits(write: Writer, changes: Changes) -> None:
    write.add("circuit", statements.NEW_CIRCUITS, [rows.circuit_values(circuit) for circuit in changes.new_circuits])
    changed = [
        rows.circuit_values(circuit) | {"at_key": circuit.key, "at_revision": circuit.revision}
        for circuit in changes.circuits
    ]
    write.change("circuit", statements.CHANGED_CIRCUITS, changed)


def _write_history(write: Writer, changes: Changes, now: datetime) -> None:
    write.add("milestone", statements.NEW_MILESTONES, [rows.milestone_values(m) for m in changes.new_milestones])
    reached = [
        rows.milestone_changes(milestone) | {"at_goal": milestone.goal_number, "at_percentage": milestone.percentage}
        for milestone in changes.milestones
    ]
    write.change("milestone", statements.CHANGED_MILESTONES, reached)
    write.add("progress", statements.PROGRESS, [rows.progress_values(line) for line in changes.progress])
    write.add("event", statements.EVENTS, [rows.event_values(event) for event in changes.events])
    write.add("lesson", statements.LESSONS, [rows.lesson_values(use) for use in changes.lessons])
    revoked = [
        {"at_number": number, "revoked_by": plain(by), "revoked_at": at} for number, by, at in changes.revoked_lessons
    ]
    write.change("lesson", statements.REVOKED_LESSONS, revoked)
    write.add("allowance", statements.ALLOWANCES, [allowance_values(one) for one in changes.allowances])
    carried_out = [{"id": key, "reply": dumps(dict(reply)), "at": now} for key, reply in changes.commands]
    write.add("command", statements.COMMANDS, carried_out)
    write.add("secret", statements.SECRETS, [rows.secret_values(one) for one in changes.secrets])
    write.add("secret", statements.FORGOTTEN, [{"at_goal": number} for number in changes.forgotten])


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
