"""A model's part in single tasks: texts and judgements, from the facts of one goal and of nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from executor.domain.blockage import BlockageType
from executor.domain.diagnosis import Diagnosis, FixKind
from executor.domain.errors import WrongInput
from executor.domain.plan import TaskSpec
from executor.domain.strategy import Extracted
from executor.domain.subtasks import is_split, with_parts
from executor.domain.turn import Act
from executor.planner.models.acting import ACT_TOKENS, conversation, read_act
from executor.planner.models.asking import Asker, line_of
from executor.planner.models.brain import FAULTS_MAX, PLAN_TOKENS, chosen_of
from executor.planner.models.extracting import extract
from executor.planner.models.messages import Message, Prompt
from executor.planner.models.prompts import fenced, system_text
from executor.planner.models.shapes import ActReply, AdaptReply, DiagnoseReply, JudgeReply, read_as, schema_of
from executor.planner.nesting import check_unfolded
from executor.planner.shapes import task_of
from executor.planner.validate import faults
from executor.ports import About, Acting, Actions, Adapting, Opinion, Purpose, Rethought

DRAFT_TOKENS = 8_192
JUDGE_TOKENS = 4_096
DIAGNOSE_TOKENS = 8_192


@dataclass(frozen=True, slots=True)
class ModelMind:
    """The Mind port."""

    name: str
    asker: Asker

    async def draft(self, instructions: str, facts: Mapping[str, object], about: About) -> str:
        prompt = Prompt(
            purpose=Purpose.DRAFT,
            system=system_text(Purpose.DRAFT, {}, None),
            messages=(Message("user", f"{fenced('INSTRUCTIONS', instructions)}\n{fenced('FACTS', facts)}"),),
            schema=None,
            tokens_out_max=DRAFT_TOKENS,
        )
        return await self.asker.talk.ask(prompt, about, str)

    async def act(self, acting: Acting, about: About, actions: Actions) -> Act:
        schema = schema_of(ActReply)
        known = {name: actions.line(name) or line_of(name) for name in acting.tools}
        offers = {name: offer for name, offer in (await actions.offers()).items() if name in acting.tools}
        prompt = Prompt(
            purpose=Purpose.ACT,
            system=system_text(Purpose.ACT, known, schema),
            messages=conversation(acting, offers),
            schema=schema,
            tokens_out_max=ACT_TOKENS,
        )
        return await self.asker.talk.ask(prompt, about, lambda raw: read_act(raw, acting, actions))

    async def diagnose(self, spec: TaskSpec, facts: Mapping[str, object], about: About, actions: Actions) -> Diagnosis:
        data = fenced("FAILURE", {"task": _task(spec), **facts})
        asker = replace(self.asker, actions=actions)

        def read(raw: Any) -> Diagnosis:
            reply, _ = read_as(DiagnoseReply, raw)
            return _diagnosis(reply, spec, actions, self.asker.talk.asked(Purpose.DIAGNOSE, about))

        found: Diagnosis = await asker.ask(Purpose.DIAGNOSE, DiagnoseReply, data, about, read, tokens=DIAGNOSE_TOKENS)
        return found

    async def adapt(self, question: Adapting, actions: Actions) -> Rethought:
        plan = question.plan
        shown = {
            "criteria": [{"text": one.text, "covered_by": one.covered_by} for one in plan.criteria],
            "tasks": [{**_task(spec), "depends_on": list(spec.depends_on)} for spec in plan.tasks],
        }
        data = fenced("TROUBLE", {**question.facts, "plan": shown})
        about = About(goal_number=question.goal_number)
        asker = replace(self.asker, actions=actions)

        def read(raw: Any) -> Rethought:
            reply, _ = read_as(AdaptReply, raw)
            return _rethought(reply, question, actions, self.asker.talk.asked(Purpose.ADAPT, about))

        found: Rethought = await asker.ask(Purpose.ADAPT, AdaptReply, data, about, read, tokens=PLAN_TOKENS)
        return found

    async def extract(self, text: str, facts: Mapping[str, object], about: About) -> tuple[Extracted, ...]:
        return await extract(self.asker, text, facts, about)

    async def judge(self, question: str, facts: Mapping[str, object], about: About) -> Opinion:
        data = f"{fenced('QUESTION', question)}\n{fenced('EVIDENCE', facts)}"

        def read(raw: Any) -> Opinion:
            reply, _ = read_as(JudgeReply, raw)
            by = self.asker.talk.asked(Purpose.JUDGE, about)
            return Opinion(met=reply.met, deviation=reply.deviation, evidence=reply.evidence, by=by)

        opinion: Opinion = await self.asker.ask(Purpose.JUDGE, JudgeReply, data, about, read, tokens=JUDGE_TOKENS)
        return opinion


def _task(spec: TaskSpec) -> dict[str, object]:
    return {
        "key": spec.key,
        "title": spec.title,
        "action": spec.action,
        "parameters": dict(spec.parameters),
        "expected_outcome": spec.expected_outcome,
    }


def _rethought(reply: AdaptReply, question: Adapting, actions: Actions, by: str) -> Rethought:
    """Raises WrongInput with everything that is wrong with it. The criteria are the person's, and stay."""
    wanted = tuple(task_of(task) for task in chosen_of(reply.plan).tasks)
    tasks = with_parts(question.plan, wanted, question.troubled)
    plan = replace(question.plan, tasks=tasks)
    check_unfolded(tasks)
    if found := faults(plan, actions, tasks_max=question.tasks_max):
        raise WrongInput(" ".join(found[:FAULTS_MAX]))
    return Rethought(tasks=tasks, reason=reply.reason, by=by)


def _diagnosis(reply: DiagnoseReply, spec: TaskSpec, actions: Actions, by: str) -> Diagnosis:
    """Raises WrongInput where the change can't be carried out."""
    fix, kind = reply.fix, FixKind(reply.fix.kind)
    changed: TaskSpec | None = None
    before: TaskSpec | None = None
    if kind is FixKind.CHANGE_PARAMETERS:
        changed = replace(spec, parameters=dict(fix.parameters or {}))
    elif kind in (FixKind.INSERT_TASK, FixKind.REPLACE_TASK) and fix.task is None:
        raise WrongInput(f"fix.task is missing; {kind} needs one.")
    elif kind is FixKind.REPLACE_TASK and fix.task is not None:
        wanted = task_of(fix.task)
        changed = replace(spec, title=wanted.title, action=wanted.action, parameters=wanted.parameters)
    elif kind is FixKind.INSERT_TASK and fix.task is not None:
        own = task_of(fix.task)
        before = replace(own, key=f"fix-{spec.key}-{own.key}"[:64], depends_on=spec.depends_on, weight=0)
        changed = replace(spec, depends_on=(*spec.depends_on, before.key))
    check_unfolded([one for one in (changed, before) if one is not None])
    for one in (changed, before):
        if one is not None and is_split(one) and not is_split(spec):
            raise WrongInput(f"There is no action {one.action}.")
        if one is not None:
            actions.get(one.action).check(one.parameters)
    return Diagnosis(
        type=BlockageType(reply.blockage_type),
        cause=reply.cause,
        confidence=reply.confidence,
        kind=kind,
        by=by,
        spec=changed,
        before=before,
        question=fix.question or "",
    )
