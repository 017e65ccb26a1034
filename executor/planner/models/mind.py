"""A model's part in single tasks: texts and judgements, from the facts of one goal and of nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from executor.planner.models.brain import Asker
from executor.planner.models.messages import Message, Prompt
from executor.planner.models.prompts import fenced, system_text
from executor.planner.models.shapes import JudgeReply, read_as
from executor.ports import About, Opinion, Purpose

DRAFT_TOKENS = 8_192
JUDGE_TOKENS = 4_096


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

    async def judge(self, question: str, facts: Mapping[str, object], about: About) -> Opinion:
        data = f"{fenced('QUESTION', question)}\n{fenced('EVIDENCE', facts)}"

        def read(raw: Any) -> Opinion:
            reply, _ = read_as(JudgeReply, raw)
            return Opinion(met=reply.met, deviation=reply.deviation, evidence=reply.evidence, by=self.name)

        opinion: Opinion = await self.asker.ask(Purpose.JUDGE, JudgeReply, data, about, read, tokens=JUDGE_TOKENS)
        return opinion
