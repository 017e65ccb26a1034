"""Reading tasks out of a text: what is asked for, and who can do it."""

from collections.abc import Mapping
from typing import Any

from executor.domain.strategy import Extracted
from executor.planner.models.asking import Asker
from executor.planner.models.prompts import fenced
from executor.planner.models.shapes import ExtractReply, read_as
from executor.ports import About, Purpose

EXTRACT_TOKENS = 8_192
TASKS_MAX = 20  # of one text


async def extract(asker: Asker, text: str, facts: Mapping[str, object], about: About) -> tuple[Extracted, ...]:
    """Raises BrainFailed."""
    data = f"{fenced('TEXT', text)}\n{fenced('FACTS', facts)}" if facts else fenced("TEXT", text)

    def read(raw: Any) -> tuple[Extracted, ...]:
        reply, _ = read_as(ExtractReply, raw)
        return tuple(
            Extracted(
                title=one.title, execution_type=one.execution_type, confidence=one.confidence, context=one.context
            )
            for one in reply.tasks[:TASKS_MAX]
        )

    found: tuple[Extracted, ...] = await asker.ask(
        Purpose.EXTRACT, ExtractReply, data, about, read, tokens=EXTRACT_TOKENS
    )
    return found
