"""The turns of a task that a model works on call by call, in its log. Pure functions."""

from collections.abc import Sequence

from bot.telegram.html import clip, with_code
from executor.domain.attempt import Attempt
from executor.domain.turn import Turn, TurnKind

DOES_CHARACTERS = 90
CAME_CHARACTERS = 120
THOUGHT_CHARACTERS = 200


def turns_of(attempt: Attempt, turns: Sequence[Turn]) -> list[Turn]:
    return [turn for turn in turns if turn.task_ref == attempt.task_ref and turn.attempt == attempt.number]


def shown(turns: Sequence[Turn]) -> list[str]:
    """A line for each turn, with what came of it where it failed, as HTML."""
    return [
        with_code(f"{_sign(turn)} {turn.number}. {clip(turn.does, DOES_CHARACTERS)}{_came(turn)}") for turn in turns
    ]


def written(turns: Sequence[Turn]) -> list[str]:
    """The same for a document, with what was thought."""
    lines = []
    for turn in turns:
        thought = " ".join(turn.thought.split())
        lines.append(f"{_sign(turn)} {turn.number}. {turn.does}{_came(turn)}")
        lines += [f"   ({clip(thought, THOUGHT_CHARACTERS)})"] if thought else []
    return lines


def _sign(turn: Turn) -> str:
    if turn.kind is TurnKind.NOTE:
        return "💬"
    if turn.open:
        return "▶️"
    return "✅" if turn.succeeded else "❌"


def _came(turn: Turn) -> str:
    record = turn.result or {}
    if turn.kind is TurnKind.NOTE:
        said = str(turn.parameters.get("text") or "")
    elif turn.kind is TurnKind.FINISH and not turn.open:
        said = str(record.get("result") or record.get("error") or "")
    else:
        said = "" if turn.open or turn.succeeded else str(record.get("error") or "")
    line = " ".join(said.split())
    return f" → {clip(line, CAME_CHARACTERS)}" if line else ""
