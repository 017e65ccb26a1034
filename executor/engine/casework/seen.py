"""What a case looks at: everything unfinished about one goal, as it is after the changes so far."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from executor.domain.attempt import Attempt, AttemptState
from executor.domain.blockage import Blockage
from executor.domain.decision import Decision, DecisionState
from executor.domain.effect import Effect, EffectState
from executor.domain.family import awaited
from executor.domain.goal import Goal
from executor.domain.lesson import Lesson
from executor.domain.limits import Limits
from executor.domain.notice import Notice
from executor.domain.plan import GoalDraft
from executor.domain.secret import Provided
from executor.domain.task import Task, TaskKind, TaskState
from executor.engine.casework.circuits import Circuits
from executor.engine.casework.joint import Numbers
from executor.engine.replies import Caller
from executor.ports import CaseRows, Changes


@dataclass(slots=True)
class Seen:
    """`by` is who causes the changes: it signs the events; None is the engine itself."""

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

    def by_key(self, key: str) -> Task | None:
        if self._refs is None:
            self._refs = refs_by_key(self.rows.tasks)
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


def refs_by_key(tasks: Iterable[Task]) -> dict[str, str]:
    """Of work. A cancelled task gives its key up to its successor in a later version of the plan."""
    work = [task for task in tasks if task.kind is TaskKind.WORK]
    dropped = {task.spec.key: task.ref for task in work if task.state is TaskState.CANCELLED}
    return dropped | {task.spec.key: task.ref for task in work if task.state is not TaskState.CANCELLED}
