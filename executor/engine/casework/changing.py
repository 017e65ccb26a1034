"""How a case changes what it holds, and what it says about it; every change of a state comes with its event."""

from collections.abc import Mapping
from dataclasses import dataclass

from executor.domain.attempt import ATTEMPT_MOVES, Attempt, AttemptState
from executor.domain.blockage import Blockage
from executor.domain.effect import EFFECT_MOVES, Effect, EffectState
from executor.domain.event import Event
from executor.domain.goal import Goal, GoalState
from executor.domain.moves import check_move
from executor.domain.notice import Notice, NoticeKind
from executor.domain.task import Task, TaskState
from executor.domain.turn import Turn, TurnEnd
from executor.domain.values import replace
from executor.engine.casework.seen import Seen


@dataclass(slots=True)
class Changing(Seen):
    """The goal, its tasks, and what is under way about them; and what is said about it."""

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
            self.event(_event_of(state), ref, summary=task.summary, why=why)
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


def _event_of(state: TaskState) -> str:
    return "task.started" if state is TaskState.IN_PROGRESS else f"task.{state}"
