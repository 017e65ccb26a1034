"""The brain with a model: what a goal's text does not settle is planned by it, and checked before anyone sees it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from executor.domain.errors import WrongInput
from executor.domain.goal import Goal
from executor.domain.plan import MODEL, Alternative, Check, Criterion, GoalDraft, Plan, TaskSpec
from executor.domain.strategy import OnlyPerson, strategy_of, tasks_of, words_for
from executor.planner.models.asking import Asker
from executor.planner.models.cast import own_roles
from executor.planner.models.extracting import extract
from executor.planner.models.prompts import fenced
from executor.planner.models.shapes import AlternativeShape, PlanReply, read_as
from executor.planner.offline import OfflineBrain
from executor.planner.shapes import criterion_of, task_of
from executor.planner.validate import faults
from executor.ports import About, Clock, Purpose

PLAN_TOKENS = 16_384  # of one reply, thinking included
FAULTS_MAX = 12  # told to the model at once


class ModelBrain:
    """Numbered steps and workflows that a person names stay what they are; everything else is planned by the model."""

    immediate = False

    def __init__(self, name: str, asker: Asker, offline: OfflineBrain, clock: Clock, *, tasks_max: int) -> None:
        self.name = name
        self._asker = asker
        self._offline = offline
        self._clock = clock
        self._tasks_max = tasks_max

    async def plan(self, draft: GoalDraft, goal: Goal) -> Plan:
        """Raises BrainFailed."""
        if draft.tasks or draft.workflow is not None:
            return await self._offline.plan(draft, goal)
        if draft.single:
            return await self._single(draft, goal)
        more = {"workflows": self._offline.known(), **own_roles(self._asker.talk.cast)}
        request = fenced("GOAL", {**_facts(draft, self._clock), **more})
        about = About(goal_number=goal.number)

        def read(raw: Any) -> Plan:
            reply, notes = read_as(PlanReply, raw)
            return self._checked(reply, notes, draft, goal)

        plan: Plan = await self._asker.ask(Purpose.PLAN, PlanReply, request, about, read, tokens=PLAN_TOKENS)
        return plan

    async def _single(self, draft: GoalDraft, goal: Goal) -> Plan:
        """One task: done as it stands, in parts, or left to a person with the reason."""
        text = f"{draft.title}\n{draft.description}".strip()
        known = self._asker.actions.names() if self._asker.actions else []
        asker = replace(self._asker, actions=None)
        found = await extract(
            asker, text, {"today": f"{self._clock.now():%Y-%m-%d %A}"}, About(goal_number=goal.number)
        )
        strategy = strategy_of(text, found, known)
        return Plan(
            goal_number=goal.number,
            summary=words_for(strategy),
            criteria=draft.criteria,
            tasks=tasks_of(draft.title, strategy),
            made_by=f"{MODEL}{self.name}",
            reading=draft.reading,
            only_person=strategy.reason if isinstance(strategy, OnlyPerson) else "",
        )

    def _checked(self, reply: PlanReply, notes: Sequence[str], draft: GoalDraft, goal: Goal) -> Plan:
        """Raises WrongInput with everything that is wrong with the chosen way; another way that can't be carried out
        is left out."""
        chosen = chosen_of(reply)
        plan = Plan(
            goal_number=goal.number,
            summary=reply.summary or chosen.name,
            criteria=_criteria(draft.criteria, reply),
            tasks=tuple(task_of(task) for task in chosen.tasks),
            made_by=f"{MODEL}{self.name}",
            reading=(*draft.reading, *_told(self.name, notes)),
            chosen=chosen.name,
        )
        plan = self._offline.unfolded(plan)
        if found := faults(plan, self._asker.actions, tasks_max=self._tasks_max):
            raise WrongInput(" ".join(found[:FAULTS_MAX]))
        return _with_alternatives(plan, reply, chosen, self._sound)

    def _sound(self, plan: Plan, wanted: AlternativeShape) -> tuple[TaskSpec, ...] | None:
        """The tasks of another way; None: it can't be carried out."""
        try:
            other = self._offline.unfolded(replace(plan, tasks=tuple(task_of(task) for task in wanted.tasks)))
        except WrongInput:
            return None
        return None if faults(other, self._asker.actions, tasks_max=self._tasks_max) else other.tasks


def _facts(draft: GoalDraft, clock: Clock) -> Mapping[str, Any]:
    return {
        "title": draft.title,
        "description": draft.description,
        "criteria": [{"text": one.text, "check": _check(one.check)} for one in draft.criteria],
        "deadline": draft.deadline_at.isoformat() if draft.deadline_at else None,
        "budget_usd": str(draft.budget_usd) if draft.budget_usd is not None else None,
        "metadata": dict(draft.metadata),
        "today": f"{clock.now():%Y-%m-%d %A}",
    }


def _check(check: Check | None) -> Mapping[str, Any] | None:
    if check is None:
        return None
    fields = {name: getattr(check, name) for name in ("command", "path", "contains", "url", "question")}
    return {"kind": str(check.kind)} | {name: value for name, value in fields.items() if value}


def chosen_of(reply: PlanReply) -> AlternativeShape:
    names = [one.name for one in reply.alternatives]
    for one in reply.alternatives:
        if one.name == reply.chosen:
            return one
    raise WrongInput(f"chosen is “{reply.chosen}”, but the alternatives are {', '.join(names)}.")


def _criteria(given: Sequence[Criterion], reply: PlanReply) -> tuple[Criterion, ...]:
    """The person's own stay as they are; the model may only add, or say how one without a check is checked."""
    planned = {one.text.casefold(): criterion_of(one) for one in reply.criteria}
    kept = []
    for mine in given:
        theirs = planned.pop(mine.text.casefold(), None)
        kept.append(theirs if theirs is not None and mine.check is None and mine.covered_by is None else mine)
    return (*kept, *planned.values())


def _told(name: str, notes: Sequence[str]) -> tuple[str, ...]:
    return (f"Planned by {name}", *(f"The model's {note}" for note in notes[:5]))


def _with_alternatives(
    plan: Plan,
    reply: PlanReply,
    chosen: AlternativeShape,
    sound: Callable[[Plan, AlternativeShape], tuple[TaskSpec, ...] | None],
) -> Plan:
    ways = []
    for one in reply.alternatives:
        tasks = () if one is chosen else sound(plan, one)
        if tasks is not None:
            ways.append(
                Alternative(
                    name=one.name,
                    rationale=one.rationale,
                    probability=one.probability,
                    estimated_minutes=one.estimated_minutes,
                    estimated_usd=one.estimated_usd,
                    tasks=tasks,
                )
            )
    return replace(plan, alternatives=tuple(ways))
