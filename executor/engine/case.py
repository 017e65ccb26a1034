"""A case: everything unfinished about one goal while one transaction decides about it.

Decisions are plain functions that take a case, look at it and call its methods; nothing here does I/O. The case
collects what changed, with the events and the notices that belong to it, and hands all of it over as one `Changes`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from executor.domain.allowance import Allowance
from executor.domain.amendment import Amendment
from executor.domain.attempt import ATTEMPT_MOVES, Attempt, AttemptState
from executor.domain.blockage import Blockage
from executor.domain.decision import OPTIONS, Decision, DecisionKind, DecisionState, Option
from executor.domain.effect import EFFECT_MOVES, Effect, EffectState
from executor.domain.event import Event
from executor.domain.family import awaited
from executor.domain.gathered import messages_of
from executor.domain.goal import Goal, GoalState
from executor.domain.lesson import Lesson, LessonUse
from executor.domain.limits import Limits
from executor.domain.milestone import Milestone
from executor.domain.moves import check_move
from executor.domain.notice import Notice, NoticeKind
from executor.domain.plan import GoalDraft, Plan
from executor.domain.secret import Provided
from executor.domain.task import Task, TaskKind, TaskState
from executor.domain.turn import Turn, TurnEnd
from executor.domain.values import replace
from executor.engine.circuits import Circuits
from executor.engine.replies import Caller
from executor.ports import CaseRows, Changes, ProgressRow

_TASK_EVENTS = {
    TaskState.QUEUED: "task.queued",
    TaskState.IN_PROGRESS: "task.started",
    TaskState.RETRYING: "task.retrying",
    TaskState.AWAITING_APPROVAL: "task.awaiting_approval",
    TaskState.BLOCKED: "task.blocked",
    TaskState.PAUSED: "task.paused",
    TaskState.COMPLETED: "task.completed",
    TaskState.FAILED: "task.failed",
    TaskState.SKIPPED: "task.skipped",
    TaskState.CANCELLED: "task.cancelled",
}


class Numbers:
    """Decision numbers inside one transaction: the first free one was read from the database."""

    def __init__(self, first_free: int) -> None:
        self._next = first_free

    def take(self) -> int:
        number = self._next
        self._next += 1
        return number


@dataclass(slots=True)
class Case:
    """See the module. `by` is who caused the change: it signs the events; None is the engine itself."""

    rows: CaseRows
    now: datetime
    limits: Limits
    numbers: Numbers
    by: Caller | None = None
    circuits: Circuits = field(default_factory=Circuits)
    lessons: Sequence[Lesson] = ()  # read only where something failed
    kin: Sequence[str] = ()  # how tasks of its family's other goals ended; read only where something failed
    goal: Goal = field(init=False)
    tasks: dict[str, Task] = field(init=False)
    attempts: dict[str, Attempt] = field(init=False)  # open ones by task ref
    decisions: dict[int, Decision] = field(init=False)
    blockages: dict[str, Blockage] = field(init=False)  # open ones by task ref
    effects: dict[str, Effect] = field(init=False)  # unsettled ones by task ref
    stop_tasks: set[str] = field(default_factory=set)  # running attempts to be ended after the commit
    wanted: list[tuple[str, GoalDraft]] = field(default_factory=list)  # goals that its tasks are, by task ref
    provided: list[Provided] = field(default_factory=list)  # values that a person has just given
    _new: Changes = field(default_factory=Changes)
    _touched: bool = False
    _refs: dict[str, str] | None = None  # of work, by its key in the plan; once somebody asks

    def __post_init__(self) -> None:
        self.goal = self.rows.goal
        self.tasks = {task.ref: task for task in self.rows.tasks}
        self.attempts = {attempt.task_ref: attempt for attempt in self.rows.attempts}
        self.decisions = {decision.number: decision for decision in self.rows.decisions}
        self.blockages = {blockage.task_ref: blockage for blockage in self.rows.blockages}
        self.effects = {effect.task_ref: effect for effect in self.rows.effects}

    # ------------------------------------------------------------------------------------------------- looking

    def by_key(self, key: str) -> Task | None:
        if self._refs is None:
            self._refs = _refs_by_key(self.rows.tasks)
        ref = self._refs.get(key)
        return None if ref is None else self.tasks[ref]

    @property
    def work(self) -> list[Task]:
        return [task for task in self.tasks.values() if task.kind is TaskKind.WORK]

    @property
    def criteria(self) -> list[Task]:
        return [task for task in self.tasks.values() if task.kind is TaskKind.CRITERION]

    @property
    def gates(self) -> list[Task]:
        """In the order in which they are passed."""
        return sorted((t for t in self.tasks.values() if t.kind is TaskKind.GATE), key=lambda task: task.position)

    def still_runs(self, ref: str) -> bool:
        """An attempt at it has not reported its end yet, whatever a person decided about the task meanwhile."""
        attempt = self.attempts.get(ref)
        return attempt is not None and attempt.state is AttemptState.RUNNING

    def in_doubt(self, ref: str) -> bool:
        """Nobody knows yet whether the task's effect happened."""
        effect = self.effects.get(ref)
        return effect is not None and effect.state is EffectState.UNKNOWN

    def open_decisions(self, task_ref: str | None = None) -> list[Decision]:
        return [
            decision
            for decision in self.decisions.values()
            if decision.state is DecisionState.OPEN and (task_ref is None or decision.task_ref == task_ref)
        ]

    # ------------------------------------------------------------------------------------------------ changing

    def event(self, name: str, task_ref: str | None = None, **result: object) -> None:
        """Log it, signed by whoever caused this change."""
        self._touched = True
        self._new.events.append(
            Event(
                name=name,
                goal_number=self.goal.number,
                task_ref=task_ref,
                executor_id=str(self.by.person_id) if self.by else "engine",
                executor_type="user" if self.by else "engine",
                at=self.now,
                result=result | {"by": self.by.name} if self.by else result,
            )
        )

    def set_goal(self, goal: Goal) -> None:
        self._touched = True
        self.goal = goal

    def move_goal(self, state: GoalState, *, reason: str = "") -> None:
        """Move and log. The same state with another reason only changes the reason."""
        if state is self.goal.state:
            if reason != self.goal.reason:
                self.set_goal(replace(self.goal, reason=reason))
            return
        self.set_goal(self.goal.moved(state, self.now, reason=reason))
        self.event(f"goal.{state}", reason=reason)

    def set_task(self, task: Task) -> None:
        self._touched = True
        self.tasks[task.ref] = task

    def move_task(self, ref: str, state: TaskState, *, summary: str | None = None, why: str = "") -> Task:
        """Move and log. `summary` replaces the line on the card; `why` goes to the log."""
        old = self.tasks[ref]
        task = old.moved(state, self.now, summary=summary)
        self.set_task(task)
        if old.state is not state:
            self.event(_TASK_EVENTS.get(state, f"task.{state}"), ref, summary=task.summary, why=why)
        return task

    def open_attempt(self, attempt: Attempt) -> None:
        self._touched = True
        self.attempts[attempt.task_ref] = attempt
        self._new.new_attempts.append(attempt)

    def set_attempt(self, attempt: Attempt) -> None:
        """Raises WrongMove for an attempt that is already over."""
        check_move(ATTEMPT_MOVES, self.attempts[attempt.task_ref].state, attempt.state, f"Attempt {attempt.task_ref}")
        self._touched = True
        self.attempts[attempt.task_ref] = attempt

    def end_attempt(self, ref: str, state: AttemptState) -> None:
        """End the task's open attempt, if it has one."""
        if (attempt := self.attempts.get(ref)) is not None and state in ATTEMPT_MOVES[attempt.state]:
            self.set_attempt(replace(attempt, state=state, finished_at=self.now))

    def intend(self, effect: Effect) -> None:
        self._touched = True
        self.effects[effect.task_ref] = effect
        self._new.new_effects.append(effect)

    def settle_effect(self, ref: str, state: EffectState, receipt: str = "") -> None:
        """Settle the task's open effect, if it has one."""
        if (effect := self.effects.get(ref)) is None or effect.state is state:
            return
        check_move(EFFECT_MOVES, effect.state, state, f"Effect {effect.id}")
        self._touched = True
        settled_at = None if state is EffectState.UNKNOWN else self.now
        self.effects[ref] = replace(effect, state=state, receipt=receipt, settled_at=settled_at)
        self.event(f"effect.{state}", ref, what=effect.what, receipt=receipt)

    def add_turn(self, turn: Turn) -> None:
        self._new.new_turns.append(turn)

    def end_turn(self, ref: str, result: Mapping[str, object]) -> None:
        """Of the task's open turn."""
        self._touched = True
        self._new.ended_turns.append(TurnEnd(task_ref=ref, result=result, at=self.now))

    def block(self, blockage: Blockage) -> None:
        self._touched = True
        self.blockages[blockage.task_ref] = blockage
        self._new.new_blockages.append(blockage)

    def unblock(self, ref: str, resolution: str) -> None:
        """Resolve the task's open blockage, if it has one."""
        if (blockage := self.blockages.get(ref)) is not None and blockage.resolved_at is None:
            self._touched = True
            self.blockages[ref] = replace(blockage, resolved_at=self.now, resolution=resolution)
            self.event("blockage.resolved", ref, resolution=resolution)

    # ----------------------------------------------------------------------------------------------- decisions

    def ask(
        self,
        kind: DecisionKind,
        *,
        task_ref: str | None,
        question: str,
        facts: Mapping[str, object],
        options: tuple[Option, ...] | None = None,
        free_text: bool = False,
        amendment: Amendment | None = None,
    ) -> Decision:
        """Open a decision. The start decision shows on the card; every other one is a message of its own."""
        decision = Decision(
            number=self.numbers.take(),
            goal_number=self.goal.number,
            task_ref=task_ref,
            kind=kind,
            question=question,
            facts=facts,
            options=OPTIONS[kind] if options is None else options,
            free_text=free_text,
            opened_at=self.now,
            amendment=amendment,
        )
        self._touched = True
        self.decisions[decision.number] = decision
        self._new.new_decisions.append(decision)
        self.event("decision.opened", task_ref, decision=decision.number, kind=str(kind), question=question)
        self._show(decision)
        return decision

    def decide(self, number: int, caller: Caller, *, option: str | None, text: str | None) -> None:
        """Close an open decision with an answer."""
        decision = replace(
            self.decisions[number],
            state=DecisionState.ANSWERED,
            option=option,
            text=text,
            answered_by=caller.person_id,
            answered_by_name=caller.name,
            answered_via=caller.via,
            closed_at=self.now,
        )
        self.decisions[number] = decision
        self.event("decision.answered", decision.task_ref, decision=number, option=option, text=text)
        self._show(decision)

    def withdraw(self, task_ref: str | None, note: str) -> None:
        """Close what is open about a task (None: about the whole goal): nobody's answer is needed any more."""
        for decision in self.open_decisions(task_ref):
            self.close(decision, note)

    def close(self, decision: Decision, note: str) -> None:
        """Withdraw one open decision. One that was only opened in this very transaction is never shown."""
        closed = replace(decision, state=DecisionState.WITHDRAWN, note=note, closed_at=self.now)
        self.decisions[decision.number] = closed
        self.event("decision.withdrawn", decision.task_ref, decision=decision.number, note=note)
        if not self.unsay(decision):
            self._show(closed)

    def unsay(self, decision: Decision) -> bool:
        """Take back its own message. False: it was opened before this transaction, and may stand in the chat."""
        if all(decision.number != new.number for new in self._new.new_decisions):
            return False
        self._new.notices[:] = [n for n in self._new.notices if n.decision_number != decision.number]
        return True

    def _show(self, decision: Decision) -> None:
        """The start decision stands on the card, that about the result on the final message."""
        if decision.kind is DecisionKind.RESULT:
            self.tell(NoticeKind.END, end_key(self.goal), decision.facts, decision_number=decision.number)
        elif decision.kind is not DecisionKind.START:
            for key, facts, number in messages_of(decision, self.goal.title):
                self.tell(NoticeKind.DECISION, key, facts, decision_number=number)

    # -------------------------------------------------------------------------------------- notices and history

    def tell(
        self, kind: NoticeKind, key: str, facts: Mapping[str, object], *, decision_number: int | None = None
    ) -> None:
        """Put a notice in the outbox of this transaction. A goal without a chat tells nobody."""
        origin = self.goal.origin
        if origin.chat_id is None:
            return
        self._touched = True
        self._new.notices.append(
            Notice(
                key=key,
                kind=kind,
                chat_id=origin.chat_id,
                thread_id=origin.thread_id,
                goal_number=self.goal.number,
                decision_number=decision_number,
                facts=facts,
                due_at=self.now,
                created_at=self.now,
            )
        )

    def reach(self, milestone: Milestone, *, event: str = "milestone.reached") -> None:
        self._new.milestones.append(milestone)
        self.event(event, None, percentage=milestone.percentage, announced=milestone.announced)

    def track(self, percentage: int, notes: str = "") -> None:
        """Record a new percentage with its line of history."""
        self.set_goal(replace(self.goal, percentage=percentage))
        self._new.progress.append(
            ProgressRow(
                goal_number=self.goal.number,
                progress=percentage / 100,
                status=str(self.goal.state),
                notes=notes,
                at=self.now,
            )
        )

    def learn(self, use: LessonUse) -> None:
        self._new.lessons.append(use)
        name = "lesson.helped" if use.helped else "lesson.did_not_help"
        self.event(name, use.task_ref, remedy=use.remedy.text, cause=use.remedy.cause)

    def note_progress(self, notes: str) -> None:
        """A line of history without a change of the percentage."""
        self.track(self.goal.percentage, notes)

    def add_plan(self, plan: Plan, tasks: list[Task], removed: list[str]) -> None:
        """A new plan version with its new tasks; `removed` are refs of a proposal that never started."""
        self._touched = True
        self._new.plans.append(plan)
        self._new.removed_tasks.extend(removed)
        for ref in removed:
            self.tasks.pop(ref, None)
        fresh = [task for task in tasks if task.ref not in self.tasks]
        self._new.new_tasks.extend(fresh)
        self.tasks.update({task.ref: task for task in fresh})
        self._refs = _refs_by_key(self.tasks.values())

    def allow(self, allowance: Allowance) -> None:
        self._touched = True
        self._new.allowances.append(allowance)
        self.event("budget.allowed", None, kind=str(allowance.kind), amount=str(allowance.amount))

    def add_draft(self, draft: GoalDraft) -> None:
        self._touched = True
        self._new.drafts[self.goal.number] = draft

    def add_milestones(self, milestones: tuple[Milestone, ...]) -> None:
        self._new.new_milestones.extend(milestones)

    # ------------------------------------------------------------------------------------------------- the end

    @property
    def notices(self) -> list[Notice]:
        """What this change says, so far."""
        return self._new.notices

    @property
    def concerns_others(self) -> bool:
        """It is part of another goal, or one of its tasks waited for a goal, or does now."""
        tasks = chain(self.rows.tasks, self.tasks.values())
        return self.goal.parent_task is not None or any(task.waits_on and awaited(task.waits_on) for task in tasks)

    @property
    def changes_anything(self) -> bool:
        return self._touched

    def changes(self) -> Changes:
        """Everything that this case changed, the goal's revision and its card included."""
        new = self._new
        if not self._touched:
            return new
        if self.goal.origin.chat_id is not None:
            self.tell(NoticeKind.CARD, f"{self.goal.number}/card", {})
        self.goal = replace(self.goal, updated_at=self.now)
        (new.new_goals if self.rows.goal.revision < 0 else new.goals).append(self.goal)
        if self.goal.final and not self.rows.goal.final:
            new.forgotten.append(self.goal.number)
        added = {task.ref for task in new.new_tasks}
        before = {task.ref: task for task in self.rows.tasks}
        new.new_tasks[:] = [self.tasks[task.ref] for task in new.new_tasks]
        new.tasks.extend(t for ref, t in self.tasks.items() if ref not in added and t is not before.get(ref))
        _split(new.new_attempts, new.attempts, self.attempts, self.rows.attempts, "task_ref")
        _split(new.new_decisions, new.decisions, self.decisions, self.rows.decisions, "number")
        _split(new.new_blockages, new.blockages, self.blockages, self.rows.blockages, "task_ref")
        _split(new.new_effects, new.effects, self.effects, self.rows.effects, "task_ref")
        return new


def _refs_by_key(tasks: Iterable[Task]) -> dict[str, str]:
    """Of work. A cancelled task gives its key up to its successor in a later version of the plan."""
    work = [task for task in tasks if task.kind is TaskKind.WORK]
    dropped = {task.spec.key: task.ref for task in work if task.state is TaskState.CANCELLED}
    return dropped | {task.spec.key: task.ref for task in work if task.state is not TaskState.CANCELLED}


def end_key(goal: Goal) -> str:
    """Of the final message; a goal that is taken up again after its end has one more."""
    again = goal.times_taken_up + goal.reworks
    return f"{goal.number}/end/{again + 1}" if again else f"{goal.number}/end"


def _split(new: list, changed: list, now: Mapping, before: tuple, key: str) -> None:  # type: ignore[type-arg]
    """Bring the new ones up to their last state, and collect the known ones that changed."""
    if not now:
        return
    added = {getattr(value, key) for value in new}
    old = {getattr(value, key): value for value in before}
    new[:] = [now[getattr(value, key)] for value in new]
    changed.extend(value for name, value in now.items() if name not in added and value is not old.get(name))


def merge(parts: list[Changes]) -> Changes:
    """Several cases' changes as one, for one save."""
    whole = Changes()
    for part in parts:
        whole.drafts.update(part.drafts)
    for name in _LISTS:
        if filled := [some for part in parts if (some := getattr(part, name))]:
            getattr(whole, name).extend(chain.from_iterable(filled))
    return whole


_LISTS = tuple(name for name in Changes.__dataclass_fields__ if name != "drafts")


__all__ = ["Case", "Numbers", "end_key", "merge"]
