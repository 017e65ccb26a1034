"""A case: everything unfinished about one goal while one transaction decides about it.

Decisions are plain functions that take a case, look at it and call its methods; nothing here does I/O. The case
collects what changed, with the events and the notices that belong to it, and hands all of it over as one `Changes`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from executor.domain.allowance import Allowance
from executor.domain.amendment import Amendment
from executor.domain.decision import OPTIONS, Decision, DecisionKind, DecisionState, Option
from executor.domain.gathered import messages_of
from executor.domain.goal import Goal
from executor.domain.lesson import LessonUse
from executor.domain.milestone import Milestone
from executor.domain.notice import NoticeKind
from executor.domain.plan import GoalDraft, Plan
from executor.domain.task import Task
from executor.domain.values import replace
from executor.engine.casework.changing import Changing
from executor.engine.casework.seen import refs_by_key
from executor.engine.replies import Caller
from executor.ports import Changes, ProgressRow


@dataclass(slots=True)
class Case(Changing):
    """See the module. What it looks at is `Seen`, how it changes a goal and its tasks is `Changing`; here are its
    decisions, its plan and its history, and the end: all that has changed."""

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

    # ----------------------------------------------------------------------------------------- plan and history

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
        self._refs = refs_by_key(self.tasks.values())

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
