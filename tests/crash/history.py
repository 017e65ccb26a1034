"""The history checker: given a data folder's database and what the outside saw, it names every broken promise.

One checker for every crash test, so that a promise is written down once. It reads rows, never the engine's own opinion,
and answers with sentences; none is what a test asserts.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.attempt import Attempt, AttemptState
from executor.domain.blockage import Blockage
from executor.domain.decision import Decision, DecisionKind, DecisionState
from executor.domain.effect import Effect, EffectState
from executor.domain.event import Event
from executor.domain.goal import GOAL_FINAL, Goal, GoalState
from executor.domain.milestone import COMPLETE, Milestone
from executor.domain.notice import Notice, NoticeKind, NoticeState
from executor.domain.task import Task, TaskKind, TaskState
from executor.domain.turn import Turn
from executor.engine.casework.case import end_key
from storage import rows, tables
from storage.codec import loads
from storage.store import Database

REPEATED_MARK = "possibly repeated"

_DONE = frozenset({AttemptState.SUCCEEDED, AttemptState.FAILED, AttemptState.INTERRUPTED})
_TASK_EVENTS = {f"task.{state}": state for state in TaskState if state is not TaskState.IN_PROGRESS} | {
    "task.started": TaskState.IN_PROGRESS,
    "criterion.reopened": TaskState.PENDING,
}
_GOAL_EVENTS = {f"goal.{state}": state for state in GoalState} | {
    "goal.taken_up": GoalState.IN_PROGRESS,
    "goal.reworked": GoalState.IN_PROGRESS,
}
_NEW_PLAN = frozenset({"plan.created", "plan.adapted", "task.added"})


@dataclass(frozen=True, slots=True)
class Happened:
    """An outside effect as the outside saw it: which attempt did it, and whether it may be repeated at will."""

    task_ref: str
    attempt: int
    repeatable: bool = False


@dataclass(slots=True, kw_only=True)
class Seen:
    """What the outside was told and what it saw. `replies`: sentences by command id, as they were acknowledged.
    `confirmed`: ids of updates that the bot has confirmed. `messages`: the bot's messages by (chat, id), None where no
    chat was looked at. `doubts`: how often an answer was lost in a chat that can't be searched; each may cost one
    message that is said twice (with a mark) or given up. `living`: the executors that run now."""

    replies: dict[str, str] = field(default_factory=dict)
    pressed: set[str] = field(default_factory=set)  # command ids of presses that were answered with a toast
    confirmed: set[int] = field(default_factory=set)
    effects: list[Happened] = field(default_factory=list)
    effects_seen: bool = False  # whether `effects` is all there was
    messages: Mapping[tuple[int, int], str] | None = None
    doubts: int = 0
    living: Collection[str] = ()
    failing_updates: int = 0  # updates that the test made fail on purpose


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a goal's progress."""

    goal_number: int
    progress: float
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Every row that the promises are about, from one moment."""

    goals: Sequence[Goal]
    tasks: Sequence[Task]
    attempts: Sequence[Attempt]
    decisions: Sequence[Decision]
    blockages: Sequence[Blockage]
    effects: Sequence[Effect]
    turns: Sequence[Turn]
    milestones: Sequence[Milestone]
    progress: Sequence[Line]
    events: Sequence[Event]
    notices: Sequence[Notice]
    commands: Mapping[str, Mapping[str, object]]
    updates: Mapping[int, str]  # state by update id

    def tasks_of(self, goal: Goal) -> list[Task]:
        return [t for t in self.tasks if t.goal_number == goal.number and t.plan_version == goal.plan_version]

    @property
    def keys(self) -> dict[str, Notice]:
        return {notice.key: notice for notice in self.notices}


async def read_history(database: Database) -> History:
    async with database._connections.read() as connection:
        progress = await _all(
            connection, tables.progress, lambda row: Line(row.goal_number, row.progress, row.at), "id"
        )
        commands = await _all(connection, tables.commands, lambda row: (row.id, loads(row.reply)))
        updates = await _all(connection, tables.inbox, lambda row: (row.update_id, row.state))
        return History(
            goals=await _all(connection, tables.goals, rows.goal_from, "number"),
            tasks=await _all(connection, tables.tasks, rows.task_from, "position"),
            attempts=await _all(connection, tables.attempts, rows.attempt_from),
            decisions=await _all(connection, tables.decisions, rows.decision_from),
            blockages=await _all(connection, tables.blockages, rows.blockage_from),
            effects=await _all(connection, tables.effects, rows.effect_from),
            turns=await _all(connection, tables.turns, rows.turn_from, "number"),
            milestones=await _all(connection, tables.milestones, rows.milestone_from),
            progress=progress,
            events=await _all(connection, tables.execution_log, rows.event_from, "id"),
            notices=await _all(connection, tables.notices, rows.notice_from),
            commands=dict(commands),
            updates=dict(updates),
        )


async def _all(connection: AsyncConnection, table: Table, make: Callable[[Any], Any], order: str = "") -> list[Any]:
    statement = select(table)
    found = await connection.execute(statement.order_by(table.c[order]) if order else statement)
    return [make(row) for row in found]


async def violations(database: Database, seen: Seen, *, finished: bool) -> list[str]:
    """Every broken promise, as sentences. `finished`: everything is said to be over, so nothing may be left to do."""
    history = await read_history(database)
    promises = (*PROMISES, *AT_THE_END) if finished else PROMISES
    return [sentence for promise in promises for sentence in promise(history, seen)]


# ------------------------------------------------------------------------------------------------------ the promises


def acknowledged_is_durable(history: History, seen: Seen) -> Iterator[str]:
    goals = {goal.number for goal in history.goals}
    for command_id, sentence in seen.replies.items():
        stored_reply = history.commands.get(command_id)
        if stored_reply is None:
            yield f"command {command_id} was acknowledged ({sentence}) and is lost"
        elif stored_reply["sentence"] != sentence:
            yield f"command {command_id} said {sentence!r} and is stored as {stored_reply['sentence']!r}"
        elif (number := stored_reply.get("goal_number")) is not None and number not in goals:
            yield f"command {command_id} made goal {number}, which is lost"
    for command_id in sorted(seen.pressed - history.commands.keys()):
        yield f"press {command_id} was answered with success and is lost"
    for update_id in sorted(seen.confirmed - history.updates.keys()):
        yield f"update {update_id} was confirmed and is lost"


def one_result_per_task(history: History, seen: Seen) -> Iterator[str]:
    successes = Counter(a.task_ref for a in history.attempts if a.state is AttemptState.SUCCEEDED)
    numbers: dict[str, list[int]] = {}
    for attempt in history.attempts:
        numbers.setdefault(attempt.task_ref, []).append(attempt.number)
    for task in history.tasks:
        count = successes[task.ref]
        proven_elsewhere = task.kind is TaskKind.CRITERION and "covered_by" in task.spec.parameters
        looked_at_again = task.kind is not TaskKind.WORK and count > 1  # something had changed in between
        if task.state is TaskState.COMPLETED and count != 1 and not proven_elsewhere and not looked_at_again:
            yield f"task {task.ref} is completed with {count} successful attempts"
        if task.kind is TaskKind.WORK and task.state not in (TaskState.COMPLETED, TaskState.SKIPPED) and count:
            yield f"task {task.ref} is {task.state} with {count} successful attempts"
        if sorted(numbers.get(task.ref, [])) != list(range(1, task.attempts + 1)):
            yield f"task {task.ref} counts {task.attempts} attempts and has {sorted(numbers.get(task.ref, []))}"


def _logged_states(history: History) -> Mapping[str, list[TaskState]]:
    """By task ref, in the order of the log."""
    states: dict[str, list[TaskState]] = {}
    for event in history.events:
        if event.name in _TASK_EVENTS and event.task_ref is not None:
            states.setdefault(event.task_ref, []).append(_TASK_EVENTS[event.name])
        elif event.name == "goal.taken_up":  # names what begins again in one line
            for ref in event.result["tasks"]:  # type: ignore[attr-defined]
                states.setdefault(ref, []).append(TaskState.PENDING)
    return states


def states_follow_from_the_log(history: History, seen: Seen) -> Iterator[str]:
    task_states = _logged_states(history)
    goal_states: dict[int, list[GoalState]] = {}
    for event in history.events:
        if event.name in _GOAL_EVENTS:
            goal_states.setdefault(event.goal_number, []).append(_GOAL_EVENTS[event.name])
    for task in history.tasks:
        logged = task_states.get(task.ref, [TaskState.PENDING])
        if logged[-1] is not task.state:
            yield f"task {task.ref} is {task.state}, and its log ends with {logged[-1]}"
        ends = logged.count(TaskState.COMPLETED)
        if ends != (task.state is TaskState.COMPLETED) and (task.kind is TaskKind.WORK or not ends):
            yield f"task {task.ref} is {task.state} with {logged.count(TaskState.COMPLETED)} times task.completed"
    for goal in history.goals:
        states = goal_states.get(goal.number, [GoalState.PENDING])
        if states[-1] is not goal.state:
            yield f"goal {goal.number} is {goal.state}, and its log ends with {states[-1]}"
        again = goal.reworks + goal.times_taken_up
        if (ends := sum(state in GOAL_FINAL for state in states)) != goal.final + again:
            yield f"goal {goal.number} is {goal.state} and ended {ends} times"


def open_rows_fit_their_task(history: History, seen: Seen) -> Iterator[str]:
    """A running attempt belongs to a task in progress, an open blockage to a blocked one, and both the other way."""
    running = Counter(a.task_ref for a in history.attempts if a.state is AttemptState.RUNNING)
    blocked = Counter(b.task_ref for b in history.blockages if b.resolved_at is None)
    for task in history.tasks:
        if running[task.ref] > 1 or (task.state is TaskState.IN_PROGRESS and not running[task.ref]):
            yield f"task {task.ref} is {task.state} with {running[task.ref]} running attempts"
        if (task.state is TaskState.BLOCKED) != (blocked[task.ref] == 1):
            yield f"task {task.ref} is {task.state} with {blocked[task.ref]} open blockages"
    open_ones = [decision for decision in history.decisions if decision.state is DecisionState.OPEN]
    asked = {decision.task_ref for decision in open_ones}
    proposed = {(d.goal_number, key) for d in open_ones if d.amendment is not None for key in d.amendment.again}
    asked |= {task.ref for task in history.tasks if (task.goal_number, task.spec.key) in proposed}
    goals = {goal.number: goal for goal in history.goals}
    for task in history.tasks:
        waits = task.state in (TaskState.AWAITING_APPROVAL, TaskState.BLOCKED)
        if waits and task.ref not in asked and goals[task.goal_number].state is not GoalState.PAUSED:
            yield f"task {task.ref} is {task.state}, and nobody is asked about it"


def one_end_per_goal(history: History, seen: Seen) -> Iterator[str]:
    """And one more each time that a goal was taken up again after it had ended."""
    ends = Counter(notice.goal_number for notice in history.notices if notice.kind is NoticeKind.END)
    for goal in history.goals:
        expected = (goal.reworks + goal.times_taken_up + int(goal.final)) * (goal.origin.chat_id is not None)
        if ends[goal.number] != expected:
            yield f"goal {goal.number} is {goal.state} and has {ends[goal.number]} final notices"
        if expected and f"{goal.number}/end" not in history.keys:
            yield f"goal {goal.number} has no notice {goal.number}/end"


def open_decisions_have_a_message(history: History, seen: Seen) -> Iterator[str]:
    goals = {goal.number: goal for goal in history.goals}
    for decision in history.decisions:
        goal = goals[decision.goal_number]
        if decision.state is not DecisionState.OPEN or goal.origin.chat_id is None:
            continue
        on_card = decision.kind is DecisionKind.START
        key = f"{goal.number}/card" if on_card else f"{decision.number}/decision"
        about_result = decision.kind is DecisionKind.RESULT
        notice = history.keys.get(end_key(goal) if about_result else key)
        if notice is None or notice.state is NoticeState.DEAD:
            yield f"decision {decision.number} is open and has no message"
        if goal.final and not about_result:
            yield f"decision {decision.number} is open although goal {goal.number} is {goal.state}"


def effects_are_never_repeated_unasked(history: History, seen: Seen) -> Iterator[str]:
    """Intent before: what happened has a row. At most once: unless a person said, or it was seen, that it did not."""
    rows_by_id = {effect.id.partition("/")[0]: effect for effect in history.effects}  # one of each attempt or turn
    happened = [one for one in seen.effects if not one.repeatable]
    for name, count in Counter(f"{one.task_ref}#{one.attempt}" for one in happened).items():
        if count > 1:
            yield f"effect {name} happened {count} times"
        if name not in rows_by_id:
            yield f"effect {name} happened without a stored intent"
    allowed = Counter(
        e.task_ref for e in history.effects if e.state in (EffectState.DID_NOT_HAPPEN, EffectState.FAILED)
    )
    for ref, count in Counter(one.task_ref for one in happened).items():
        if count > 1 + allowed[ref]:
            yield f"the effect of task {ref} happened {count} times, and {allowed[ref]} of them were said not to have"
    settled = Counter(e.task_ref for e in history.effects if e.state in (EffectState.DONE, EffectState.HAPPENED))
    for ref, count in settled.items():
        if count > 1:
            yield f"the effect of task {ref} counts as done {count} times"
        if ref not in {one.task_ref for one in happened} and seen.effects_seen:
            yield f"the effect of task {ref} counts as done and never happened"


def nothing_runs_under_the_dead(history: History, seen: Seen) -> Iterator[str]:
    for attempt in history.attempts:
        if attempt.state is AttemptState.RUNNING and attempt.executor_id not in seen.living:
            yield f"attempt {attempt.task_ref}#{attempt.number} still runs under {attempt.executor_id}, which is gone"


def nothing_is_said_twice(history: History, seen: Seen) -> Iterator[str]:
    known = Counter((n.chat_id, n.message_id) for n in history.notices if n.message_id is not None)
    for (chat_id, message_id), count in known.items():
        if count > 1:
            yield f"message {message_id} in chat {chat_id} stands for {count} notices"
    if seen.messages is None:
        return
    under_way = [n for n in history.notices if n.state in (NoticeState.SENDING, NoticeState.UNKNOWN)]
    chats = {notice.chat_id for notice in history.notices}
    orphans = {at: text for at, text in seen.messages.items() if at not in known and at[0] in chats}
    if len(orphans) > len(under_way) + seen.doubts:
        yield f"{len(orphans)} messages belong to no notice, so they were said twice: {orphans}"
    for notice in history.notices:
        sent = notice.state is NoticeState.SENT and notice.message_id is not None
        if sent and (notice.chat_id, notice.message_id) not in seen.messages:
            yield f"{notice.key} counts as sent, and message {notice.message_id} is not in the chat"
    marked = [text for text in seen.messages.values() if REPEATED_MARK in text]
    if len(marked) > seen.doubts:
        yield f"{len(marked)} messages are marked as possibly repeated: {marked}"


def milestones_are_announced_once(history: History, seen: Seen) -> Iterator[str]:
    reached = Counter(
        (event.goal_number, event.result.get("percentage"))
        for event in history.events
        if event.name == "milestone.reached"
    )
    goals = {goal.number: goal for goal in history.goals}
    for (number, percentage), count in reached.items():
        if count > 1:
            yield f"goal {number} reached {percentage} % {count} times"
    for milestone in history.milestones:
        name = (milestone.goal_number, milestone.percentage)
        if (milestone.achieved_at is not None) != (reached[name] == 1):
            yield f"milestone {name} and its log do not agree"
        key = f"{milestone.goal_number}/milestone/{milestone.percentage}"
        expected = milestone.announced and milestone.percentage != COMPLETE
        if goals[milestone.goal_number].origin.chat_id is not None and (key in history.keys) != expected:
            yield f"milestone {key}: announced is {milestone.announced}, and its notice is {key in history.keys}"


def progress_never_falls(history: History, seen: Seen) -> Iterator[str]:
    for goal in history.goals:
        plans = [e.at for e in history.events if e.goal_number == goal.number and e.name in _NEW_PLAN]
        lines = [line for line in history.progress if line.goal_number == goal.number]
        for before, after in zip(lines, lines[1:], strict=False):
            replanned = any(before.at < at <= after.at for at in plans)
            if after.progress < before.progress and not replanned:
                yield f"goal {goal.number} fell from {before.progress:.0%} to {after.progress:.0%}"
        if lines and round(lines[-1].progress * 100) != goal.percentage:
            yield f"goal {goal.number} shows {goal.percentage} %, and its history ends with {lines[-1].progress:.0%}"


def turns_are_whole(history: History, seen: Seen) -> Iterator[str]:
    """None is lost, and only the last may still be open."""
    by_task: dict[str, list[Turn]] = {}
    for turn in history.turns:
        by_task.setdefault(turn.task_ref, []).append(turn)
    for ref, turns in by_task.items():
        if [turn.number for turn in turns] != list(range(1, len(turns) + 1)):
            yield f"task {ref} has the turns {[turn.number for turn in turns]}"
        if any(turn.open for turn in turns[:-1]):
            yield f"task {ref} went on before its turn was over"


Promise = Callable[[History, Seen], Iterator[str]]
PROMISES: tuple[Promise, ...] = (
    acknowledged_is_durable,
    one_result_per_task,
    states_follow_from_the_log,
    open_rows_fit_their_task,
    one_end_per_goal,
    open_decisions_have_a_message,
    effects_are_never_repeated_unasked,
    turns_are_whole,
    nothing_runs_under_the_dead,
    nothing_is_said_twice,
    milestones_are_announced_once,
    progress_never_falls,
)


# ------------------------------------------------------------------- what may be under way, but not when all is over


def every_goal_is_over(history: History, seen: Seen) -> Iterator[str]:
    for goal in history.goals:
        if not goal.final:
            asked = [
                one.question for one in history.decisions if one.goal_number == goal.number and one.closed_at is None
            ]
            yield f"goal {goal.number} is {goal.state}; it asks {asked}"
        elif unfinished := [task.ref for task in history.tasks_of(goal) if not task.final]:
            yield f"goal {goal.number} is {goal.state}, and these tasks are not over: {unfinished}"


def every_attempt_is_over(history: History, seen: Seen) -> Iterator[str]:
    """An attempt whose effect nobody knows may stay so, where a person skipped its task."""
    for attempt in history.attempts:
        if attempt.state not in _DONE and attempt.state is not AttemptState.UNKNOWN:
            yield f"attempt {attempt.task_ref}#{attempt.number} is {attempt.state}"
    for effect in history.effects:
        if effect.state is EffectState.INTENDED:
            yield f"effect {effect.id} is still only intended"


def every_turn_is_over(history: History, seen: Seen) -> Iterator[str]:
    finished = {task.ref for task in history.tasks if task.state is TaskState.COMPLETED}
    for turn in history.turns:
        if turn.open and turn.task_ref in finished:
            yield f"turn {turn.number} of {turn.task_ref} is still open"


def everything_is_said(history: History, seen: Seen) -> Iterator[str]:
    for notice in history.notices:
        if notice.state not in (NoticeState.SENT, NoticeState.DEAD):
            yield f"notice {notice.key} is {notice.state}: {notice.error}"
        elif notice.state is NoticeState.SENT and notice.sent_revision != notice.revision:
            yield f"notice {notice.key} shows revision {notice.sent_revision} of {notice.revision}"
    dead = [notice.key for notice in history.notices if notice.state is NoticeState.DEAD]
    if len(dead) > seen.doubts:
        yield f"notices are given up: {dead}"


def everything_heard_is_handled(history: History, seen: Seen) -> Iterator[str]:
    left = Counter(state for state in history.updates.values() if state != "done")
    if left != ({"failed": seen.failing_updates} if seen.failing_updates else {}):
        yield f"updates are not all handled: {dict(left)}"


AT_THE_END: tuple[Promise, ...] = (
    every_goal_is_over,
    every_attempt_is_over,
    every_turn_is_over,
    everything_is_said,
    everything_heard_is_handled,
)
