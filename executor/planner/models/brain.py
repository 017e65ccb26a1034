"""The brain with a model: what a goal's text does not settle is planned by it, and checked before anyone sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from executor.domain.errors import WrongInput
from executor.domain.goal import Goal
from executor.domain.plan import MODEL, Alternative, Check, Criterion, GoalDraft, Plan, TaskSpec
from executor.planner.models.messages import Message, Prompt
from executor.planner.models.prompts import ACTIONS, fenced, system_text
from executor.planner.models.shapes import AlternativeShape, PlanReply, read_as, schema_of
from executor.planner.models.talk import Talk
from executor.planner.offline import OfflineBrain
from executor.planner.shapes import Shape, criterion_of, task_of
from executor.planner.validate import faults
from executor.ports import About, Actions, Clock, Purpose

PLAN_TOKENS = 16_384  # of one reply, thinking included
FAULTS_MAX = 12  # told to the model at once


@dataclass(frozen=True, slots=True)
class Asker:
    """Puts a request together for one purpose. `actions`: what may be planned; None where nothing is."""

    talk: Talk
    actions: Actions | None

    async def ask(
        self, purpose: Purpose, shape: type[Shape], data: str, about: About, read: Any, *, tokens: int
    ) -> Any:
        known = {name: line_of(name) for name in (self.actions.names() if self.actions else ())}
        schema = schema_of(shape)
        prompt = Prompt(
            purpose=purpose,
            system=system_text(purpose, known, schema),
            messages=(Message("user", data),),
            schema=schema,
            tokens_out_max=tokens,
        )
        return await self.talk.ask(prompt, about, read)


def line_of(action: str) -> str:
    """How an action is told to a model; one of the owner's own by its name alone."""
    return ACTIONS.get(action, f"{action} {{…}}: an action of this machine's owner")


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
        request = fenced("GOAL", _facts(draft, self._clock))
        about = About(goal_number=goal.number)

        def read(raw: Any) -> Plan:
            reply, notes = read_as(PlanReply, raw)
            return self._checked(reply, notes, draft, goal)

        plan: Plan = await self._asker.ask(Purpose.PLAN, PlanReply, request, about, read, tokens=PLAN_TOKENS)
        return plan

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
        if found := faults(plan, self._asker.actions, tasks_max=self._tasks_max):
            raise WrongInput(" ".join(found[:FAULTS_MAX]))
        return _with_alternatives(plan, reply, chosen, self._asker.actions, self._tasks_max)


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
    plan: Plan, reply: PlanReply, chosen: AlternativeShape, actions: Actions | None, tasks_max: int
) -> Plan:
    ways = []
    for one in reply.alternatives:
        tasks: tuple[TaskSpec, ...] = () if one is chosen else tuple(task_of(task) for task in one.tasks)
        sound = one is chosen or not faults(replace(plan, tasks=tasks), actions, tasks_max=tasks_max)
        if sound:
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
