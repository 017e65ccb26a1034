"""The log of a goal's attempts as a message, and as a document where it is long. Pure functions."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.telegram.commands.turning import shown, turns_of, written
from bot.telegram.html import TEXT_UNITS_MAX, bold, clip, code, escape, plain, pre, units
from bot.telegram.message import Document, Message
from bot.telegram.printed import last_lines
from bot.telegram.scene import Scene
from bot.telegram.words import clock_time, count, duration
from executor.domain.attempt import Attempt, AttemptState
from executor.domain.goal import Goal
from executor.domain.turn import Turn

LINES_SHOWN = 8
LINES_KEPT = 200
_SIGNS = {
    AttemptState.RUNNING: "▶️",
    AttemptState.WAITING: "🕓",
    AttemptState.SUCCEEDED: "✅",
    AttemptState.FAILED: "❌",
    AttemptState.INTERRUPTED: "✂️",
    AttemptState.UNKNOWN: "⚠️",
}


def log_message(goal: Goal, attempts: Sequence[Attempt], scene: Scene, turns: Sequence[Turn] = ()) -> Message:
    """Every attempt with its last lines if that fits; else a line each for the newest ones, and all in a document."""
    head = f"{bold(goal.title)} #{goal.number}"
    if not attempts:
        return Message(html=f"{head}\nNothing has run yet.")
    whole = "\n\n".join([head, *(_shown(attempt, scene, turns_of(attempt, turns)) for attempt in attempts)])
    if units(plain(whole)) <= TEXT_UNITS_MAX:
        return Message(html=whole)
    newest = [_head(attempt, scene) for attempt in attempts[-5:]]
    html = "\n".join([head, f"{count(len(attempts), 'attempt')}; the newest:", *newest])
    texts = [_written(attempt, scene, turns_of(attempt, turns)) for attempt in attempts]
    document = "\n\n".join([f"{goal.title} #{goal.number}", *texts])
    return Message(html=html, document=Document(f"log-{goal.number}.md", document + "\n"))


def _head(attempt: Attempt, scene: Scene) -> str:
    exit_code = "" if attempt.exit_code is None else f" · exit {attempt.exit_code}"
    took = ""
    if attempt.finished_at is not None:
        took = f" · {duration((attempt.finished_at - attempt.started_at).total_seconds())}"
    took += _used(attempt.result)
    at = clock_time(attempt.started_at, scene.now, scene.timezone)
    return f"{_SIGNS[attempt.state]} {attempt.task_ref} · attempt {attempt.number}{exit_code}{took} · {at}"


def _used(result: Mapping[str, Any] | None) -> str:
    """Processor time and memory, where they were measured and are worth a word."""
    metadata = (result or {}).get("metadata") or {}
    cpu_s, memory_mb = metadata.get("cpu_s"), metadata.get("memory_mb_peak")
    said = f" · {cpu_s:.1f} s CPU" if isinstance(cpu_s, int | float) else ""
    return f"{said} · {memory_mb:.0f} MB" if isinstance(memory_mb, int | float) else said


def _shown(attempt: Attempt, scene: Scene, turns: Sequence[Turn]) -> str:
    lines = [escape(_head(attempt, scene)), *shown(turns)]
    if attempt.command and not turns:
        lines.append(code(attempt.command))
    if output := last_lines(attempt.result, LINES_SHOWN):
        lines.append(pre(output))
    if attempt.evidence:
        lines.append(f"Seen: {escape(clip(attempt.evidence, 300))}")
    return "\n".join(lines)


def _written(attempt: Attempt, scene: Scene, turns: Sequence[Turn]) -> str:
    lines = [_head(attempt, scene), *written(turns)]
    lines += [f"$ {attempt.command}"] if attempt.command and not turns else []
    lines += [output] if (output := last_lines(attempt.result, LINES_KEPT)) else []
    lines += [f"Seen: {attempt.evidence}"] if attempt.evidence else []
    return "\n".join(lines)
