"""The documents of the shell's commands as plain text for a terminal."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bot.control.protocol import Document

Renderer = Callable[[Document], str]

OUTPUT_LINES = 10  # the last ones of an attempt
TITLE_CHARACTERS = 60  # in a list
SIGNS = {
    "completed": "✓",
    "failed": "✗",
    "cancelled": "✗",
    "skipped": "-",
    "in_progress": "▶",
    "retrying": "▶",
    "blocked": "!",
    "awaiting_approval": "?",
}


def submitted(document: Document) -> str:
    return state(document) + _decisions(document["decisions"])


def state(document: Document) -> str:
    reason = f" ({document['reason']})" if document["reason"] else ""
    status = f"{_words(document['status'])}{reason}, {_percent(document)}"
    return f"Goal {document['goal_id']}: {document['description']}: {status}\n"


def message(document: Document) -> str:
    return f"{document['message']}\n"


def goals(document: Document) -> str:
    if not document["goals"]:
        return 'No goals. Try: echo "Say hello" | milepost goal -\n'
    rows = [
        (goal["goal_id"], _words(goal["status"]), _percent(goal), _short(goal["description"], TITLE_CHARACTERS))
        for goal in document["goals"]
    ]
    return _table(rows)


def show(document: Document) -> str:
    lines = [state(document).rstrip("\n")]
    lines += [document["details"]] if document["details"] else []
    lines += [f"Priority {document['priority']}" + (f", by {document['deadline']}" if document["deadline"] else "")]
    for task in document["subtasks"]:
        lines += _task(task)
    lines += [
        f"Blocked {blockage['subtask_id']} ({blockage['type']}): {blockage['cause']}"
        for blockage in document["blockages"]
    ]
    return "\n".join(lines) + "\n" + _decisions(document["decisions"])


def ending(document: Document) -> str:
    """A goal that is over, or waits for a person: what each task came to, without the attempts' output."""
    lines = [state(document).rstrip("\n")]
    lines += [_task_line(task) for task in document["subtasks"]]
    return "\n".join(lines) + "\n" + _decisions(document["decisions"])


def why(document: Document) -> str:
    return "".join(f"{line}\n" for line in document["lines"])


def log(document: Document) -> str:
    lines = [f"Goal {document['goal_id']}"]
    for event in document["events"]:
        lines.append(f"{_when(event['timestamp'])}  {event['event']:<22} {event['subtask_id'] or ''}".rstrip())
    for attempt in document["attempts"]:
        lines += ["", *_attempt(attempt)]
        turns = [turn for turn in document["turns"] if _of(turn, attempt)]
        lines += [_turn(turn) for turn in turns]
    return "\n".join(lines) + "\n"


# ------------------------------------------------------------------------------------------------------------ pieces


def _task(task: dict[str, Any]) -> list[str]:
    lines = [_task_line(task)]
    if task["attempts"]:
        lines += [f"      {line}" for line in _attempt(task["attempts"][-1])]
    else:
        lines += [f"      will run: {line}" for line in task["runs"].splitlines()[:OUTPUT_LINES]]
    return lines


def _task_line(task: dict[str, Any]) -> str:
    result = f": {_short(task['execution_result'], 100)}" if task["execution_result"] else ""
    name = f"{SIGNS.get(task['status'], '·')} {task['subtask_id']} {task['description']}"
    return f"  {name} ({_words(task['status'])}){result}"


def _attempt(attempt: dict[str, Any]) -> list[str]:
    code = "" if attempt["exit_code"] is None else f", exit code {attempt['exit_code']}"
    lines = [f"{attempt['subtask_id']}, attempt {attempt['attempt']}: {_words(attempt['status'])}{code}"]
    lines += [f"$ {line}" for line in str(attempt["command"]).splitlines()[:OUTPUT_LINES]]
    printed = [str(attempt[stream]).rstrip() for stream in ("output", "stderr")]
    lines += "\n".join(text for text in printed if text).splitlines()[-OUTPUT_LINES:]
    lines += [f"error: {attempt['error']}"] if attempt["error"] else []
    lines += [f"checked: {attempt['evidence']}"] if attempt["evidence"] else []
    return lines


def _of(turn: dict[str, Any], attempt: dict[str, Any]) -> bool:
    return (turn["subtask_id"], turn["attempt"]) == (attempt["subtask_id"], attempt["attempt"])


def _turn(turn: dict[str, Any]) -> str:
    sign = {None: "▶", True: "✓", False: "✗"}[turn["success"]]
    came = f": {_short(turn['error'], 100)}" if turn["error"] else ""
    return f"  {sign} turn {turn['turn']}: {_short(turn['does'], 100)}{came}"


def _decisions(decisions: Iterable[dict[str, Any]]) -> str:
    lines = []
    for decision in decisions:
        answers = [f"milepost decide {decision['decision']} {option}" for option in decision["options"]]
        answers += [f'milepost decide {decision["decision"]} "…"'] if decision["free_text"] else []
        lines.append(f"Decision {decision['decision']}: {decision['question'] or decision['kind']}")
        lines += [f"  {answer}" for answer in answers]
    return "".join(f"{line}\n" for line in lines)


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines) + "\n"


def _words(status: str) -> str:
    return status.replace("_", " ")


def _percent(document: Document) -> str:
    progress = document["progress"]
    return f"{progress['percentage'] if isinstance(progress, dict) else progress} %"


def _when(moment: str) -> str:
    return moment[:19].replace("T", " ")


def _short(text: str, characters: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= characters else line[: characters - 1] + "…"
