"""A proposed change of a plan as lines of a message: what comes, what goes, what is otherwise, and why it waits."""

from collections.abc import Mapping, Sequence

from bot.telegram.html import bold, code, escape

INDENT = "   "
_HEADS = ("ran: ", "runs: ", "runs only when: ", "is checked by: ")


def change_lines(facts: Mapping[str, object]) -> list[str]:
    """Everything in full: an approval covers exactly what is shown."""
    lines = [f"🔧 {bold(facts.get('line', ''))}", f"{escape(facts.get('goal_title', ''))} #{facts.get('number', '')}"]
    lines += ["", escape(facts.get("reason", ""))]
    for one in _facts(facts.get("added")):
        lines += ["", f"+ {bold(one.get('title', ''))}", f"{INDENT}{code(one.get('runs', ''))}"]
        lines += [INDENT + _said(line) for line in _texts(one.get("lines"))]
    if removed := _texts(facts.get("removed")):
        lines += ["", *(f"− {escape(title)}" for title in removed)]
    for one in _facts(facts.get("changed")):
        lines += ["", f"~ {bold(one.get('title', ''))}", *(INDENT + _said(line) for line in _texts(one.get("lines")))]
    for one in _facts(facts.get("criteria")):
        lines += ["", f"{'~' if one.get('before') else '+'} Done when: {bold(one.get('text', ''))}"]
        lines += [INDENT + (f"checked by {code(one['check'])}" if one.get("check") else "👤 you are asked")]
        lines += [f"{INDENT}was: {escape(one['before'])}"] if one.get("before") else []
    if again := _texts(facts.get("again")):
        lines += ["", f"Begins afresh: {escape(', '.join(again))}"]
    if because := _texts(facts.get("because")):
        lines += ["", bold("Why I ask"), *(f"• {escape(reason)}" for reason in because)]
    return [*lines, "", f"Until then plan v{facts.get('old', '')} stays."]


def fix_lines(facts: Mapping[str, object]) -> list[str]:
    """A known repair that waits for a word."""
    lines = ["", bold("Known fix"), escape(facts.get("what", ""))]
    lines += [INDENT + (_said(run) if run.startswith(_HEADS) else code(run)) for run in _texts(facts.get("runs"))]
    return lines + [f"• {escape(reason)}" for reason in _texts(facts.get("because"))]


def _said(line: str) -> str:
    """What runs stands in fixed width."""
    for head in _HEADS:
        if line.startswith(head):
            return escape(head) + code(line.removeprefix(head))
    return escape(line)


def _facts(value: object) -> Sequence[Mapping[str, object]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list | tuple) else []


def _texts(value: object) -> Sequence[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []
