"""The three strategies of document 004 for a single task: it is done now, done in parts, or blocked with the reason."""

from collections.abc import Collection
from dataclasses import replace
from typing import assert_never

from executor.domain.amendment import Amendment
from executor.domain.blockage import BlockageType
from executor.domain.goal import GOAL_RUNNING
from executor.domain.plan import Plan, TaskSpec
from executor.domain.strategy import Decompose, Immediate, OnlyPerson, Strategy, strategy_of
from executor.domain.task import TaskKind, TaskState
from executor.engine.asking import intervening
from executor.engine.blockages.blocking import block_task
from executor.engine.casework.case import Case
from executor.engine.casework.subtasks import splitting, why_not_split
from executor.engine.commands.desk import goal_of, impossible, no_goal
from executor.engine.commands.splitting import SplitCommands
from executor.engine.flow import advance, close_parked_attempt
from executor.engine.planning.adaptation import current_plan
from executor.engine.planning.planning import propose
from executor.engine.planning.steering import apply
from executor.engine.replies import Accepted, Caller, Refused, Reply
from executor.ports import About, BrainFailed

BY_HAND = frozenset({"manual", "ask"})
_TRIED_AGAIN = frozenset({TaskState.BLOCKED, TaskState.FAILED, TaskState.RETRYING, TaskState.PAUSED})


def begin_single(case: Case, plan: Plan) -> None:
    """The plan of a task that stands alone begins at once: a person asked for exactly this, and what it adds runs
    nothing by itself. Where only a person can do it, it is blocked, and they hear why."""
    propose(case, plan, at_once=True)
    if plan.only_person:
        task = case.work[0]
        case.event("task.strategy", task.ref, strategy="blocked", reason=plan.only_person)
        block_task(case, task, BlockageType.EXTERNAL, cause=plan.only_person)
        advance(case)
        return
    case.event("task.strategy", case.work[0].ref, strategy="decompose" if len(plan.tasks) > 1 else "immediate")


class StrategyCommands(SplitCommands):
    """A single task of a running goal is looked at again, because somebody asks for it by its name."""

    async def execute_task(self, task_ref: str, *, caller: Caller, command_id: str) -> Reply:
        """What Milepost can do by itself it does now. About a person's task a model says whether it can be done after
        all, now or in parts; else it is blocked, with the reason. Asking the model takes its time."""
        view = await self._store.view(goal_of(task_ref))
        task = next((one for one in view.tasks if one.ref == task_ref), None) if view is not None else None
        if view is None:
            return no_goal(goal_of(task_ref))
        if task is None or task.kind is not TaskKind.WORK:
            return Refused(code="no_such_task", sentence=f"There is no task {task_ref}. /status shows them.")
        strategy: Strategy = Immediate(task.spec)
        if task.spec.action in BY_HAND and not task.final:
            if self._tools.mind is None:
                return Refused(code="no_model", sentence=_BY_YOURSELF.format(ref=task_ref))
            facts = {"goal": view.goal.title, "seen": task.summary}
            text = str(task.spec.parameters.get("instructions") or task.spec.title)
            about = About(goal_number=view.goal.number, task_ref=task_ref)
            try:
                found = await self._tools.mind.extract(text, facts, about)
            except BrainFailed as error:
                return Refused(code="no_model", sentence=error.public)
            strategy = strategy_of(text, found, self._tools.actions.names())

        def act(case: Case) -> Reply:
            return carry_out(case, task_ref, task.spec, strategy, caller)

        return await self._on_goal(goal_of(task_ref), act, caller=caller, command_id=command_id)


_BY_YOURSELF = (
    "{ref} is a person's task, and I work without a model. Write its parts below /task {ref}, a numbered line each: "
    "commands in backticks run by themselves."
)


def carry_out(case: Case, ref: str, seen: TaskSpec, strategy: Strategy, caller: Caller) -> Reply:
    """The task as it was `seen` when the strategy was found; where it has changed meanwhile, nothing is done."""
    task, plan = case.tasks.get(ref), current_plan(case)
    if case.goal.state not in GOAL_RUNNING:
        return impossible(case, "worked on")
    if task is None or task.final or task.state is TaskState.IN_PROGRESS or task.spec != seen:
        state = "gone" if task is None else task.state.replace("_", " ")
        return Refused(code="wrong_state", sentence=f"{ref} is {state}; there is nothing to decide about it now.")
    match strategy:
        case Immediate() if strategy.spec == task.spec:
            if task.state not in _TRIED_AGAIN:
                return _accepted(case, ref, _WHEN_ITS_TURN.format(ref=ref), "immediate")
            case.withdraw(ref, note=f"{caller.name} asked for it")
            said = intervening.retry(case, task, caller)
            advance(case)
            return _accepted(case, ref, said, "immediate")
        case Immediate():
            spec = replace(
                task.spec,
                action=strategy.spec.action,
                parameters=strategy.spec.parameters,
                execution_type=strategy.spec.execution_type,
                confidence=strategy.spec.confidence,
            )
            reason = f"{caller.name} asked for it: this can be done now"
            apply(case, Amendment(tasks=(spec,), whole=False, again=(spec.key,), reason=reason))
            advance(case)
            return _accepted(case, ref, f"I can do {ref}: it is begun.", "immediate")
        case Decompose():
            if (why := why_not_split(plan, task, strategy.parts)) is not None:
                return Refused(code="not_splittable", sentence=why)
            before = set(case.tasks)
            reason = f"{ref} is too big for one step"
            apply(case, splitting(plan, task, strategy.parts, reason=reason))
            advance(case)
            parts = [one for one in case.tasks if one not in before]
            return _accepted(case, ref, f"{ref} is too big for one step: {_in_parts(parts)}.", "decompose")
        case OnlyPerson():
            case.withdraw(ref, note=f"{caller.name} asked who can do it")
            close_parked_attempt(case, ref)
            if task.state is not TaskState.BLOCKED:
                block_task(case, task, BlockageType.EXTERNAL, cause=strategy.reason)
            advance(case)
            return _accepted(case, ref, f"{ref} needs a person: {strategy.reason}", "blocked")
        case _:
            assert_never(strategy)


_WHEN_ITS_TURN = "{ref} needs nobody: it runs when its turn comes."


def _in_parts(refs: Collection[str]) -> str:
    return f"it is done in {len(refs)} parts, {', '.join(refs)}"


def _accepted(case: Case, ref: str, sentence: str, strategy: str) -> Accepted:
    case.event("task.strategy", ref, strategy=strategy)
    return Accepted(sentence=sentence, goal_number=case.goal.number, task_ref=ref)
