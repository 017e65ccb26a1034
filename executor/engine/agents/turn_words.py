"""Turns in words: one line for people, facts and evidence for a model."""

from collections.abc import Mapping, Sequence
from typing import Any

from executor.domain.turn import Turn, calls
from executor.engine.wording import said
from executor.ports import Assignment

LINE_CHARACTERS = 80  # of a turn on a card
EARLIER_CHARACTERS = 6_000  # of the output of one task that this one depends on
EVIDENCE_TURNS = 6
EVIDENCE_CHARACTERS = 600  # of one turn's output

_VERBS = {"shell": "runs ", "http": "asks ", "python": "runs a program: "}


def does(action: str, described: str) -> str:
    """``runs `pytest -q```: what a call does, in one line."""
    line = " ".join(described.split())
    line = f"{_VERBS.get(action, '')}{line}"
    return line if len(line) <= LINE_CHARACTERS else f"{line[: LINE_CHARACTERS - 1]}…"


def facts_of(assignment: Assignment, instructions: str) -> Mapping[str, object]:
    """What is the same for every turn of an attempt: the task, its goal, and what earlier tasks it builds on left."""
    spec = assignment.task.spec
    return {
        "goal": assignment.goal.title,
        "task": spec.title,
        "instructions": instructions,
        "expected_outcome": spec.expected_outcome,
        "checked_by": said(spec.check),
        "earlier_outputs": {key: text[-EARLIER_CHARACTERS:] for key, text in assignment.outputs.items()},
    }


def output_of(finish: Mapping[str, Any]) -> str:
    """What later tasks get to see: the summary, and what was found out."""
    insights = [f"- {one}" for one in finish["insights"]]
    return "\n".join([str(finish["summary"]), *(["", "Insights:", *insights] if insights else [])])


def evidence_of(turns: Sequence[Turn]) -> str:
    """The last calls with what really came of them."""
    lines = []
    for turn in calls(turns)[-EVIDENCE_TURNS:]:
        record = turn.result or {}
        ended = "succeeded" if turn.succeeded else f"failed: {record.get('error')}"
        output = str(record.get("output") or "").strip()[-EVIDENCE_CHARACTERS:]
        lines.append(f"{turn.does} → {ended}" + (f"\n{output}" if output else ""))
    return "\n\n".join(lines)
